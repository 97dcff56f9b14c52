"""A gallery has the ranks that its images are named at now."""

from __future__ import annotations

from pathlib import Path

from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.taxonomy import RANKS
from holotype.training.doubts import queue_of
from holotype.training.spaces import calibrate_space
from tests.index.clusters.clouds import drawer


def test_a_rank_that_was_taken_back_costs_neither_calibration_nor_queues(tmp_path: Path) -> None:
    """It was a rank of the gallery for ever, at which all other specimens had no name."""
    with drawer(tmp_path / "drawer", 8) as made:
        calibrate_space(made)
        ranks, total = made.gallery().ranks, queue_of(made, "mislabels").page().total
        lineage = tuple("Lepidoptera" if rank == "order" else "" for rank in RANKS)
        named = made.determine("specimen of Xestia alba 0", lineage, by="A. Curator")
        assert set(made.gallery().ranks) == {*ranks, "order"}
        made.undo(named, by="A. Curator")
        assert made.gallery().ranks == ranks
        assert kept_calibration(made, made.gallery()) is not None
        assert queue_of(made, "mislabels").page().total == total
