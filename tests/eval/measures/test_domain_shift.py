"""Transfer between set-ups: the gap, telling sets apart, learning curves, correlations."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from holotype.eval.measures.bootstrap import bootstrap_mean
from holotype.eval.measures.correlation import spearman
from holotype.eval.measures.domain_shift import (
    dataset_classification_error,
    learning_curve,
    learning_curve_by_class,
    transfer_gap,
)

Units = Callable[[np.random.Generator, int, int], NDArray[np.float32]]


def test_the_gap_of_paired_specimens_has_the_interval_of_their_differences() -> None:
    rng = np.random.default_rng(0)
    source, target = rng.random(200) < 0.9, rng.random(200) < 0.6
    specimens = np.arange(200)
    found = transfer_gap(source, target, specimens, specimens, seed=4)
    paired = bootstrap_mean(source.astype(float) - target.astype(float), seed=4)
    assert found.gap.estimate == pytest.approx(found.accuracy_source - found.accuracy_target)
    assert (found.gap.low, found.gap.high) == pytest.approx((paired.low, paired.high), abs=1e-12)


def test_the_gap_of_other_specimens_is_wider_than_that_of_pairs_that_go_together() -> None:
    right = np.random.default_rng(1).random(150) < 0.7
    paired = transfer_gap(right, right, np.arange(150), np.arange(150))
    apart = transfer_gap(right, right, np.arange(150), 150 + np.arange(150))
    assert (paired.gap.low, paired.gap.high) == (0.0, 0.0)
    assert apart.gap.low < -0.05 < 0.05 < apart.gap.high


def test_a_side_without_queries_gives_no_gap() -> None:
    none = np.array([], np.int64)
    found = transfer_gap(np.array([True, False]), none.astype(bool), np.arange(2), none)
    assert found.to_dict()["accuracy_target"] is None
    assert found.to_dict()["gap"] == {"estimate": None, "low": None, "high": None}


def test_sets_that_look_the_same_cannot_be_told_apart_and_others_can(units: Units) -> None:
    rng = np.random.default_rng(2)
    one, two = units(rng, 300, 20), units(rng, 300, 20)
    assert dataset_classification_error(one, two).error == pytest.approx(0.5, abs=0.08)
    shifted = two + np.float32(0.5)
    found = dataset_classification_error(one, shifted, seed=3)
    assert found.error < 0.02
    assert len(found.repeats) == 5
    assert found == dataset_classification_error(one, shifted, seed=3)


def test_copies_of_one_specimen_do_not_stand_in_training_and_test(units: Units) -> None:
    rng = np.random.default_rng(5)
    specimens = np.repeat(np.arange(15), 20)
    side = rng.random(15) < 0.5  # every specimen is in one set, all its images alike
    looks = np.repeat(units(rng, 15, 40), 20, axis=0) + 0.01 * units(rng, 300, 40)
    here = side[specimens]
    error = partial(
        dataset_classification_error, looks[here], looks[~here], train=60, test=30, repeats=8
    )
    leaky = error()
    clean = error(source_groups=specimens[here], target_groups=specimens[~here])
    assert leaky.error < 0.01
    assert clean.error > 0.2


def test_too_few_images_to_tell_sets_apart_are_refused(units: Units) -> None:
    images = units(np.random.default_rng(0), 50, 4)
    with pytest.raises(ValueError, match="0 images to learn from and 200 are asked for"):
        dataset_classification_error(images, images)


def test_the_learning_curve_draws_whole_sites() -> None:
    sites = np.repeat(np.arange(6), [5, 5, 5, 5, 5, 10])
    seen: list[NDArray[np.int64]] = []

    def evaluate(rows: NDArray[np.int64]) -> float:
        seen.append(rows)
        return len(rows) / 35

    curve = learning_curve(evaluate, sites, [1, 3, 6], replicates=4, seed=1)
    assert curve["n_sites"].tolist() == [1] * 4 + [3] * 4 + [6]
    assert curve["figure"].iloc[-1] == 1.0
    for rows, size in zip(seen, curve["n_sites"], strict=True):
        drawn = np.unique(sites[rows])
        assert len(drawn) == size
        np.testing.assert_array_equal(rows, np.flatnonzero(np.isin(sites, drawn)))
    with pytest.raises(ValueError, match="7 sites are asked for; there are 6"):
        learning_curve(evaluate, sites, [7])


def test_spearman_equals_scipy_and_leaves_out_taxa_without_a_figure() -> None:
    rng = np.random.default_rng(3)
    figures, counts = rng.integers(0, 5, 30) / 4, rng.integers(1, 20, 30).astype(float)
    theirs = stats.spearmanr(figures, counts)
    found = spearman(np.append(figures, np.nan), np.append(counts, 3))
    assert (found.rho, found.p, found.n) == pytest.approx((theirs.statistic, theirs.pvalue, 30))
    constant = spearman(np.ones(5), np.arange(5.0))
    assert constant.to_dict() == {"rho": None, "p": None, "n": 5}


def test_the_learning_curve_by_class_draws_so_many_of_each() -> None:
    classes = np.repeat([3, 5, 9], [2, 7, 4])
    drawn: list[list[int]] = []

    def evaluate(rows: NDArray[np.int64]) -> float:
        assert (np.diff(rows) > 0).all()
        drawn.append(np.bincount(classes[rows], minlength=10)[[3, 5, 9]].tolist())
        return float(len(rows))

    curve = learning_curve_by_class(evaluate, classes, [1, 3, 7], replicates=2, seed=1)
    assert drawn == [[1, 1, 1]] * 2 + [[2, 3, 3]] * 2 + [[2, 7, 4]]
    assert list(curve["n_sites"]) == [1, 1, 3, 3, 7]
    assert list(curve["figure"]) == list(curve["n_images"]) == [3, 3, 8, 8, 13]
