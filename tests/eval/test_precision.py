"""Recall at a precision, against scikit-learn's curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from holotype.eval.intervals import wilson
from holotype.eval.precision import recall_at_precision, recall_at_precision_by_taxon


@pytest.mark.parametrize("seed", range(10))
def test_recall_equals_scikit_learns_curve_with_ties(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    positive = rng.random(70) < 0.4
    scores = np.round(positive * rng.random(70) + rng.random(70), 1)
    for wanted in (0.5, 0.8, 0.95):
        precision, recall, thresholds = precision_recall_curve(positive, scores)
        good = precision[:-1] >= wanted
        expected = recall[:-1][good].max() if good.any() else 0.0
        found = recall_at_precision(scores, positive, wanted)
        assert found.recall == pytest.approx(expected, abs=1e-9)
        if expected:
            assert found.threshold in thresholds
            accepted = scores >= found.threshold
            assert positive[accepted].mean() >= wanted


def test_the_wilson_variant_needs_enough_answers_to_be_sure() -> None:
    scores, positive = np.arange(20.0), np.ones(20, bool)
    assert recall_at_precision(scores, positive).recall == 1.0
    assert recall_at_precision(scores, positive, wilson=True).recall == 0.0
    assert wilson(73, 73).low >= 0.95
    assert recall_at_precision(np.arange(73.0), np.ones(73, bool), wilson=True).recall == 1.0


def test_a_species_that_was_never_considered_is_never_found() -> None:
    scores = np.array([-np.inf, 0.4, -np.inf])
    assert recall_at_precision(scores, np.array([True, True, True])).recall == pytest.approx(1 / 3)
    nothing = recall_at_precision(np.full(2, -np.inf), np.array([True, False]))
    assert (nothing.recall, nothing.threshold) == (0.0, math.inf)


def test_a_species_whose_first_answer_is_wrong_may_still_be_found_further_down() -> None:
    scores = np.arange(41.0)
    positive = scores < 40
    found = recall_at_precision(scores, positive, 0.95)
    assert (found.recall, found.threshold) == (1.0, 0.0)


def test_the_table_has_every_species_that_has_a_specimen() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0], [0.1, 0.9, 0.0], [0.7, 0.3, 0.0]])
    table = recall_at_precision_by_taxon(scores, np.array([0, 0, 1, -1]), ["a", "b", "c"])
    assert table["taxon"].tolist() == ["a", "b"]
    assert table["n"].tolist() == [2, 1]
    assert table["recall"].tolist() == [1.0, 1.0]
    assert table["recall_wilson"].tolist() == [0.0, 0.0]
    assert math.isnan(recall_at_precision(scores[:, 2], np.zeros(4, bool)).recall)
    empty = recall_at_precision_by_taxon(scores[:0], np.array([], np.int64), ["a", "b", "c"])
    assert list(empty.columns) == list(table.columns)
