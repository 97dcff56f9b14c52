"""Figures of several classifiers on the same queries, with intervals, and their differences.

Accuracy and kappa are drawn again by specimen, what is a mean over classes by class (METHODS 4.13).
All classifiers are drawn alike, so that their differences are paired.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holotype.index.arrays import Codes, Floats

from ..measures.bootstrap import RESAMPLES, bootstrap_mean, bootstrap_share, percentile_interval
from ..measures.classification import ClassCounts
from ..measures.intervals import Interval

Intervals = dict[str, Interval]


def figures_with_intervals(
    truth: Codes, predicted: Sequence[Codes], groups: Codes, *, seed: int = 0
) -> tuple[list[Intervals], list[Intervals]]:
    """Return the figures of several classifiers, and each less those of the first.

    Args:
        truth: int64 [n], in 0 … classes-1, as are the predictions.
        predicted: int64 [n] of each classifier.
        groups: int64 [n], the specimen of every query.
        seed: of the draws.

    Returns:
        by classifier `accuracy`, `macro_f1`, `kappa` and `balanced_accuracy` with 95 % intervals,
        whose bounds are NaN with fewer than two specimens (classes); and the differences.
    """
    classes = 1 + int(max(truth.max(), *(codes.max() for codes in predicted)))
    right = [(codes == truth).astype(np.float64) for codes in predicted]
    counts = [ClassCounts.count(truth, codes, classes) for codes in predicted]
    present = counts[0].present
    f1, sensitivity = ([getattr(one, name)[present] for one in counts] for name in _BY_CLASS)
    kappa, kappa_gain = _kappa(truth, predicted, groups, classes, seed)
    figures, differences = [], []
    for place in range(len(predicted)):
        figures.append(
            {
                "accuracy": bootstrap_share(right[place], groups),
                "macro_f1": bootstrap_mean(f1[place], seed=seed),
                "kappa": kappa[place],
                "balanced_accuracy": bootstrap_mean(sensitivity[place], seed=seed),
            }
        )
        differences.append(
            {
                "accuracy": bootstrap_mean(right[place] - right[0], groups, seed=seed),
                "macro_f1": bootstrap_mean(f1[place] - f1[0], seed=seed),
                "kappa": kappa_gain[place],
                "balanced_accuracy": bootstrap_mean(sensitivity[place] - sensitivity[0], seed=seed),
            }
        )
    return figures, differences


_BY_CLASS = ("f1", "sensitivity")


def _kappa(
    truth: Codes, predicted: Sequence[Codes], groups: Codes, classes: int, seed: int
) -> tuple[list[Interval], list[Interval]]:
    """Return Cohen's kappa of every classifier, and less that of the first."""
    specimens, codes = np.unique(groups, return_inverse=True)
    n = len(specimens)

    def kappas(times: Codes | None = None) -> list[float]:
        return [ClassCounts.count(truth, one, classes, times).kappa for one in predicted]

    found = np.array(kappas())
    drawn: Floats = np.empty((0, len(found)))
    if n > 1:
        rng = np.random.default_rng(seed)
        times = (np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(RESAMPLES))
        drawn = np.array([kappas(each[codes]) for each in times])
    return _intervals(found, drawn), _intervals(found - found[0], drawn - drawn[:, :1])


def _intervals(found: Floats, drawn: Floats) -> list[Interval]:
    return [
        percentile_interval(float(figure), drawn[:, place]) for place, figure in enumerate(found)
    ]
