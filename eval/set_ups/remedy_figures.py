"""How much of what is lost between two imaging set-ups a remedy wins back."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Flags, Floats
from holotype.training.domain.choosing import WeightTrial

from ..measures.averages import mean, ratio
from ..measures.bootstrap import bootstrap_mean, percentile_interval, resampled_sums
from ..measures.intervals import Interval
from ..measures.jsonable import Figures
from .remedies import Answered

NO_INTERVAL = Interval(math.nan, math.nan, math.nan)


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
        over_training: gain of the target's accuracy over a network trained on the source alone,
            with its interval; NaN where no network was trained.
        by_network: accuracy on the target with each network, seed by seed.
        weights: what the weight of a domain term was chosen from, and how.
    """

    remedy: str
    fitted: str
    accuracy_source: float
    accuracy_target: float
    gain: Interval
    recovered: Interval
    over_training: Interval = NO_INTERVAL
    by_network: tuple[float, ...] = ()
    weights: tuple[WeightTrial, ...] = ()


@dataclass(frozen=True, eq=False)
class Unremedied:
    """How queries are answered without a remedy, which remedies are compared with.

    Attributes:
        at_source: bool [s], the answers within the source that are right.
        at_target: bool [t], those on the target.
        source_groups: int64 [s], specimens, in one coding with the target's.
        target_groups: int64 [t].
        source_is_gallery: what is fitted on the gallery has seen what asks within the source.
        seed: of the draws.
    """

    at_source: Flags
    at_target: Flags
    source_groups: Codes
    target_groups: Codes
    source_is_gallery: bool
    seed: int

    def compared(self, remedy: Answered, alone: Answered | None = None) -> RemedyFigures:
        """Return how well a remedy does.

        Args:
            remedy: how the same queries are answered with it.
            alone: the same with a network that was trained on the source alone, if the remedy is
                another network.
        """
        known = not (self.source_is_gallery and remedy.fitted)
        change = remedy.target - self.at_target
        return RemedyFigures(
            remedy=remedy.name,
            fitted=remedy.fitted,
            accuracy_source=mean(remedy.source) if known else math.nan,
            accuracy_target=mean(remedy.target),
            gain=self._interval(change),
            recovered=_recovered(
                change,
                self.at_source,
                self.at_target,
                self.source_groups,
                self.target_groups,
                self.seed,
            ),
            over_training=self._interval(remedy.target - alone.target) if alone else NO_INTERVAL,
            by_network=remedy.by_network,
            weights=remedy.weights,
        )

    def _interval(self, change: Floats) -> Interval:
        return bootstrap_mean(change, self.target_groups, seed=self.seed)


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
