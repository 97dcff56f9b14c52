"""How honest the answers are: right at the rank given, calibrated, and silent on the novel.

The gallery of a split is calibrated from nothing but itself, as `holotype calibrate` does it, and
then asked about the split's specimens. Nothing is chosen on them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Embeddings
from holotype.index.identification.calibration import Answers, Calibration
from holotype.index.identification.evidence import Evidence, gather_evidence
from holotype.index.identification.reference import Reference, build_reference, pool_specimens
from holotype.training.calibration.calibrate import calibrate
from holotype.training.calibration.left_out import leave_out

from ..measures.arrays import Codes, Flags, Floats, number
from ..measures.calibration_error import CalibrationError as Measured
from ..measures.calibration_error import measure_calibration, prior_weights
from ..measures.intervals import Interval, wilson
from ..measures.novelty import Novelty, Retained, measure_novelty, retained, threshold_retaining
from ..measures.selective import SelectivePoint, choose_threshold, selective_curve, selective_point

KEPT = 0.92  # share of right answers that the novelty threshold keeps, chosen on calibration data
KAPPA = 0.974  # what the selective threshold reaches on calibration data


@dataclass(frozen=True, eq=False)
class Specimens:
    """A labelled table of embeddings: what identification is measured on.

    Attributes:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens.
        ranks: their names.
    """

    vectors: Embeddings
    labels: Codes
    groups: Codes
    ranks: tuple[str, ...]

    def at(self, rows: Codes) -> Specimens:
        """Return some rows."""
        return Specimens(self.vectors[rows], self.labels[rows], self.groups[rows], self.ranks)

    def pooled(self) -> Specimens:
        """Return one row a specimen: the mean of its first five images."""
        vectors, first = pool_specimens(self.vectors, self.groups)
        return Specimens(vectors, self.labels[first], self.groups[first], self.ranks)


@dataclass(frozen=True, eq=False)
class Identified:
    """What a gallery answered about q specimens.

    Attributes:
        truth: int64 [q, ranks].
        answers: taxa and probabilities at every rank, and the rank given.
        novel: bool [q], of a species that the gallery does not have, or asked as far without name.
        inside: bool [q], the true species is in the 95 % set.
        set_sizes: int64 [q], species in the set.
    """

    ranks: tuple[str, ...]
    truth: Codes
    answers: Answers
    novel: Flags
    inside: Flags
    set_sizes: Codes

    @property
    def right(self) -> Flags:
        """Whether the likeliest taxon of a rank is the true one, bool [q, ranks]."""
        matches: Flags = (self.answers.taxa == self.truth) & (self.truth >= 0)
        return matches

    @property
    def given(self) -> Flags:
        """Whether an answer at any rank is given, bool [q]."""
        return self.answers.rank >= 0

    @property
    def given_right(self) -> Flags:
        """Whether the answer that is given is right at its rank, bool [q]."""
        place = np.maximum(self.answers.rank, 0)[:, None]
        at_rank: Flags = np.take_along_axis(self.right, place, axis=1)[:, 0]
        return self.given & at_rank


@dataclass(frozen=True, eq=False)
class Asked:
    """A gallery, calibrated from itself, and what it has to say about q specimens."""

    fitted: Calibration
    reference: Reference
    evidence: Evidence
    queries: Specimens

    def identify(self, *, risk: float, prior: float) -> Identified:
        """Answer.

        Args:
            risk: share of given answers that may be wrong.
            prior: stated share of novel specimens.
        """
        answers = self.fitted.answer(self.reference, self.evidence, risk=risk, prior=prior)
        sets = self.fitted.prediction_sets(self.evidence)
        finest = self.reference.classes[:, -1]
        truth = self.queries.labels[:, -1]
        inside = [t in finest[classes] for t, classes in zip(truth, sets, strict=True)]
        return Identified(
            self.queries.ranks,
            self.queries.labels,
            answers,
            ~np.isin(truth, finest[finest >= 0]),
            np.array(inside, np.bool_),
            np.array([len(classes) for classes in sets], np.int64),
        )


def ask(gallery: Specimens, queries: Specimens, *, seed: int = 0) -> Asked:
    """Calibrate a gallery from itself and compare specimens with it, their images pooled.

    Raises:
        ValueError: the gallery is too small to be calibrated.
    """
    fitted = calibrate(gallery.vectors, gallery.labels, gallery.groups, seed=seed)
    reference = build_reference(fitted.projections, gallery.vectors, gallery.labels, gallery.groups)
    asked = queries.pooled()
    return Asked(fitted, reference, gather_evidence(reference, asked.vectors), asked)


@dataclass(frozen=True)
class Honesty:
    """The figures of one split.

    Attributes:
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
    """

    n_known: int
    n_novel: int
    coverage: Interval
    accuracy: float
    accuracy_known: Interval
    over_commitment: Interval
    given: Mapping[str, float]
    novelty: Novelty
    retained: Retained
    selective: SelectivePoint
    calibration: Mapping[str, Measured]
    open_calibration: Mapping[str, Measured]
    set_coverage: Interval
    set_size: float

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON-ready values."""
        return {
            "n_known": self.n_known,
            "n_novel": self.n_novel,
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
        }


def measure_honesty(
    found: Identified, closed: Identified, thresholds: tuple[float, float], *, prior: float
) -> Honesty:
    """Measure what was answered.

    Args:
        found: answers at the stated prior.
        closed: the same specimens answered with prior 0, for the calibration of known ones.
        thresholds: on P(species right) for selective identification, and on P(known).
        prior: stated.
    """
    known, species = ~found.novel, len(found.ranks) - 1
    right = found.right
    given = found.given
    n_known = int(known.sum())
    p_known = found.answers.known
    species_given = found.answers.rank[found.novel] == species
    correct = right[known, species]
    return Honesty(
        n_known=n_known,
        n_novel=int(found.novel.sum()),
        coverage=_share(found.given_right[known]),
        accuracy=_at_prior(found, prior),
        accuracy_known=_share(found.given_right[given & known]),
        over_commitment=_share(species_given),
        given={
            rank: float((found.answers.rank[known] == place).mean()) if n_known else 0.0
            for place, rank in enumerate(found.ranks)
        },
        novelty=measure_novelty(p_known[known], correct, p_known[found.novel]),
        retained=retained(p_known[known], correct, p_known[found.novel], thresholds[1]),
        selective=selective_point(
            closed.answers.p[known, species],
            found.truth[known, species],
            found.answers.taxa[known, species],
            thresholds[0],
        ),
        calibration=_calibration(closed, known, None),
        open_calibration=_calibration(found, np.ones(len(known), np.bool_), prior)
        if found.novel.any() and known.any()
        else {},
        set_coverage=_share(found.inside[known]),
        set_size=float(found.set_sizes[known].mean()) if n_known else 0.0,
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


def _calibration(found: Identified, counted: Flags, prior: float | None) -> dict[str, Measured]:
    weights: Floats | None = None
    if prior is not None:
        weights = prior_weights(found.novel, prior)[counted]
    return {
        rank: measure_calibration(
            found.answers.p[counted, place], found.right[counted, place], weights
        )
        for place, rank in enumerate(found.ranks)
    }


def thresholds_of(
    gallery: Specimens, fitted: Calibration, *, prior: float, seed: int = 0
) -> tuple[float, float]:
    """Choose both thresholds on specimens that were left out of the gallery in turn.

    Returns:
        the threshold on P(species right) of largest coverage that reaches a kappa of .974 on known
        specimens, and the one on P(known) that keeps 92 % of the right answers.
    """
    left = leave_out(gallery.vectors, gallery.labels, gallery.groups, seed=seed)
    known = left.novel == 0
    taxa = left.joined("taxa")[known, -1]
    truth = left.truth[known, -1]
    parts = [fitted.probabilities(evidence, 0.0)[0][:, -1] for evidence in left.evidence]
    chances = [fitted.probabilities(evidence, prior)[1] for evidence in left.evidence]
    p, p_known = np.concatenate(parts)[known], np.concatenate(chances)[known]
    curve = selective_curve(p, truth, taxa)
    return (
        choose_threshold(curve, KAPPA, "kappa"),
        threshold_retaining(p_known[taxa == truth], KEPT),
    )
