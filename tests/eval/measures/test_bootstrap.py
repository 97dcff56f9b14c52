"""Intervals: known formulas, coverage, and that images of one specimen move together."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest
from scipy import stats

from holotype.eval.measures.bootstrap import (
    bootstrap_macro,
    bootstrap_mean,
    bootstrap_rows,
    bootstrap_share,
    resampled_sums,
)
from holotype.eval.measures.intervals import wilson
from tests.conftest import pace


@pytest.mark.parametrize(("successes", "trials"), [(0, 7), (12, 16), (236, 241), (9, 9)])
def test_wilson_equals_scipy(successes: int, trials: int) -> None:
    theirs = stats.binomtest(successes, trials).proportion_ci(method="wilson")
    ours = wilson(successes, trials)
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_a_share_of_nothing_has_no_interval() -> None:
    assert wilson(0, 0).to_dict() == {"estimate": None, "low": None, "high": None}


def test_the_interval_of_a_mean_has_the_width_that_theory_gives() -> None:
    values = np.random.default_rng(3).normal(2, 1, 4000)
    interval = bootstrap_mean(values, resamples=4000, seed=1)
    half = 1.96 * values.std() / math.sqrt(len(values))
    assert interval.estimate == pytest.approx(values.mean())
    assert interval.high - interval.low == pytest.approx(2 * half, rel=0.06)


def test_frames_of_one_specimen_do_not_narrow_the_interval() -> None:
    per_specimen = np.random.default_rng(0).random(60)
    once = bootstrap_mean(per_specimen, np.arange(60), seed=2)
    tenfold = bootstrap_mean(np.repeat(per_specimen, 10), np.repeat(np.arange(60), 10), seed=2)
    assert (tenfold.low, tenfold.high) == pytest.approx((once.low, once.high))
    pretended = bootstrap_mean(np.repeat(per_specimen, 10), seed=2)
    assert pretended.high - pretended.low < (once.high - once.low) / 2


def test_group_sums_give_what_drawing_the_rows_gives() -> None:
    rng = np.random.default_rng(4)
    values, groups = rng.random(200), rng.integers(0, 30, 200)
    fast = bootstrap_mean(values, groups, resamples=3000, seed=0)
    slow = bootstrap_rows(lambda rows: float(values[rows].mean()), groups, resamples=3000, seed=1)
    assert fast.estimate == pytest.approx(slow.estimate)
    assert (fast.low, fast.high) == pytest.approx((slow.low, slow.high), abs=0.01)


def test_the_macro_interval_draws_taxa() -> None:
    values, taxa = np.array([1.0, 1.0, 1.0, 0.0]), np.array([7, 7, 7, 9])
    interval = bootstrap_macro(values, taxa)
    assert (interval.estimate, interval.low, interval.high) == (0.5, 0.0, 1.0)


def test_one_group_has_no_spread_to_show() -> None:
    interval = bootstrap_mean(np.array([0.0, 1.0]), np.array([5, 5]))
    assert interval.to_dict() == {"estimate": 0.5, "low": None, "high": None}
    assert math.isnan(bootstrap_rows(lambda rows: 1.0, np.array([5, 5])).low)
    assert math.isnan(bootstrap_mean(np.array([])).estimate)


def test_resamples_without_a_figure_do_not_count() -> None:
    flags = np.array([1.0, 0.0])
    interval = bootstrap_rows(
        lambda rows: 1.0 if flags[rows].any() else math.nan, np.arange(2), resamples=50
    )
    assert (interval.low, interval.high) == (1.0, 1.0)


def test_the_same_seed_gives_the_same_interval_in_any_block(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    totals = np.random.default_rng(0).random((50, 2))
    whole = resampled_sums(totals, 20, seed=9)
    monkeypatch.setattr("holotype.eval.measures.bootstrap._BLOCK_DRAWS", 60)
    np.testing.assert_allclose(resampled_sums(totals, 20, seed=9), whole)


def test_a_thousand_resamples_of_ten_thousand_queries_take_under_a_second() -> None:
    values = np.random.default_rng(0).random(10_000)
    start = time.process_time()
    bootstrap_mean(values)
    assert time.process_time() - start < pace()


@pytest.mark.parametrize("hit", [0.0, 1.0])
def test_a_share_of_all_or_none_leaves_the_doubt_of_so_few_specimens(hit: float) -> None:
    found = bootstrap_share(np.full(20, hit), np.repeat(np.arange(10), 2))
    assert found == wilson(10 * int(hit), 10)
    assert found.high - found.low > 0.2
    assert hit in (found.low, found.high)
    values, groups = np.array([0.0, 1.0, 1.0]), np.arange(3)
    assert bootstrap_share(values, groups) == bootstrap_mean(values, groups)
