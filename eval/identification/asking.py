"""Asking a gallery about specimens: it is calibrated from nothing but itself, then it answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Flags
from holotype.index.identification.calibration import Answers, Calibration
from holotype.index.identification.classes import pool_specimens
from holotype.index.identification.evidence import Evidence, gather_evidence
from holotype.index.identification.reference import Reference, build_reference
from holotype.training.calibration.calibrate import fit_calibration
from holotype.training.calibration.left_out import LeftOut, leave_out


@dataclass(frozen=True, eq=False)
class Specimens:
    """A labelled table of embeddings: what identification is measured on.

    Attributes:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens.
        ranks: their names.
        conditions: int64 [n], places or days that are left out as wholes when it is calibrated;
            None where nothing tells them.
    """

    vectors: Embeddings
    labels: Codes
    groups: Codes
    ranks: tuple[str, ...]
    conditions: Codes | None = None

    def at(self, rows: Codes) -> Specimens:
        """Return some rows."""
        return self._of(self.vectors[rows], rows)

    def pooled(self) -> Specimens:
        """Return one row a specimen: the mean of its first five images."""
        return self._of(*pool_specimens(self.vectors, self.groups))

    def _of(self, vectors: Embeddings, rows: Codes) -> Specimens:
        conditions = None if self.conditions is None else self.conditions[rows]
        return Specimens(vectors, self.labels[rows], self.groups[rows], self.ranks, conditions)


def ask(gallery: Specimens, queries: Specimens, *, seed: int = 0) -> Asked:
    """Calibrate a gallery from itself and compare specimens with it, their images pooled.

    Args:
        gallery: what answers; it is calibrated as `holotype calibrate` does it.
        queries: what asks; nothing is fitted or chosen on it.
        seed: of the folds of the calibration.

    Raises:
        ValueError: the gallery is too small to be calibrated.
    """
    table = (gallery.vectors, gallery.labels, gallery.groups)
    left_out = leave_out(*table, conditions=gallery.conditions, seed=seed)
    fitted = fit_calibration(gallery.vectors, gallery.labels, left_out, seed=seed)
    reference = build_reference(fitted.projections, *table)
    asked = queries.pooled()
    return Asked(fitted, left_out, reference, gather_evidence(reference, asked.vectors), asked)


@dataclass(frozen=True, eq=False)
class Asked:
    """A calibrated gallery, and what it has to say about q specimens.

    Attributes:
        left_out: specimens of the gallery that it was calibrated on, to choose thresholds on.
        evidence: about the queries.
        queries: one row a specimen.
    """

    fitted: Calibration
    left_out: LeftOut
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
