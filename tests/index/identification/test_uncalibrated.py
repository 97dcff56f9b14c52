"""Where no calibration is kept, neighbours vote, and no vote is sold as a probability."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.identification.identify import identify_stored, identify_vector
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space
from tests.index.identification.answers import check, planted

QUERY = np.array([1, 0, 0], np.float32)


def near(angle: float, axis: int = 1) -> list[float]:
    """A vector at an angle to the query, in radians."""
    row = [np.cos(angle), 0.0, 0.0]
    row[axis] = float(np.sin(angle))
    return row


def written(collection: Collection) -> str:
    """What every transaction changes."""
    return str(collection.database.read("SELECT value FROM meta WHERE key = 'written'")[0][0])


def test_figures_are_shares_of_votes_and_nothing_else(tmp_path: Path) -> None:
    rows = [("Xestia baja", near(0.0)), ("Xestia xanthographa", near(0.0, 2))]
    rows += [("Noctua comes", near(0.4))]
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, QUERY, name="q")
        check(answer)
        weights = np.exp((np.cos([0.0, 0.0, 0.4]) - 1) / 0.05)
        shares = weights / weights.sum()
        assert [p for _, p in answer.ranks["species"]] == pytest.approx(shares, rel=1e-4)
        assert dict(answer.ranks["genus"])["Xestia"] == pytest.approx(2 * shares[0], rel=1e-4)
        assert (answer.novelty_p, answer.judgement.known, answer.judgement.species_set) == (
            None,
        ) * 3
        told = answer.to_dict()
        assert (told["calibration"], told["calibration_changes"]) == ("none", None)
        assert "not probabilities that were checked" in told["calibration_note"]
        assert "holotype calibrate" in told["calibration_note"]
        sure = identify_vector(collection, QUERY, name="q", risk=0.3)
        check(sure)
        assert sure.determination is not None
        assert (sure.determination.rank, sure.determination.confidence) == ("genus", None)
        assert sure.why.startswith("Genus Xestia has ")
        assert "of the neighbours' votes" in sure.why


def test_neighbours_that_are_all_called_the_same_decide_nothing(tmp_path: Path) -> None:
    rows = [("Xestia baja", near(0.1 * n)) for n in range(8)]
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, QUERY, name="q")
        check(answer)
        assert answer.unknown
        assert answer.why.startswith("The gallery names nothing but Xestia baja")


def test_a_rank_that_a_filter_leaves_no_choice_at_decides_nothing(tmp_path: Path) -> None:
    rows = [("Xestia baja", near(0.0)), ("Noctua comes", near(0.5)), ("Noctua fimbriata", near(1))]
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, QUERY, name="q", only=["genus=Noctua"], risk=0.001)
        assert answer.unknown, "of the genera that were left there was one"
        alone = identify_vector(collection, QUERY, name="q", only=["species=Noctua comes"])
        check(alone)
        assert alone.unknown
        assert alone.why.startswith("The gallery names nothing but Noctua comes")


def test_a_name_to_genus_speaks_for_no_species(tmp_path: Path) -> None:
    rows = [("Xestia", near(0.0)), ("Xestia baja", near(0.0, 2)), ("Noctua comes", near(1.0))]
    with planted(tmp_path / "c", rows) as collection:
        answer = identify_vector(collection, QUERY, name="q")
        check(answer)
        assert answer.determination is not None
        assert answer.determination.taxon == "Xestia"
        assert dict(answer.ranks["species"])["Xestia baja"] == pytest.approx(0.5, abs=1e-3)


def test_a_question_fits_and_writes_nothing(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    rows = [
        (f"Agrotis s{n % 4}", (np.eye(4)[n % 4] + rng.normal(0, 0.1, 4)).tolist())
        for n in range(80)
    ]
    with planted(tmp_path / "c", rows) as collection:
        collection.gallery()
        before = written(collection)
        for _ in range(2):
            answer = identify_vector(collection, np.eye(4, dtype=np.float32)[0], name="q")
            assert answer.calibration == "none"
        assert written(collection) == before
        assert collection.database.read("SELECT count(*) FROM calibrations")[0][0] == 0
        calibrate_space(collection)
        answer = identify_vector(collection, np.eye(4, dtype=np.float32)[0], name="q")
        check(answer)
        assert answer.calibration == "fitted"
        assert answer.calibration_note == ""
        assert answer.novelty_p is not None


def test_a_name_at_a_new_rank_leaves_the_calibration_to_whoever_opens_the_collection_anew(
    tmp_path: Path,
) -> None:
    plain.make(tmp_path / "c", 60)
    with Collection.open(tmp_path / "c") as collection:
        calibrate_space(collection)
        assert identify_stored(collection, "image 3").calibration == "fitted"
        lineage = ("Moth", "Animalia", *plain.lineage_of("x")[2:])
        collection.determine("specimen image 5", lineage, by="T")
        here = identify_stored(collection, "image 3")
    with Collection.open(tmp_path / "c") as again:
        answer = identify_stored(again, "image 3")
        assert (answer.calibration, answer.notes) == (here.calibration, here.notes)
        assert dict(answer.ranks["species"]) == pytest.approx(dict(here.ranks["species"]))
        assert answer.calibration == "stale"
        calibrate_space(again)
        assert identify_stored(again, "image 3").calibration == "fitted"
