"""Answers where every vector is known: votes, novelty and backing off, by value."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holotype.index.identification.identify import identify_vector
from holotype.training.spaces import calibrate_space
from tests.index.identification.answers import check, planted


def test_opposite_neighbours_are_no_division_by_zero(tmp_path: Path) -> None:
    rows = [("Xestia baja", [1.0, 0.0]), ("Noctua comes", [-1.0, 0.0])]
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, np.array([1, 0], np.float32), name="q")
        check(answer)
        assert answer.ranks["species"][0][0] == "Xestia baja"


def test_a_common_species_does_not_outvote_a_nearer_rare_one(tmp_path: Path) -> None:
    """Plain majority would: 12 of the 15 neighbours are of the common species."""
    rare = [("Rara avis", [1.0, 0.02 * n]) for n in range(1, 4)]
    common = [("Communis vulgaris", [1.0, 0.25 + 0.01 * n]) for n in range(12)]
    with planted(tmp_path / "c", rare + common) as collection:
        answer = identify_vector(collection, np.array([1, 0], np.float32), name="q")
        check(answer)
        assert answer.ranks["species"][0][0] == "Rara avis"


@pytest.mark.parametrize("count", [60, 240])  # of 60 no rank is as rare as what is called far
def test_something_unlike_all_the_gallery_is_unknown_and_says_why(
    tmp_path: Path, count: int
) -> None:
    rng = np.random.default_rng(3)
    centres = np.eye(6)[:4]
    rows = [
        (f"Agrotis s{n % 4}", (centres[n % 4] + rng.normal(0, 0.05, 6)).tolist())
        for n in range(count)
    ]
    with planted(tmp_path / "c", rows) as collection:
        unchecked = identify_vector(collection, np.eye(6, dtype=np.float32)[5], name="strange")
        check(unchecked)
        assert unchecked.unknown
        assert unchecked.novelty_p is None  # nothing is known of how far specimens lie apart
        calibrate_space(collection)
        known = identify_vector(collection, np.eye(6, dtype=np.float32)[1], name="known")
        strange = identify_vector(
            collection, np.eye(6, dtype=np.float32)[5], name="strange", risk=0.5
        )
        check(known)
        check(strange)
        assert known.determination is not None
        assert known.determination.taxon == "Agrotis s1"
        assert strange.unknown
        assert strange.why.startswith("Unlike anything in the gallery")
        assert all(p == 0 for taxa in strange.ranks.values() for _, p in taxa)


@pytest.mark.parametrize("seed", range(12))
def test_answers_of_random_galleries_are_sound(tmp_path: Path, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count, dim = int(rng.integers(2, 150)), int(rng.integers(2, 12))
    rows = []
    for _ in range(count):
        genus, epithet = rng.integers(0, 3), rng.integers(0, 3)
        species = rng.choice(["", f"Genus{'abc'[genus]}", f"Genus{'abc'[genus]} s{epithet}"])
        rows.append((str(species), rng.standard_normal(dim).tolist()))
    with planted(tmp_path / "c", rows) as collection:
        for _ in range(5):
            vector = rng.standard_normal(dim).astype(np.float32)
            risk = float(rng.uniform(0.01, 0.9))
            check(
                identify_vector(collection, vector, name="q", risk=risk, k=int(rng.integers(1, 30)))
            )


def test_species_that_cannot_be_told_apart_give_their_genus(tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    rows = []
    for n in range(400):
        genus, epithet = n % 2, ("alba", "nigra")[n // 2 % 2]
        centre = np.array([1.0, 0, 0]) if genus else np.array([0, 1.0, 0])
        rows.append((f"Genus{'xy'[genus]} {epithet}", (centre + rng.normal(0, 0.2, 3)).tolist()))
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, np.array([1, 0, 0], np.float32), name="q")
        check(answer)
        assert answer.determination is not None
        assert (answer.determination.rank, answer.determination.taxon) == ("genus", "Genusy")
        assert answer.determination.qualifier == "sp."
        assert answer.ranks["species"][0][1] < 0.95
