"""What is lost from one imaging set-up to another, and what remedies win back (METHODS 4.10)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..measures.arrays import Floats
from ..measures.classification import ClassCounts, confusion_matrix
from ..measures.correlation import Correlation, spearman
from ..measures.intervals import Interval
from ..measures.jsonable import told_as
from ..measures.taxon_codes import Taxa, count_positives
from ..measures.transfer import TransferGap, transfer_gap
from .recovery import RemedyResult, judge
from .remedies import Side, remedies
from .set_error import SetError, tell_apart


@dataclass(frozen=True)
class Shift:
    """Everything that METHODS 4.10 asks of a source and a target.

    Attributes:
        gap: accuracy within the source, on the target, and what is lost.
        n_source, n_target: queries that can be answered.
        remedies: in the order from none to the richest.
        told_apart: source against target.
        told_apart_within: one half of the source's specimens against the other, for comparison.
        by_count: Spearman correlation of recall, precision and F1 of a taxon on the target with
            its number of gallery images.
    """

    gap: TransferGap
    n_source: int
    n_target: int
    remedies: tuple[RemedyResult, ...]
    told_apart: SetError
    told_apart_within: SetError
    by_count: dict[str, Correlation]

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as JSON-ready values."""
        return {
            **self.gap.to_dict(),
            "n_source_queries": self.n_source,
            "n_target_queries": self.n_target,
            "remedies": told_as(self.remedies),
            "dataset_classification_error": told_as(self.told_apart),
            "dataset_classification_error_within_source": told_as(self.told_apart_within),
            "spearman_with_gallery_images": told_as(self.by_count),
        }


def measure_shift(
    gallery: Side,
    source: Side,
    target: Side,
    copies: Side | None = None,
    *,
    source_is_gallery: bool = False,
    seed: int = 0,
) -> Shift:
    """Measure what is lost from source to target, and what each remedy wins back.

    Only queries count whose taxon the gallery holds, in another specimen.

    Args:
        gallery: what answers, of the source's set-up.
        source: queries of that set-up.
        target: queries of the other.
        copies: degraded copies of the gallery's pictures; None leaves those remedies out.
        source_is_gallery: the gallery itself asks within the source, each image against all other
            specimens.
        seed: of the draws.

    Raises:
        ValueError: no query can be answered, or the gallery is too small to tune on.
    """
    source, target = (_answerable(side, gallery) for side in (source, target))
    applied = remedies(gallery, source, target, copies)
    first = next(applied)
    at_source, at_target = source.right(first.gallery), target.right(first.gallery)
    gap = transfer_gap(at_source, at_target, source.groups, target.groups, seed=seed)
    none = Interval(0.0, 0.0, 0.0)
    results = [RemedyResult(first.name, "", gap.accuracy_source, gap.accuracy_target, none, none)]
    for remedy in applied:
        trained = source_is_gallery and bool(remedy.fitted)
        results.append(judge(remedy, at_source, at_target, trained, seed))
    halves = np.random.default_rng(seed).random(int(gallery.groups.max()) + 1)[gallery.groups] < 0.5
    return Shift(
        gap=gap,
        n_source=len(source.labels),
        n_target=len(target.labels),
        remedies=tuple(results),
        told_apart=tell_apart(gallery, target, seed),
        told_apart_within=tell_apart(gallery.at(halves), gallery.at(~halves), seed),
        by_count=_by_count(gallery, target),
    )


def _answerable(side: Side, gallery: Side) -> Side:
    n = int(max(side.labels.max(initial=-1), gallery.labels.max(initial=-1))) + 1
    taxa = Taxa([""] * n, side.labels, gallery.labels)
    known = count_positives(taxa, side.groups, gallery.groups) > 0
    if not known.any():
        raise ValueError("no query is of a taxon that the gallery holds in another specimen")
    return side.at(known)


def _by_count(gallery: Side, target: Side) -> dict[str, Correlation]:
    """Return how recall, precision and F1 on the target go with the images in the gallery."""
    taxa = np.unique(gallery.labels[gallery.labels >= 0])
    named = gallery.at(gallery.labels >= 0)
    truth = np.searchsorted(taxa, target.labels)
    answer = np.searchsorted(taxa, target.answers(named))
    counts = ClassCounts.of(confusion_matrix(truth, answer, len(taxa)))
    images = np.bincount(np.searchsorted(taxa, named.labels)).astype(np.float64)
    present = counts.present
    figures: dict[str, Floats] = {
        "recall": counts.sensitivity,
        "precision": counts.precision,
        "f1": counts.f1,
    }
    return {name: spearman(value[present], images[present]) for name, value in figures.items()}
