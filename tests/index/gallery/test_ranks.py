"""A gallery has the ranks that its images are named at now; a calibration, those of its day."""

from __future__ import annotations

from pathlib import Path

from holotype.index.collection import Collection
from holotype.index.identification.gallery_reference import reference_of
from holotype.index.identification.identify import Answer, identify_vector
from holotype.index.identification.kept_calibration import KeptCalibration, kept_calibration
from holotype.index.taxonomy import RANKS, Lineage
from holotype.training.doubts import queue_of
from holotype.training.spaces import calibrate_space
from tests.index.clusters.clouds import KNOWN, centre, drawer, near

WHO = "specimen of Xestia alba 0"


def named(**names: str) -> Lineage:
    return tuple(names.get(rank, "") for rank in RANKS)


def kept_of(collection: Collection) -> KeptCalibration:
    kept = kept_calibration(collection, collection.gallery())
    assert kept is not None
    return kept


def answers(collection: Collection) -> list[Answer]:
    """Return what fresh specimens of all species are."""
    return [
        identify_vector(collection, near(centre(name, name.split()[0], family), 50_000), name="q")
        for name, family in KNOWN.items()
    ]


def test_a_rank_that_was_taken_back_costs_neither_calibration_nor_queues(tmp_path: Path) -> None:
    """It was a rank of the gallery for ever, at which all other specimens had no name."""
    with drawer(tmp_path / "drawer", 8) as made:
        calibrate_space(made)
        ranks, total = made.gallery().ranks, queue_of(made, "mislabels").page().total
        given = made.determine(WHO, named(order="Lepidoptera"), by="A. Curator")
        assert set(made.gallery().ranks) == {*ranks, "order"}
        made.undo(given, by="A. Curator")
        assert made.gallery().ranks == ranks
        assert kept_of(made).ranks == ranks
        assert queue_of(made, "mislabels").page().total == total


def test_one_name_at_another_rank_leaves_the_answers_and_is_told(tmp_path: Path) -> None:
    with drawer(tmp_path / "drawer", 8) as made:
        calibrate_space(made)
        ranks, before = made.gallery().ranks, answers(made)
        made.determine(WHO, named(order="Lepidoptera"), by="A. Curator")
        for was, now in zip(before, answers(made), strict=True):
            assert now.calibration == "stale"
            assert list(now.ranks) == list(was.ranks) == list(ranks)
            assert now.ranks["species"][0][0] == was.ranks["species"][0][0]
            assert not any("Nothing was named at" in note for note in was.notes)
            assert any("Nothing was named at rank order when" in note for note in now.notes)


def test_a_rank_that_only_the_calibration_knows_is_answered_at_no_more(tmp_path: Path) -> None:
    with drawer(tmp_path / "drawer", 8) as made:
        ranks = made.gallery().ranks
        given = made.determine(WHO, named(order="Lepidoptera"), by="A. Curator")
        calibrate_space(made)
        made.undo(given, by="A. Curator")
        kept, found = kept_of(made), answers(made)
        assert (set(kept.ranks) - set(ranks), kept.new_ranks) == ({"order"}, ())
        assert all(list(answer.ranks) == list(ranks) for answer in found)
        right = [answer.ranks["species"][0][0] for answer in found]
        assert sum(name == true for name, true in zip(right, KNOWN, strict=True)) > len(KNOWN) / 2


def test_names_that_differ_at_a_new_rank_only_are_one_class_in_every_process(
    tmp_path: Path,
) -> None:
    with drawer(tmp_path / "drawer", 8) as made:
        calibrate_space(made)
        answers(made)  # from now on it follows
        names = {"category": "Moth", "family": "Noctuidae", "genus": "Xestia"}
        lineage = named(**names, species="Xestia alba", order="Lepidoptera")
        made.determine(WHO, lineage, by="A. Curator")
        here = answers(made)
        kept = kept_of(made)
        reference = reference_of(made.gallery(), kept.calibration, kept.ranks)
        assert reference is not None
        assert len(reference.classes) == len(KNOWN)
    with Collection.open(tmp_path / "drawer") as again:
        for one, other in zip(here, answers(again), strict=True):
            assert one.to_dict()["ranks"] == other.to_dict()["ranks"]
