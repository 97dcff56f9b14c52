"""What is lost from one imaging set-up to another, and what remedies win back (METHODS 4.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Embeddings, Floats

from ..measures.classification import ClassCounts, confusion_matrix
from ..measures.correlation import Correlation, spearman
from ..measures.domain_shift import (
    DatasetError,
    TransferGap,
    dataset_classification_error,
    transfer_gap,
)
from ..measures.intervals import Interval
from ..measures.jsonable import jsonable
from ..measures.taxon_codes import TaxonCodes, count_positives
from .adapted import Networks, adapted
from .remedies import Side, remedies
from .remedy_figures import RemedyFigures, Unremedied

_TRAIN, _TEST = 200, 100
_TRAIN_SHARE, _TEST_SHARE = 0.6, 0.3


@dataclass(frozen=True)
class TransferFigures:
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
    remedies: tuple[RemedyFigures, ...]
    told_apart: DatasetError
    told_apart_within: DatasetError
    by_count: dict[str, Correlation]

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as JSON-ready values."""
        return {
            **self.gap.to_dict(),
            "n_source_queries": self.n_source,
            "n_target_queries": self.n_target,
            "remedies": jsonable(self.remedies),
            "dataset_classification_error": jsonable(self.told_apart),
            "dataset_classification_error_within_source": jsonable(self.told_apart_within),
            "spearman_with_gallery_images": jsonable(self.by_count),
        }


def measure_transfer(
    gallery: Side,
    source: Side,
    target: Side,
    copies: Side | None = None,
    *,
    unlabelled: Embeddings | None = None,
    networks: Networks | None = None,
    source_is_gallery: bool = False,
    seed: int = 0,
) -> TransferFigures:
    """Measure what is lost from source to target, and what each remedy wins back.

    Only queries count whose taxon the gallery holds, in another specimen.

    Args:
        gallery: what answers, of the source's set-up.
        source: queries of that set-up.
        target: queries of the other.
        copies: degraded copies of the gallery's pictures; None leaves those remedies out.
        unlabelled: float32 [m, dim], unit rows of the target's set-up that remedies may adapt to;
            by default those of the queries.
        networks: what is trained on the embeddings; None leaves those remedies out.
        source_is_gallery: the gallery itself asks within the source, each image against all other
            specimens.
        seed: of the draws.

    Raises:
        ValueError: no query can be answered, or the gallery is too small to tune on.
    """
    unlabelled = target.vectors if unlabelled is None else unlabelled
    source, target = (_answerable(side, gallery) for side in (source, target))
    applied = remedies(gallery, source, target, unlabelled, copies)
    first = next(applied)
    at_source, at_target = source.right(first.gallery), target.right(first.gallery)
    gap = transfer_gap(at_source, at_target, source.groups, target.groups, seed=seed)
    none = Interval(0.0, 0.0, 0.0)
    results = [RemedyFigures(first.name, "", gap.accuracy_source, gap.accuracy_target, none, none)]
    plain = Unremedied(at_source, at_target, source.groups, target.groups, source_is_gallery, seed)
    results += [plain.compared(remedy.answered()) for remedy in applied]
    if networks is not None:
        alone, *others = adapted(gallery, source, target, unlabelled, copies, networks, seed)
        results += [plain.compared(alone), *(plain.compared(each, alone) for each in others)]
    halves = np.random.default_rng(seed).random(int(gallery.groups.max()) + 1)[gallery.groups] < 0.5
    return TransferFigures(
        gap=gap,
        n_source=len(source.labels),
        n_target=len(target.labels),
        remedies=tuple(results),
        told_apart=_told_apart(gallery, target, seed),
        told_apart_within=_told_apart(gallery.at(halves), gallery.at(~halves), seed),
        by_count=_by_count(gallery, target),
    )


def _told_apart(one: Side, other: Side, seed: int = 0) -> DatasetError:
    """Return the error of a linear support vector machine, with sizes that the sets allow.

    200 images of each set to learn from and 100 to test on, or 60 % and 30 % of the smaller set
    where that is less; specimens never stand in both.
    """
    least = min(len(one.labels), len(other.labels))
    train, test = min(_TRAIN, int(_TRAIN_SHARE * least)), min(_TEST, int(_TEST_SHARE * least))
    try:
        return dataset_classification_error(
            one.vectors,
            other.vectors,
            source_groups=one.groups,
            target_groups=other.groups,
            train=train,
            test=test,
            seed=seed,
        )
    except ValueError:  # too few images, or too many of one specimen
        return DatasetError(math.nan, train, test, ())


def _answerable(side: Side, gallery: Side) -> Side:
    n = int(max(side.labels.max(initial=-1), gallery.labels.max(initial=-1))) + 1
    taxa = TaxonCodes([""] * n, side.labels, gallery.labels)
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
