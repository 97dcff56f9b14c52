"""How honest the answers are: right at the rank given, calibrated, and silent on the novel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Flags, Floats
from holotype.index.identification.logistic import with_prior
from holotype.training.calibration.calibrate import held_out_probabilities
from holotype.training.calibration.left_out import LeftOut

from ..measures.averages import number
from ..measures.calibration_error import CalibrationError, measure_calibration, prior_weights
from ..measures.intervals import Interval, wilson
from ..measures.novelty import Novelty, Retained, measure_novelty, retained, threshold_retaining
from ..measures.selective import (
    KAPPA,
    SelectivePoint,
    choose_threshold,
    selective_curve,
    selective_point,
)
from .asking import Identified
from .outcomes import Outcomes, outcomes_of

_UNUSUAL = 0.05  # share of the specimens that it was calibrated on which lie further
_ELSEWHERE = 0.1  # share of who asked from which on their conditions are others
_LEAST_ACCEPTED = 20  # by which a kappa is known at all
KEPT = 0.92  # share of right answers that the novelty threshold keeps, chosen on calibration data


@dataclass(frozen=True)
class Thresholds:
    """What is chosen before anybody asks, on specimens that were left out of the gallery in turn.

    Attributes:
        right: on P(species right): of those that reach a kappa of .974, the one of largest
            coverage, on known specimens; infinity where none does with 20 specimens or more.
        known: on P(known): keeps 92 % of the right answers.
    """

    right: float
    known: float


def choose_thresholds(left_out: LeftOut, *, prior: float) -> Thresholds:
    """Choose both thresholds by models that were fitted without the specimens they are chosen on.

    Args:
        left_out: specimens of the gallery.
        prior: stated share of novel specimens.

    Raises:
        ValueError: no left-out specimen was named rightly.
    """
    p_right, p_known = held_out_probabilities(left_out)
    known, right = left_out.novel == 0, left_out.right[:, -1]
    taxa, truth = left_out.joined("taxa")[known, -1], left_out.truth[known, -1]
    return Thresholds(
        choose_threshold(
            selective_curve(p_right[known], truth, taxa), KAPPA, "kappa", minimum=_LEAST_ACCEPTED
        ),
        threshold_retaining(with_prior(p_known, prior)[known & right], KEPT),
    )


@dataclass(frozen=True)
class Honesty:
    """The figures of one split.

    Attributes:
        outcomes: what became of every specimen.
        coverage: share of known specimens that get a right answer at some rank.
        accuracy: share of given answers that are right at their rank, novel specimens weighing as
            the stated prior says.
        accuracy_known: the same, of known specimens alone.
        over_commitment: share of novel specimens that are given a species.
        given: for each rank, the share of known specimens that get their answer at it.
        novelty: known against novel by P(known).
        retained: what keeping 92 % of the right answers catches; threshold from calibration data.
        selective: species answers at the threshold chosen on calibration data.
        calibration: for each rank, of known specimens.
        open_calibration: for each rank, of the mixture at the stated prior; none without novel.
        set_coverage: share of known specimens whose species is in its 95 % set.
        set_size: mean number of species in it.
        unusual: share of known specimens that lie further from the gallery than 95 % of those that
            it was calibrated on; about .05 where they were taken under the same conditions.
    """

    n_known: int
    n_novel: int
    outcomes: Outcomes
    coverage: Interval
    accuracy: float
    accuracy_known: Interval
    over_commitment: Interval
    given: Mapping[str, float]
    novelty: Novelty
    retained: Retained
    selective: SelectivePoint
    calibration: Mapping[str, CalibrationError]
    open_calibration: Mapping[str, CalibrationError]
    set_coverage: Interval
    set_size: float
    unusual: Interval

    @property
    def elsewhere(self) -> bool:
        """Whether who asked was surely not taken under the conditions of the calibration."""
        return self.unusual.low > _ELSEWHERE

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON-ready values."""
        return {
            "n_known": self.n_known,
            "n_novel": self.n_novel,
            "outcomes": self.outcomes.to_dict(),
            "known_right_at_some_rank": self.coverage.to_dict(),
            "given_answers_right": number(self.accuracy),
            "given_answers_right_known": self.accuracy_known.to_dict(),
            "over_commitment": self.over_commitment.to_dict(),
            "rank_given": dict(self.given),
            "novelty": self.novelty.to_dict(),
            "retained": self.retained.to_dict(),
            "selective": self.selective.to_dict(),
            "ece_known": {r: number(m.mass.ece) for r, m in self.calibration.items()},
            "ece_open": {r: number(m.mass.ece) for r, m in self.open_calibration.items()},
            "set_coverage": self.set_coverage.to_dict(),
            "set_size": number(self.set_size),
            "unusually_far": self.unusual.to_dict(),
        }


def measure_honesty(
    found: Identified, closed: Identified, thresholds: Thresholds, *, prior: float
) -> Honesty:
    """Measure what was answered.

    Args:
        found: answers at the stated prior.
        closed: the same specimens answered with prior 0, for the calibration of known ones.
        thresholds: chosen elsewhere.
        prior: stated.
    """
    known, species = ~found.novel, len(found.ranks) - 1
    n_known = int(known.sum())
    p_known = found.answers.known
    correct = found.right[known, species]
    return Honesty(
        n_known=n_known,
        n_novel=int(found.novel.sum()),
        outcomes=outcomes_of(found),
        coverage=_share(found.given_right[known]),
        accuracy=_at_prior(found, prior),
        accuracy_known=_share(found.given_right[found.given & known]),
        over_commitment=_share(found.answers.rank[found.novel] == species),
        given={
            rank: float((found.answers.rank[known] == place).mean()) if n_known else 0.0
            for place, rank in enumerate(found.ranks)
        },
        novelty=measure_novelty(p_known[known], correct, p_known[found.novel]),
        retained=retained(p_known[known], correct, p_known[found.novel], thresholds.known),
        selective=selective_point(
            closed.answers.p[known, species],
            found.truth[known, species],
            found.answers.taxa[known, species],
            thresholds.right,
        ),
        calibration=_calibration(closed, known, None),
        open_calibration=_calibration(found, np.ones(len(known), np.bool_), prior)
        if found.novel.any() and known.any()
        else {},
        set_coverage=_share(found.inside[known]),
        set_size=float(found.set_sizes[known].mean()) if n_known else 0.0,
        unusual=_share(found.answers.nearness_p[known] < _UNUSUAL),
    )


def mixture_weights(novel: Flags, prior: float) -> Floats:
    """Return what each specimen weighs in the mixture at the stated prior, float64 [q].

    Where all are known, or all novel, there is no mixture and each weighs 1.
    """
    if not novel.any() or novel.all():
        return np.ones(len(novel))
    return prior_weights(novel, prior)


def _at_prior(found: Identified, prior: float) -> float:
    weights = mixture_weights(found.novel, prior)
    given = float(weights[found.given].sum())
    return float(weights[found.given_right].sum()) / given if given else math.nan


def _share(flags: Flags) -> Interval:
    return wilson(int(flags.sum()), len(flags))


def _calibration(
    found: Identified, counted: Flags, prior: float | None
) -> dict[str, CalibrationError]:
    weights: Floats | None = None
    if prior is not None:
        weights = prior_weights(found.novel, prior)[counted]
    return {
        rank: measure_calibration(
            found.answers.p[counted, place], found.right[counted, place], weights
        )
        for place, rank in enumerate(found.ranks)
    }
