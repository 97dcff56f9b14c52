"""Bootstrap intervals by specimen, site or taxon (METHODS 4.13).

What is drawn again is the group, not the image: images of one specimen are not independent. A
figure that is a ratio of sums needs only the sums of every group, so a thousand resamples of ten
thousand queries cost a matrix product. For a paired difference, give the differences.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from holotype.index.arrays import Codes, Floats

from .averages import mean, mean_by, ratio
from .intervals import Interval, wilson

RESAMPLES = 1000
_BLOCK_DRAWS = 1 << 20


def resampled_sums(totals: Floats, resamples: int = RESAMPLES, seed: int = 0) -> Floats:
    """Return the sums over groups that are drawn with replacement.

    Args:
        totals: float64 [groups, m], what each group adds to the m sums.
        resamples: how often to draw as many groups as there are.
        seed: of the draws.

    Returns:
        float64 [resamples, m].
    """
    n = len(totals)
    rng = np.random.default_rng(seed)
    sums = np.empty((resamples, totals.shape[1]))
    step = max(1, _BLOCK_DRAWS // max(n, 1))
    for start in range(0, resamples, step):
        rows = min(step, resamples - start)
        drawn = rng.integers(0, n, (rows, n)) + n * np.arange(rows)[:, None]
        times = np.bincount(drawn.ravel(), minlength=rows * n).reshape(rows, n)
        sums[start : start + rows] = times @ totals
    return sums


def bootstrap_mean(
    values: Floats,
    groups: Codes | None = None,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Return the mean over images with its percentile interval over groups.

    Args:
        values: float64 [q], one figure an image, or the difference of two.
        groups: int64 [q], the specimen (site, date) of every image; None: every image its own.
        resamples: how many.
        seed: of the draws.
        confidence: in (0, 1).

    Returns:
        the interval; its bounds are NaN with fewer than two groups.
    """
    if groups is None:
        totals = np.column_stack([values, np.ones(len(values))])
    else:
        totals = _totals(values[:, None], groups)
    return _of_totals(totals, [mean(values)], resamples, seed, confidence)[0]


def bootstrap_share(hits: Floats, groups: Codes) -> Interval:
    """Return the share of images that hit with its interval over groups; see `bootstrap_shares`.

    Args:
        hits: float64 [q], 0 or 1.
        groups: int64 [q], the specimen of every image.
    """
    return bootstrap_shares(hits[:, None], groups)[0]


def bootstrap_shares(hits: Floats, groups: Codes) -> list[Interval]:
    """Return shares of the same images that hit, with their intervals over the same resamples.

    Where all hit, or none does, no resample can differ: it is Wilson's interval then, of as many
    trials as there are groups.

    Args:
        hits: float64 [q, m], 0 or 1.
        groups: int64 [q], the specimen of every image.

    Returns:
        m intervals; their bounds are NaN with fewer than two groups.
    """
    shares = [mean(each) for each in hits.T]
    totals = _totals(hits, groups)
    n = len(totals)
    found = _of_totals(totals, shares, RESAMPLES, 0, 0.95)
    return [
        wilson(n * int(share), n) if n > 1 and share in (0, 1) else interval
        for share, interval in zip(shares, found, strict=True)
    ]


def _totals(values: Floats, groups: Codes) -> Floats:
    """Return the sums of m figures, and the number of images, of every group: [groups, m + 1]."""
    _, codes = np.unique(groups, return_inverse=True)
    sums = [np.bincount(codes, weights=each) for each in values.T]
    return np.column_stack([*sums, np.bincount(codes)]).astype(np.float64)


def _of_totals(
    totals: Floats, means: list[float], resamples: int, seed: int, confidence: float
) -> list[Interval]:
    """Return means with their intervals, from what `_totals` returns."""
    if len(totals) < 2:
        return [Interval(one, math.nan, math.nan) for one in means]
    sums = resampled_sums(totals, resamples, seed)
    drawn = ratio(sums[:, :-1], np.broadcast_to(sums[:, -1:], sums[:, :-1].shape))
    return [
        percentile_interval(one, drawn[:, place], confidence) for place, one in enumerate(means)
    ]


def bootstrap_macro(
    values: Floats,
    taxa: Codes,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Return the mean over taxa of their means, with its percentile interval over taxa.

    Args:
        values: float64 [q], one figure an image, or the difference of two.
        taxa: int64 [q], the taxon of every image.
        resamples: how many.
        seed: of the draws.
        confidence: in (0, 1).

    Returns:
        the interval; its bounds are NaN with fewer than two taxa.
    """
    present, codes = np.unique(taxa, return_inverse=True)
    return bootstrap_mean(
        mean_by(values, codes, len(present)), resamples=resamples, seed=seed, confidence=confidence
    )


def bootstrap_rows(
    statistic: Callable[[Codes], float],
    groups: Codes,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    confidence: float = 0.95,
) -> Interval:
    """Return any statistic with its percentile interval over groups.

    It is worked out anew for every resample: for figures that are not ratios of sums (AUROC,
    calibration error).

    Args:
        statistic: takes rows, int64 [m], with repeats, and returns a figure; resamples where it
            is NaN do not count.
        groups: int64 [q], the specimen of every row.
        resamples: how many.
        seed: of the draws.
        confidence: in (0, 1).

    Returns:
        the interval; its bounds are NaN with fewer than two groups.
    """
    estimate = statistic(np.arange(len(groups)))
    members = np.split(
        np.argsort(groups, kind="stable"),
        np.cumsum(np.unique(groups, return_counts=True)[1])[:-1],
    )
    if len(members) < 2:
        return Interval(estimate, math.nan, math.nan)
    rng = np.random.default_rng(seed)
    draws = (rng.integers(0, len(members), len(members)) for _ in range(resamples))
    figures = [statistic(np.concatenate([members[i] for i in draw])) for draw in draws]
    return percentile_interval(estimate, np.array(figures, np.float64), confidence)


def percentile_interval(estimate: float, figures: Floats, confidence: float = 0.95) -> Interval:
    """Return the percentile interval of resampled figures; those that are NaN do not count."""
    known = figures[~np.isnan(figures)]
    if not len(known):
        return Interval(estimate, math.nan, math.nan)
    tail = (1 - confidence) / 2
    low, high = np.quantile(known, [tail, 1 - tail])
    return Interval(estimate, float(low), float(high))
