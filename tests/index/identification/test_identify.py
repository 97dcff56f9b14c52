"""An answer is honest: probabilities that are some, the lowest sure rank, else "unknown"."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.identification.identify import identify
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.taxonomy import RANKS
from tests.conftest import Draw
from tests.index.identification.answers import check

pytestmark = pytest.mark.both_stores


def gallery_of(
    folder: Path, draw: Draw, tiny: Encoder, images: list[tuple[str, int]]
) -> Collection:
    """A collection of (species, colour) pictures, one specimen each; no species is no label."""
    lines = ["path,species"]
    for number, (species, like) in enumerate(images):
        draw(folder / f"{number}.png", 1000 + number, like=like)
        lines.append(f"{number}.png,{species}")
    (folder / "t.csv").write_text("\n".join(lines))
    collection = Collection.create(folder / "collection")
    ingest(Manifest.read(folder / "t.csv"), collection, tiny)
    return collection


@pytest.fixture
def stranger(tmp_path: Path, draw: Draw) -> Path:
    return draw(tmp_path / "stranger.png", 4242, like=77)


def test_a_picture_like_a_known_species_is_that_species(
    collection: Collection, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    for kind, species in ((0, "Xestia baja"), (3, "Salmo trutta")):
        picture = draw(tmp_path / f"{kind}.png", 5000 + kind, like=kind)
        answer = identify(collection, tiny, [picture])
        check(answer)
        assert answer.ranks["species"][0][0] == species
        assert answer.neighbours[0].image.lineage[-1] == species
        assert answer.image == str(picture)


def test_the_answer_of_a_stored_picture_never_rests_on_its_own_specimen(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    renamed = Path(shutil.copy(source.parent / "0-0.png", tmp_path / "whatever.png"))
    for picture in (source.parent / "0-0.png", renamed, renamed.read_bytes()):
        answer = identify(collection, tiny, [picture], k=40)
        check(answer)
        assert len(answer.neighbours) == 38
        assert "Xestia_baja_0" not in {hit.image.specimen_id for hit in answer.neighbours}


def test_several_pictures_of_one_specimen_give_one_answer_of_their_mean(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    pair = [source.parent / "0-0.png", source.parent / "0-1.png"]
    answer = identify(collection, tiny, pair)
    check(answer)
    assert "Xestia_baja_0" not in {hit.image.specimen_id for hit in answer.neighbours}
    other = identify(collection, tiny, pair[::-1])
    assert other.ranks.keys() == answer.ranks.keys()
    assert other.neighbours[0].score == pytest.approx(answer.neighbours[0].score, abs=1e-6)


def test_a_restriction_is_kept_to(collection: Collection, source: Path, tiny: Encoder) -> None:
    answer = identify(collection, tiny, [source.parent / "0-0.png"], only=["category=Fish"], k=40)
    check(answer)
    assert {hit.image.lineage[0] for hit in answer.neighbours} == {"Fish"}
    assert [taxon for taxon, _ in answer.ranks["species"]] == ["Salmo trutta"]


def test_a_restriction_to_a_taxon_that_is_not_there_says_so(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    with pytest.raises(UsageError, match="No image in space 'base' has family 'Geometridae'"):
        identify(collection, tiny, [source.parent / "0-0.png"], only=["family=Geometridae"])


def test_a_restriction_to_the_own_specimen_leaves_nothing_and_says_so(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    picture = source.parent / "0-0.png"
    answer = identify(collection, tiny, [picture], only=["specimen_id=Xestia_baja_0"])
    check(answer)
    assert answer.unknown
    assert answer.neighbours == []


@pytest.mark.parametrize("risk", [0.0, 1.0, -0.1, float("nan")])
def test_a_risk_that_is_none_is_refused(
    collection: Collection, source: Path, tiny: Encoder, risk: float
) -> None:
    with pytest.raises(UsageError, match="risk is"):
        identify(collection, tiny, [source.parent / "0-0.png"], risk=risk)


def test_a_lower_risk_never_gives_a_finer_rank(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    for picture in sorted(source.parent.glob("*-0.png")):
        depths = []
        for risk in (0.9, 0.5, 0.2, 0.05, 0.01, 0.0001):
            answer = identify(collection, tiny, [picture], risk=risk)
            check(answer)
            found = answer.determination
            depths.append(-1 if found is None else RANKS.index(found.rank))
            assert found is None or answer.ranks[found.rank][0][1] >= 1 - risk
        assert depths == sorted(depths, reverse=True)


def test_a_taxon_is_at_least_as_likely_as_what_it_holds(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    lineage_of = {image.lineage[-1]: image.lineage for image in collection.images()}
    for picture in sorted(source.parent.glob("*.png"))[::3]:
        answer = identify(collection, tiny, [picture])
        top, p = answer.ranks["species"][0]
        for rank in ("genus", "family", "category"):
            taxon, above = answer.ranks[rank][0]
            if lineage_of[top][RANKS.index(rank)] == taxon:
                assert above >= p
                p = above


# Galleries that are hardly any ----------------------------------------------------------------


def test_a_gallery_of_one_image_answers_unknown(
    tmp_path: Path, draw: Draw, tiny: Encoder, stranger: Path
) -> None:
    with gallery_of(tmp_path / "g", draw, tiny, [("Xestia baja", 1)]) as collection:
        answer = identify(collection, tiny, [stranger])
        check(answer)
        assert answer.unknown
        assert len(answer.neighbours) == 1
        itself = identify(collection, tiny, [tmp_path / "g" / "0.png"])
        check(itself)
        assert itself.unknown
        assert itself.neighbours == []


def test_a_species_of_one_image_can_be_found_and_harms_no_other(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    images = [("Xestia baja", 1)] * 5 + [("Noctua comes", 2)] * 5 + [("Salmo trutta", 3)]
    with gallery_of(tmp_path / "g", draw, tiny, images) as collection:
        for like, species in ((1, "Xestia baja"), (3, "Salmo trutta")):
            answer = identify(collection, tiny, [draw(tmp_path / "q.png", 77, like=like)])
            check(answer)
            assert answer.ranks["species"][0][0] == species
        alone = identify(collection, tiny, [tmp_path / "g" / "10.png"])
        check(alone)
        assert "Salmo trutta" not in [taxon for taxon, _ in alone.ranks["species"]]


def test_a_gallery_without_names_gives_neighbours_and_no_taxa(
    tmp_path: Path, draw: Draw, tiny: Encoder, stranger: Path
) -> None:
    with gallery_of(tmp_path / "g", draw, tiny, [("", 1)] * 4) as collection:
        answer = identify(collection, tiny, [stranger])
        check(answer)
        assert answer.unknown
        assert answer.ranks == {}
        assert len(answer.neighbours) == 4
        assert "None of the neighbours has a determination" in answer.why


def test_a_gallery_that_is_named_in_part_lets_only_names_vote(
    tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    images = [("", 1)] * 12 + [("Xestia baja", 1)] * 3
    with gallery_of(tmp_path / "g", draw, tiny, images) as collection:
        answer = identify(collection, tiny, [draw(tmp_path / "q.png", 7, like=1)])
        check(answer)
        assert [taxon for taxon, _ in answer.ranks["species"]] == ["Xestia baja"]


def test_a_gallery_of_one_species_is_not_sure_of_everything(
    tmp_path: Path, draw: Draw, tiny: Encoder, stranger: Path
) -> None:
    with gallery_of(tmp_path / "g", draw, tiny, [("Xestia baja", 1)] * 8) as collection:
        answer = identify(collection, tiny, [stranger])
        check(answer)
        assert [taxon for taxon, _ in answer.ranks["species"]] == ["Xestia baja"]


def test_names_to_genus_only_vote_for_the_genus(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    images = [("gambusia", 1)] * 3 + [("Gambusia affinis", 1)] * 3
    with gallery_of(tmp_path / "g", draw, tiny, images) as collection:
        answer = identify(collection, tiny, [draw(tmp_path / "q.png", 7, like=1)])
        check(answer)
        assert [taxon for taxon, _ in answer.ranks["genus"]] == ["Gambusia"]
        assert [taxon for taxon, _ in answer.ranks["species"]] == ["Gambusia affinis"]
