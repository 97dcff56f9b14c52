"""Recall at a precision, against scikit-learn's curve."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

from holotype.eval.measures.intervals import wilson
from holotype.eval.measures.precision import (
    recall_at_precision,
    recall_at_precision_by_taxon,
    recall_at_precision_of_answers,
)


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


def test_one_answer_a_specimen_is_a_table_of_scores_with_one_entry_a_row() -> None:
    rng = np.random.default_rng(0)
    scores, truth = rng.random(300), rng.integers(-1, 3, 300)
    answers = np.where(rng.random(300) < scores, truth, rng.integers(-1, 3, 300))
    table = np.full((300, 3), -np.inf)
    table[answers >= 0, answers[answers >= 0]] = scores[answers >= 0]
    expected = recall_at_precision_by_taxon(table, truth, ["a", "b", "c"], 0.8)
    found = recall_at_precision_of_answers(scores, answers, truth, 0.8)
    assert found.index.tolist() == [0, 1, 2]
    assert found["recall"].between(0.05, 0.95).any()
    assert found.to_dict("list") == expected.drop(columns="taxon").to_dict("list")
