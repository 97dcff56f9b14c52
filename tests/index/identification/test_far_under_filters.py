"""What a filter leaves is farther from everything, and nothing is unlike everything for that."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.identification.identify import Answer, identify_vector
from holotype.training.spaces import calibrate_space
from tests.index.clusters.clouds import KNOWN, centre, drawer, image_of, lineage_of, near

_MUSEUM = 2  # images of each species that the filter leaves


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small calibrated collection, of which a museum has two specimens of each species."""
    folder = tmp_path_factory.mktemp("far") / "drawer"
    with drawer(folder, 8) as made:
        entries = [
            (
                image_of(f"museum {species} {one}", lineage_of(species, family), "museum"),
                near(centre(species, species.split()[0], family), 7000 + 10 * number + one),
            )
            for number, (species, family) in enumerate(KNOWN.items())
            for one in range(_MUSEUM)
        ]
        made.store(made.space(), entries)
        calibrate_space(made)
    return folder


def answers(folder: Path, *only: str) -> list[tuple[str, Answer]]:
    """Return answers about fresh specimens of the species, with their names."""
    from holotype.index.collection import Collection

    found = []
    with Collection.open(folder) as opened:
        for number, (species, family) in enumerate(KNOWN.items()):
            fresh = near(centre(species, species.split()[0], family), 50000 + number)
            found.append((species, identify_vector(opened, fresh, name="q", only=only)))
    return found


@pytest.mark.parametrize("only", ["split=museum", "species=" + "|".join(list(KNOWN)[:2])])
def test_known_specimens_are_like_the_whole_gallery(folder: Path, only: str) -> None:
    assert not any(answer.judgement.far for _, answer in answers(folder))
    assert not any(answer.judgement.far for _, answer in answers(folder, only))


def test_they_are_named_where_the_filter_leaves_their_species(folder: Path) -> None:
    found = [(species, answer.determination) for species, answer in answers(folder, "split=museum")]
    named = [(species, one.taxon) for species, one in found if one and one.rank == "species"]
    assert len(named) > len(found) / 2
    assert all(species == taxon for species, taxon in named)


def test_what_is_unlike_everything_is_so_under_a_filter_too(folder: Path) -> None:
    from holotype.index.collection import Collection

    strange = -near(centre("Xestia alba", "Xestia", KNOWN["Xestia alba"]), 1)
    with Collection.open(folder) as opened:
        for only in ((), ("split=museum",)):
            assert identify_vector(opened, strange, name="q", only=only).judgement.far
