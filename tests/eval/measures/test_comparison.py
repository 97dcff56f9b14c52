"""Base against trained: paired figures, McNemar, most and least improved."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from holotype.eval.measures.bootstrap import bootstrap_mean
from holotype.eval.measures.comparison import Comparison, compare, mcnemar, most_changed

NAMES = ["Aa a", "Bb b", "Cc c", "Dd d"]


def compared(before: list[int], after: list[int], taxa: list[int]) -> Comparison:
    return compare(
        np.array(before, bool),
        np.array(after, bool),
        np.array(taxa, np.int64),
        NAMES,
        specimens=np.arange(len(taxa)),
        n_images=np.array([10, 20, 30, 40]),
    )


def test_a_hand_worked_comparison() -> None:
    found = compared([0, 0, 1, 1, 1, 0], [1, 1, 1, 0, 1, 0], [0, 0, 0, 1, 2, 2])
    assert (found.fixes, found.breaks, found.n) == (2, 1, 6)
    assert found.before.micro == pytest.approx(3 / 6)
    assert found.after.macro == pytest.approx((1 + 0 + 1 / 2) / 3)
    assert found.gain.estimate == pytest.approx(1 / 6)
    assert found.macro_gain.estimate == pytest.approx((2 / 3 - 1 + 0) / 3)
    assert found.median_gain == 0.0
    assert found.fewer_errors == pytest.approx(1 / 3)
    assert (found.improved, found.worsened) == pytest.approx((1 / 3, 1 / 3))
    assert found.to_dict()["unchanged"] == pytest.approx(1 / 3)
    assert found.per_taxon["taxon"].tolist() == NAMES[:3], "no row for a taxon without a query"
    assert found.per_taxon["gain"].tolist() == pytest.approx([2 / 3, -1, 0])
    shrunk = (3 * 2 / 3 + 5 / 6) / 8
    assert found.per_taxon["shrunk_gain"].iloc[0] == pytest.approx(shrunk)
    assert found.gain_by_images.n == 3
    assert json.loads(json.dumps(found.to_dict()))["gain"]["estimate"] == pytest.approx(1 / 6)


def test_the_interval_is_that_of_paired_differences_by_specimen_and_by_taxon() -> None:
    rng = np.random.default_rng(0)
    taxa, specimens = rng.integers(0, 4, 300), rng.integers(0, 60, 300)
    before, after = rng.random(300) < 0.6, rng.random(300) < 0.7
    found = compare(before, after, taxa, NAMES, specimens=specimens, n_images=np.arange(4), seed=9)
    difference = after.astype(float) - before.astype(float)
    assert found.gain == bootstrap_mean(difference, specimens, seed=9)
    assert found.gain_over_taxa == bootstrap_mean(difference, taxa, seed=9)


@pytest.mark.parametrize(("fixes", "breaks"), [(83, 29), (0, 5), (7, 7), (0, 0)])
def test_mcnemar_equals_the_binomial_tail(fixes: int, breaks: int) -> None:
    n = fixes + breaks
    tail = 2 * stats.binom.cdf(min(fixes, breaks), n, 0.5)
    assert mcnemar(fixes, breaks) == pytest.approx(min(tail, 1.0), abs=1e-12)


def per_query(gains: list[float]) -> Comparison:
    """Return a comparison with one query a taxon."""
    values: NDArray[np.float64] = np.array(gains)
    return compare(
        values < 0,
        values > 0,
        np.arange(len(gains)),
        [f"t{i}" for i in range(len(gains))],
        specimens=np.arange(len(gains)),
        n_images=np.ones(len(gains), np.int64),
    )


def test_ties_with_the_last_listed_taxon_are_listed_too_and_unchanged_taxa_never_are() -> None:
    table = per_query([1, 1, 1, -1, 0, 0]).per_taxon
    assert most_changed(table, 2)["taxon"].tolist() == ["t0", "t1", "t2"]
    assert most_changed(table, 5, worst=True)["taxon"].tolist() == ["t3"]
    assert len(most_changed(table, 5, min_n=2)) == 0


def test_a_base_without_errors_has_none_to_lose() -> None:
    found = per_query([-1, -1])
    assert math.isnan(found.fewer_errors)
    assert found.to_dict()["fewer_errors"] is None


def test_nothing_to_compare_gives_no_figures() -> None:
    found = compared([], [], [])
    assert found.n == 0
    assert found.to_dict()["median_gain"] is None


def test_spaces_that_answered_other_queries_are_refused() -> None:
    with pytest.raises(ValueError, match="1 queries before, 2 after"):
        compared([0], [0, 1], [0, 1])
