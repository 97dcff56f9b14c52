"""From one imaging set-up or site to another (METHODS 4.10)."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.svm import LinearSVC

from holotype.index.arrays import Codes, Embeddings, Flags

from .averages import mean, ratio
from .bootstrap import RESAMPLES, percentile_interval, resampled_sums
from .intervals import Interval
from .jsonable import Figures


@dataclass(frozen=True)
class TransferGap(Figures):
    """What is lost from the source to the target.

    Attributes:
        accuracy_source: within the source, in [0, 1].
        accuracy_target: on the target with the gallery of the source.
        gap: what is lost, with its 95 % bootstrap interval.
    """

    accuracy_source: float
    accuracy_target: float
    gap: Interval


@dataclass(frozen=True)
class DatasetError(Figures):
    """How well a linear machine tells two sets of embeddings apart.

    Attributes:
        error: mean test error in [0, 1]; about 0.5 where the sets look the same, 0 where disjoint;
            NaN where they are too small or of too few specimens.
        train, test: images of each set.
        repeats: the test error of every repeat.
    """

    error: float
    train: int
    test: int
    repeats: tuple[float, ...]


def transfer_gap(
    source_right: Flags,
    target_right: Flags,
    source_groups: Codes,
    target_groups: Codes,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> TransferGap:
    """Return the loss of accuracy from source to target, with an interval over specimens.

    A specimen that was pictured in both set-ups is drawn with both its sides: the interval is
    paired as far as the data are.

    Args:
        source_right: bool [s], the answer for each query of the source was right.
        target_right: bool [t].
        source_groups: int64 [s], specimens, in one coding with the target's.
        target_groups: int64 [t].
        resamples: how many.
        seed: of the draws.
    """
    groups, codes = np.unique(np.concatenate([source_groups, target_groups]), return_inverse=True)
    sides = (codes[: len(source_right)], source_right), (codes[len(source_right) :], target_right)
    totals = np.column_stack(
        [
            np.bincount(rows, weights=weights, minlength=len(groups)).astype(np.float64)
            for rows, right in sides
            for weights in (right.astype(np.float64), np.ones(len(right)))
        ]
    )
    source, target = mean(source_right.astype(np.float64)), mean(target_right.astype(np.float64))
    if len(groups) < 2:
        return TransferGap(source, target, Interval(source - target, math.nan, math.nan))
    sums = resampled_sums(totals, resamples, seed)
    gaps = ratio(sums[:, 0], sums[:, 1]) - ratio(sums[:, 2], sums[:, 3])
    return TransferGap(source, target, percentile_interval(source - target, gaps))


def dataset_classification_error(
    source: Embeddings,
    target: Embeddings,
    *,
    source_groups: Codes | None = None,
    target_groups: Codes | None = None,
    train: int = 200,
    test: int = 100,
    repeats: int = 5,
    seed: int = 0,
) -> DatasetError:
    """Return the test error of a linear support vector machine that tells source from target.

    Args:
        source: float32 [s, dim].
        target: float32 [t, dim].
        source_groups: int64 [s], specimens, in one coding with the target's; images of one
            specimen never stand in both training and test. Both or none.
        target_groups: int64 [t].
        train: images of each set to learn from.
        test: images of each set to test on.
        repeats: how often to draw anew.
        seed: of the draws.

    Raises:
        ValueError: a set has too few images.
    """
    if source_groups is None or target_groups is None:
        source_groups = np.arange(len(source))
        target_groups = len(source) + np.arange(len(target))
    vectors = np.concatenate([source, target])
    groups = np.concatenate([source_groups, target_groups])
    side = np.repeat([0, 1], [len(source), len(target)])
    rng = np.random.default_rng(seed)
    errors = []
    for _ in range(repeats):
        learn, check = _draw(rng, side, groups, train, test)
        model = LinearSVC(random_state=0).fit(vectors[learn], side[learn])
        errors.append(float((model.predict(vectors[check]) != side[check]).mean()))
    return DatasetError(mean(np.array(errors)), train, test, tuple(errors))


def _draw(
    rng: np.random.Generator, side: Codes, groups: Codes, train: int, test: int
) -> tuple[Codes, Codes]:
    """Return rows to learn from and to test on, as many of each side, no group in both."""
    _, codes = np.unique(groups, return_inverse=True)
    tested = _test_groups(rng, side, codes, test)[codes]
    learn, check = [], []
    for which in (0, 1):
        learn.append(_choose(rng, np.flatnonzero((side == which) & ~tested), train, "learn from"))
        check.append(_choose(rng, np.flatnonzero((side == which) & tested), test, "test on"))
    return np.concatenate(learn), np.concatenate(check)


def _test_groups(rng: np.random.Generator, side: Codes, codes: Codes, test: int) -> Flags:
    """Choose groups at random until each side has its images to test on."""
    counts = np.bincount(2 * codes + side, minlength=2 * (codes.max() + 1)).reshape(-1, 2)
    short = np.array([test, test])
    tested = np.zeros(len(counts), np.bool_)
    for group in rng.permutation(len(counts)):
        if (counts[group][short > 0] > 0).any():
            tested[group] = True
            short -= counts[group]
    return tested


def _choose(rng: np.random.Generator, rows: Codes, wanted: int, purpose: str) -> Codes:
    if len(rows) < wanted:
        raise ValueError(
            f"one of the two sets has {len(rows)} images to {purpose} and {wanted} are asked for; "
            "give it more images, or ask for fewer to train and test"
        )
    return rng.choice(rows, wanted, replace=False)


def learning_curve(
    evaluate: Callable[[Codes], float],
    sites: Codes,
    sizes: Sequence[int],
    *,
    replicates: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Return a figure against the number of sites that the gallery comes from.

    With one code an image it is the curve over images.

    Args:
        evaluate: takes gallery rows, int64 [g] ascending, and returns a figure.
        sites: int64 [n], the site of every row that may be in the gallery.
        sizes: numbers of sites.
        replicates: how many draws of each size; one where all sites are taken.
        seed: of the draws.

    Returns:
        one row a draw: n_sites, replicate, n_images, figure.

    Raises:
        ValueError: a size below 1 or above the number of sites.
    """
    known = np.unique(sites)
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        if not 1 <= size <= len(known):
            raise ValueError(f"{size} sites are asked for; there are {len(known)}, give 1 to that")
        for replicate in range(1 if size == len(known) else replicates):
            drawn = np.flatnonzero(np.isin(sites, rng.choice(known, size, replace=False)))
            rows.append((size, replicate, len(drawn), evaluate(drawn)))
    return pd.DataFrame(rows, columns=["n_sites", "replicate", "n_images", "figure"])


def learning_curve_by_class(
    evaluate: Callable[[Codes], float],
    classes: Codes,
    sizes: Sequence[int],
    *,
    replicates: int = 5,
    seed: int = 0,
) -> pd.DataFrame:
    """Return a figure against the number of gallery images of every class.

    Args:
        evaluate: takes gallery rows, int64 [g] ascending, and returns a figure.
        classes: int64 [n], the class of every row that may be in the gallery.
        sizes: images of every class; of a class that has fewer all are taken.
        replicates: draws of each size; one where all images are taken.
        seed: of the draws.

    Returns:
        as `learning_curve`; n_sites is the size.
    """
    most = int(np.unique(classes, return_counts=True)[1].max())
    rng = np.random.default_rng(seed)
    rows = []
    for size in sizes:
        for replicate in range(1 if size >= most else replicates):
            order = rng.permutation(len(classes))
            order = order[np.argsort(classes[order], kind="stable")]
            ranked = classes[order]  # place within the class: how many of it stand before
            place = np.arange(len(order)) - np.searchsorted(ranked, ranked)
            drawn = np.sort(order[place < size])
            rows.append((size, replicate, len(drawn), evaluate(drawn)))
    return pd.DataFrame(rows, columns=["n_sites", "replicate", "n_images", "figure"])
