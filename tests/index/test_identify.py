"""An answer is honest: probabilities that are some, the lowest sure rank, else "unknown"."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.identify import Answer, identify, identify_vector
from holotype.index.ingest import ingest
from holotype.index.manifest import Manifest
from holotype.index.records import Image
from holotype.index.taxonomy import RANKS, Lineage, parse_lineage
from tests.conftest import Draw


def check(answer: Answer) -> None:
    """Hold what every answer must satisfy, whatever the gallery."""
    for taxa in answer.ranks.values():
        ps = [p for _, p in taxa]
        assert all(0 <= p <= 1 for p in ps)
        assert sum(ps) <= 1 + 1e-9
        assert ps == sorted(ps, reverse=True)
        names = [taxon for taxon, _ in taxa]
        assert len(names) == len(set(names)) <= 5
    assert list(answer.ranks) == [rank for rank in RANKS if rank in answer.ranks]
    assert 0 < answer.novelty_p <= 1
    assert answer.unknown == (answer.determination is None)
    assert answer.why.endswith(".")
    scores = [hit.score for hit in answer.neighbours]
    assert scores == sorted(scores, reverse=True)
    if answer.determination is not None:
        top, p = answer.ranks[answer.determination.rank][0]
        assert (answer.determination.taxon, answer.determination.confidence) == (top, p)


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
            assert found is None or found.confidence >= 1 - risk
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


# By vector, where everything is known ---------------------------------------------------------


def planted(folder: Path, rows: list[tuple[str, list[float]]]) -> Collection:
    """A collection of given (species, vector) rows without pictures."""
    collection = Collection.create(folder)
    dim = len(rows[0][1])
    space = collection.add_space("base", encoder="none", fingerprint="0", views=1, dim=dim)
    entries = []
    for number, (species, vector) in enumerate(rows):
        name = f"image {number}"
        lineage: Lineage = parse_lineage({"species": species})[0]
        image = Image(name, name, "", name, 0, 1, 1, "", lineage, {}, {})
        unit = np.array(vector, np.float32) / np.linalg.norm(vector)
        entries.append((image, unit.astype(np.float32)))
    collection.store(space, entries)
    return collection


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


def test_something_unlike_all_the_gallery_is_unknown_and_says_why(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    centres = np.eye(6)[:4]
    rows = [
        (f"Genus species{n % 4}", (centres[n % 4] + rng.normal(0, 0.05, 6)).tolist())
        for n in range(240)
    ]
    with planted(tmp_path / "c", rows) as collection:
        known = identify_vector(collection, np.eye(6, dtype=np.float32)[1], name="known")
        strange = identify_vector(collection, np.eye(6, dtype=np.float32)[5], name="strange")
        check(known)
        check(strange)
        assert known.determination is not None
        assert known.determination.taxon == "Genus species1"
        assert strange.unknown
        assert strange.why.startswith("Unlike anything in the gallery")


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
        genus, epithet = n % 2, "ab"[n // 2 % 2]
        centre = np.array([1.0, 0, 0]) if genus else np.array([0, 1.0, 0])
        rows.append((f"Genus{'xy'[genus]} {epithet}", (centre + rng.normal(0, 0.2, 3)).tolist()))
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, np.array([1, 0, 0], np.float32), name="q")
        check(answer)
        assert answer.determination is not None
        assert (answer.determination.rank, answer.determination.taxon) == ("genus", "Genusy")
        assert answer.determination.qualifier == "sp."
        assert answer.ranks["species"][0][1] < 0.95
