"""How much of what is lost between two imaging set-ups a remedy wins back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Flags, Floats

from ..measures.averages import mean, ratio
from ..measures.bootstrap import bootstrap_mean, percentile_interval, resampled_sums
from ..measures.intervals import Interval
from ..measures.jsonable import Figures
from .remedies import Remedied


@dataclass(frozen=True)
class RemedyFigures(Figures):
    """Accuracy with a remedy.

    Attributes:
        remedy: its name.
        fitted: the recipe that was chosen inside the gallery; empty where none was.
        accuracy_source: within the source; NaN where the remedy was fitted on what asks there.
        accuracy_target: on the target.
        gain: of the target's accuracy over none, with its 95 % bootstrap interval.
        recovered: gain / gap without a remedy, with its interval; NaN without a gap.
    """

    remedy: str
    fitted: str
    accuracy_source: float
    accuracy_target: float
    gain: Interval
    recovered: Interval


def measure_remedy(
    remedy: Remedied, at_source: Flags, at_target: Flags, trained: bool, seed: int
) -> RemedyFigures:
    """Return how well a remedy does.

    Args:
        remedy: applied.
        at_source: bool [s], the answers within the source without a remedy that are right.
        at_target: bool [t], those on the target.
        trained: the remedy was fitted on what asks within the source.
        seed: of the draws.
    """
    source, target = remedy.source, remedy.target
    now = target.right(remedy.gallery)
    change = now.astype(np.float64) - at_target
    return RemedyFigures(
        remedy=remedy.name,
        fitted=remedy.fitted,
        accuracy_source=math.nan
        if trained
        else mean(source.right(remedy.gallery).astype(np.float64)),
        accuracy_target=mean(now.astype(np.float64)),
        gain=bootstrap_mean(change, target.groups, seed=seed),
        recovered=_recovered(change, at_source, at_target, source.groups, target.groups, seed),
    )


def _recovered(
    change: Floats,
    at_source: Flags,
    at_target: Flags,
    source_groups: Codes,
    target_groups: Codes,
    seed: int,
) -> Interval:
    """Return gain / gap, specimens being drawn with all their images of both set-ups."""
    groups, member = np.unique(np.concatenate([source_groups, target_groups]), return_inverse=True)
    ours, theirs = member[: len(source_groups)], member[len(source_groups) :]
    columns = (
        (theirs, change),
        (theirs, at_target.astype(np.float64)),
        (theirs, np.ones(len(theirs))),
        (ours, at_source.astype(np.float64)),
        (ours, np.ones(len(ours))),
    )
    totals = np.column_stack(
        [np.bincount(rows, w, len(groups)).astype(np.float64) for rows, w in columns]
    )
    estimate = float(_share(totals.sum(axis=0)[None])[0])
    return percentile_interval(estimate, _share(resampled_sums(totals, seed=seed)))


def _share(sums: Floats) -> Floats:
    gain, target, n_target, source, n_source = sums.T
    gap = ratio(source, n_source) - ratio(target, n_target)
    return ratio(ratio(gain, n_target), np.where(gap > 0, gap, 0.0))
