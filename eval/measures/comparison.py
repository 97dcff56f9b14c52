"""One space against another on the same queries, as base against trained (METHODS 4.12)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from holotype.index.arrays import Codes, Flags, Floats

from .averages import Average, average, mean, mean_by, number
from .bootstrap import RESAMPLES, bootstrap_macro, bootstrap_mean
from .correlation import Correlation, spearman
from .intervals import Interval
from .jsonable import Figures

PRIOR_QUERIES = 5  # a taxon with so many queries is moved half-way to the mean gain


@dataclass(frozen=True)
class Comparison(Figures):
    """What changed from one space to another at one rank; gains are after - before.

    Attributes:
        before: micro and macro share of hits.
        after: the same for the other space.
        gain: micro gain, with its interval over specimens.
        gain_over_taxa: the same gain, with its interval over taxa.
        macro_gain: mean over taxa, with its interval over taxa.
        median_gain: median over taxa.
        fewer_errors: the share of the errors that is gone, 1 - errors after / errors before.
        fixes: queries that became hits.
        breaks: queries that were hits.
        p: McNemar's exact test of fixes against breaks, two-sided.
        improved: share of taxa with a gain.
        worsened: share with a loss; the rest are unchanged.
        gain_by_images: rank correlation of a taxon's gain with its number of images.
        per_taxon: one row a taxon with a query: taxon, n, n_images, before, after, gain,
            shrunk_gain (drawn to the mean gain as if five more queries had shown it).
    """

    n: int
    before: Average
    after: Average
    gain: Interval
    gain_over_taxa: Interval
    macro_gain: Interval
    median_gain: float
    fewer_errors: float
    fixes: int
    breaks: int
    p: float
    improved: float
    worsened: float
    gain_by_images: Correlation
    per_taxon: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them, without the table."""
        unchanged = number(1 - self.improved - self.worsened)
        return {**super().to_dict(), "unchanged": unchanged}


def compare(
    before: Flags,
    after: Flags,
    taxa: Codes,
    names: Sequence[str],
    *,
    specimens: Codes,
    n_images: Codes,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Comparison:
    """Return what changed between two spaces on the same queries with the same exclusions.

    Args:
        before: bool [q], the query was a hit in the first space; answerable queries only.
        after: bool [q], in the second.
        taxa: int64 [q], the taxon that the query counts for, a position in `names`.
        names: the taxa.
        specimens: int64 [q].
        n_images: int64 [t], images of each taxon to learn from.
        resamples: of the bootstrap.
        seed: of the draws.

    Raises:
        ValueError: the sides are of different length.
    """
    if not len(before) == len(after) == len(taxa) == len(specimens):
        raise ValueError(
            f"{len(before)} queries before, {len(after)} after, {len(taxa)} taxa and "
            f"{len(specimens)} specimens; compare two spaces on the same queries"
        )
    was, now = before.astype(np.float64), after.astype(np.float64)
    fixes, breaks = int((after & ~before).sum()), int((before & ~after).sum())
    table = _per_taxon(was, now, taxa, names, n_images)
    gains = table["gain"].to_numpy(np.float64)
    wrong = int((~before).sum())
    draws = {"resamples": resamples, "seed": seed}
    return Comparison(
        n=len(before),
        before=average(was, taxa, len(names)),
        after=average(now, taxa, len(names)),
        gain=bootstrap_mean(now - was, specimens, **draws),
        gain_over_taxa=bootstrap_mean(now - was, taxa, **draws),
        macro_gain=bootstrap_macro(now - was, taxa, **draws),
        median_gain=float(np.median(gains)) if len(gains) else math.nan,
        fewer_errors=(fixes - breaks) / wrong if wrong else math.nan,
        fixes=fixes,
        breaks=breaks,
        p=mcnemar(fixes, breaks),
        improved=mean((gains > 0).astype(np.float64)),
        worsened=mean((gains < 0).astype(np.float64)),
        gain_by_images=spearman(gains, table["n_images"].to_numpy(np.float64)),
        per_taxon=table,
    )


def mcnemar(fixes: int, breaks: int) -> float:
    """Return the exact two-sided p of McNemar's test, 1 where nothing changed.

    >>> round(mcnemar(9, 1), 4)
    0.0215
    """
    return float(binomtest(fixes, fixes + breaks).pvalue) if fixes + breaks else 1.0


def most_changed(
    per_taxon: pd.DataFrame, count: int = 5, *, worst: bool = False, min_n: int = 1
) -> pd.DataFrame:
    """Return the taxa that gained most, or lost most.

    Args:
        per_taxon: of a `Comparison`.
        count: how many; all that tie with the last of them are listed too.
        worst: the losses instead of the gains.
        min_n: queries that a taxon must have to be listed.
    """
    moved = per_taxon["gain"] < 0 if worst else per_taxon["gain"] > 0
    listed = per_taxon[moved & (per_taxon["n"] >= min_n)]
    if worst:
        return listed.nsmallest(count, "gain", keep="all")
    return listed.nlargest(count, "gain", keep="all")


def _per_taxon(
    before: Floats, after: Floats, taxa: Codes, names: Sequence[str], n_images: Codes
) -> pd.DataFrame:
    n = np.bincount(taxa, minlength=len(names))
    was, now = mean_by(before, taxa, len(names)), mean_by(after, taxa, len(names))
    # The mean of the differences: now - was would round equal gains apart, and ties are listed.
    gain = mean_by(after - before, taxa, len(names))
    overall = mean(after - before)
    frame = pd.DataFrame(
        {
            "taxon": list(names),
            "n": n,
            "n_images": n_images,
            "before": was,
            "after": now,
            "gain": gain,
            "shrunk_gain": (n * gain + PRIOR_QUERIES * overall) / (n + PRIOR_QUERIES),
        }
    )
    return frame[frame["n"] > 0].reset_index(drop=True)
