"""Novelty measures against scikit-learn and hand-worked cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from sklearn import metrics

from holotype.eval.measures.intervals import wilson
from holotype.eval.measures.novelty import (
    fpr_at_tpr,
    measure_novelty,
    oscr,
    over_commitment,
    retained,
    threshold_retaining,
)


@pytest.mark.parametrize("seed", range(5))
def test_measures_equal_scikit_learn_with_ties(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    known, novel = np.round(rng.normal(1, 1, 120), 1), np.round(rng.normal(0, 1, 80), 1)
    correct = rng.random(120) < 0.8
    found = measure_novelty(known, correct, novel)
    scores, is_known = np.concatenate([known, novel]), np.repeat([1, 0], [120, 80])
    right = np.concatenate([correct, np.zeros(80, bool)])
    assert found.auroc == pytest.approx(metrics.roc_auc_score(is_known, scores), abs=1e-9)
    assert found.auroc_correct == pytest.approx(metrics.roc_auc_score(right, scores), abs=1e-9)
    assert found.auroc_wrong == pytest.approx(metrics.roc_auc_score(correct, known), abs=1e-9)
    fpr, tpr, _ = metrics.roc_curve(is_known, scores, drop_intermediate=False)
    assert found.fpr95 == pytest.approx(fpr[tpr >= 0.95].min(), abs=1e-9)
    precision, recall, _ = metrics.precision_recall_curve(is_known, scores)
    assert found.aupr_in == pytest.approx(-np.sum(np.diff(recall) * precision[:-1]), abs=1e-9)
    precision, recall, _ = metrics.precision_recall_curve(1 - is_known, -scores)
    assert found.aupr_out == pytest.approx(-np.sum(np.diff(recall) * precision[:-1]), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_oscr_is_the_auroc_when_every_known_answer_is_right(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    known, novel = np.round(rng.normal(1, 1, 60), 1), np.round(rng.normal(0, 1, 40), 1)
    found = measure_novelty(known, np.ones(60, bool), novel)
    assert found.oscr == pytest.approx(found.auroc, abs=1e-9)
    assert math.isnan(found.auroc_wrong)


def test_oscr_counts_wrong_answers_as_losses() -> None:
    known, novel = np.array([4.0, 3.0]), np.array([2.0, 1.0])
    assert oscr(known, np.array([True, True]), novel) == 1.0
    assert oscr(known, np.array([True, False]), novel) == 0.5


def test_keeping_95_percent_means_at_least_that_many() -> None:
    known = np.arange(1.0, 11.0)
    assert threshold_retaining(known, 0.95) == 1.0
    assert threshold_retaining(known, 0.9) == 2.0
    assert fpr_at_tpr(known, np.array([0.5, 1.0, 1.5]), 0.95) == pytest.approx(2 / 3)
    assert threshold_retaining(np.arange(25.0), 0.92) == 2.0, "0.92 x 25 is 23, kept exactly"


@pytest.mark.parametrize("share", [0.0, 1.2])
def test_a_share_that_cannot_be_kept_is_refused(share: float) -> None:
    with pytest.raises(ValueError, match="cannot be retained"):
        threshold_retaining(np.arange(3.0), share)
    with pytest.raises(ValueError, match="of 0 scores"):
        threshold_retaining(np.array([]), 0.5)


def test_what_a_threshold_keeps_and_catches_has_wilson_intervals() -> None:
    known = np.array([0.9, 0.8, 0.3, 0.7, 0.2])
    correct = np.array([True, True, True, False, False])
    found = retained(known, correct, np.repeat([0.1, 0.95], [12, 4]), 0.5)
    assert found.retained_correct == wilson(2, 3)
    assert found.detected_failures == wilson(1, 2)
    assert found.detected_novel == wilson(12, 16)
    assert f"{found.detected_novel.low:.2f}-{found.detected_novel.high:.2f}" == "0.51-0.90"
    assert found.to_dict()["detected_failures"]["estimate"] == 0.5


def test_over_commitment_is_the_share_of_novel_specimens_given_a_species() -> None:
    assert over_commitment(np.array([True, False, False, False])).estimate == 0.25
    assert math.isnan(over_commitment(np.array([], bool)).estimate)


def test_one_empty_side_gives_no_figure_instead_of_a_crash() -> None:
    found = measure_novelty(np.array([0.5, 0.6]), np.array([True, False]), np.array([])).to_dict()
    assert found["n_novel"] == 0
    for name in ("auroc", "aupr_in", "aupr_out", "fpr95", "oscr"):
        assert found[name] is None
    assert found["auroc_wrong"] == 0.0
