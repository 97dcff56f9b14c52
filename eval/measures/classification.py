"""Confusion matrix and the measures of a classifier that may decline to answer (METHODS 4.3)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags, Floats

from .averages import mean, numbers, ratio
from .intervals import Interval, wilson, wilson_bounds

REJECTED = -1


def confusion_matrix(truth: Codes, predicted: Codes, n_classes: int) -> Codes:
    """Count truths (rows) against predictions (columns).

    Args:
        truth: int64 [n], in 0 … n_classes-1.
        predicted: int64 [n], the same, or -1 (`REJECTED`) where no answer was given.
        n_classes: the number of classes.

    Returns:
        int64 [n_classes, n_classes + 1]; the last column counts the rejected.

    Raises:
        ValueError: a code outside the range.

    >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, -1]), 2)
    array([[1, 1, 0],
           [0, 0, 1]])
    """
    for name, codes, lowest in (("truth", truth, 0), ("prediction", predicted, REJECTED)):
        bad = (codes < lowest) | (codes >= n_classes)
        if bad.any():
            row = int(bad.argmax())
            raise ValueError(
                f"{name} {row} is class {codes[row]}; classes run from {lowest} to {n_classes - 1}"
            )
    column = np.where(predicted == REJECTED, n_classes, predicted)
    cells = np.bincount(truth * (n_classes + 1) + column, minlength=n_classes * (n_classes + 1))
    return cells.reshape(n_classes, n_classes + 1)


@dataclass(frozen=True)
class ClassCounts:
    """The counts of every class, from which all measures follow.

    A class that has no truth is absent: it stays out of all macro figures. A measure that is
    undefined (a precision without predictions) is NaN, and stays out as well.

    Attributes:
        positives: int64 [c], specimens of the class.
        true_positives: int64 [c], those of them that were given it.
        false_positives: int64 [c], others that were given it.
    """

    positives: Codes
    true_positives: Codes
    false_positives: Codes

    @classmethod
    def of(cls, confusion: Codes) -> ClassCounts:
        """Count a confusion matrix, int64 [c, c + 1], the last column the rejected."""
        hits = np.diagonal(confusion).copy()
        return cls(confusion.sum(axis=1), hits, confusion[:, :-1].sum(axis=0) - hits)

    @classmethod
    def count(
        cls, truth: Codes, predicted: Codes, n_classes: int, times: Codes | None = None
    ) -> ClassCounts:
        """Count answers without a table of all pairs of classes, of which there may be many.

        Args:
            truth: int64 [n], in 0 … n_classes-1.
            predicted: int64 [n], the same, or -1 (`REJECTED`) where no answer was given.
            n_classes: the number of classes.
            times: int64 [n], how often each specimen counts; by default once.
        """
        weights = np.ones(len(truth), np.int64) if times is None else times
        right, given = truth == predicted, predicted >= 0

        def total(codes: Codes, which: Flags) -> Codes:
            # Sums of whole numbers below 2^53 are exact.
            sums = np.bincount(codes[which], weights=weights[which], minlength=n_classes)
            return sums.astype(np.int64)

        hits = total(truth, right)
        everyone = np.ones(len(truth), np.bool_)
        return cls(total(truth, everyone), hits, total(predicted, given) - hits)

    @property
    def n(self) -> int:
        """The number of specimens."""
        return int(self.positives.sum())

    @property
    def predicted(self) -> Codes:
        """How often each class was the answer, int64 [c]."""
        return self.true_positives + self.false_positives

    @property
    def present(self) -> Flags:
        """The classes that have a specimen, bool [c]."""
        return self.positives > 0

    @cached_property
    def sensitivity(self) -> Floats:
        """Recall, TP / P."""
        return _share(self.true_positives, self.positives)

    @cached_property
    def precision(self) -> Floats:
        """TP / predicted."""
        return _share(self.true_positives, self.predicted)

    @cached_property
    def fall_out(self) -> Floats:
        """False positive rate, FP / (n - P)."""
        return _share(self.false_positives, self.n - self.positives)

    @property
    def specificity(self) -> Floats:
        """1 - fall-out."""
        return 1 - self.fall_out

    @cached_property
    def f1(self) -> Floats:
        """2 TP / (P + predicted)."""
        return _share(2 * self.true_positives, self.positives + self.predicted)

    @property
    def accuracy(self) -> float:
        """Right answers among all specimens; a rejected one is not right."""
        return float(self.true_positives.sum() / self.n) if self.n else math.nan

    @property
    def accuracy_interval(self) -> Interval:
        """Accuracy with Wilson's 95 % interval."""
        return wilson(int(self.true_positives.sum()), self.n)

    @property
    def balanced_accuracy(self) -> float:
        """Mean sensitivity of the classes that are present."""
        return mean(self.sensitivity[self.present])

    @property
    def macro_precision(self) -> float:
        """Mean precision of the classes that are present and were predicted."""
        defined = self.present & (self.predicted > 0)
        return mean(self.precision[defined])

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the classes that are present."""
        return mean(self.f1[self.present])

    @property
    def kappa(self) -> float:
        """Cohen's kappa (Cohen 1960); NaN where chance alone explains everything.

        A rejected specimen counts as a disagreement.
        """
        if not self.n:
            return math.nan
        chance = float(np.dot(self.positives / self.n, self.predicted / self.n))
        return (self.accuracy - chance) / (1 - chance) if chance < 1 else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the figures over all classes as JSON knows them."""
        return {
            "n": self.n,
            "n_classes": int(self.present.sum()),
            "n_rejected": self.n - int(self.predicted.sum()),
            "n_undefined_precision": int((self.present & (self.predicted == 0)).sum()),
            "accuracy_interval": self.accuracy_interval.to_dict(),
            **numbers(
                {
                    "accuracy": self.accuracy,
                    "balanced_accuracy": self.balanced_accuracy,
                    "macro_precision": self.macro_precision,
                    "macro_f1": self.macro_f1,
                    "kappa": self.kappa,
                }
            ),
        }

    def table(self, names: Sequence[str]) -> pd.DataFrame:
        """Return one row a class with its measures and Wilson's 95 % intervals."""
        frame = pd.DataFrame({"taxon": list(names), "n": self.positives})
        frame["n_predicted"] = self.predicted
        frame["n_right"] = self.true_positives
        for name, part, whole in (
            ("sensitivity", self.true_positives, self.positives),
            ("precision", self.true_positives, self.predicted),
            ("fall_out", self.false_positives, self.n - self.positives),
        ):
            low, high = wilson_bounds(part.astype(np.float64), whole.astype(np.float64))
            frame[name] = _share(part, whole)
            frame[f"{name}_low"], frame[f"{name}_high"] = low, high
        frame["specificity"] = self.specificity
        frame["f1"] = self.f1
        return frame


def _share(part: Codes, whole: Codes) -> Floats:
    return ratio(part.astype(np.float64), whole.astype(np.float64))
