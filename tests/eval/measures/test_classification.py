"""Classification measures against scikit-learn and the printed tables of P4."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics

from holotype.eval.measures.classification import ClassCounts, confusion_matrix
from holotype.eval.measures.intervals import wilson

ALL = ClassCounts(
    positives=np.array([61, 66, 82, 70, 71]),
    true_positives=np.array([56, 61, 70, 62, 62]),
    false_positives=np.array([8, 11, 4, 9, 7]),
)
ABOVE_94 = ClassCounts(
    positives=np.array([45, 54, 52, 53, 37]),
    true_positives=np.array([44, 51, 52, 52, 37]),
    false_positives=np.array([3, 1, 1, 0, 0]),
)


def printed(values: NDArray[np.float64]) -> list[str]:
    return [f"{value:.4f}" for value in values]


def test_table_3_of_p4_follows_from_its_counts_to_the_last_digit() -> None:
    assert ALL.n == 350
    assert f"{ALL.accuracy:.4f}" == "0.8886"
    assert printed(ALL.sensitivity) == ["0.9180", "0.9242", "0.8537", "0.8857", "0.8732"]
    assert printed(ALL.fall_out) == ["0.0277", "0.0387", "0.0149", "0.0321", "0.0251"]
    assert f"{ALL.kappa:.4f}" == "0.8606"


def test_table_4_of_p4_above_its_threshold_follows_too() -> None:
    assert ABOVE_94.n == 241
    assert f"{ABOVE_94.n / ALL.n:.4f}" == "0.6886"
    assert f"{ABOVE_94.accuracy:.4f}" == "0.9793"
    assert f"{ABOVE_94.kappa:.4f}" == "0.9740"
    interval = wilson(int(ABOVE_94.true_positives.sum()), ABOVE_94.n)
    assert (f"{interval.low:.3f}", f"{interval.high:.3f}") == ("0.952", "0.991")


@pytest.mark.filterwarnings("ignore:y_pred contains classes")
@pytest.mark.parametrize("seed", range(6))
def test_measures_equal_scikit_learn_with_empty_classes(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    n_classes = 9
    truth = rng.integers(0, 6, 200)  # classes 6-8 have no specimen
    guess = rng.integers(1, 8, 200)  # class 0 is never the answer
    predicted = np.where(rng.random(200) < 0.5, np.maximum(truth, 1), guess)
    counts = ClassCounts.of(confusion_matrix(truth, predicted, n_classes))
    present = np.unique(truth)
    precision, recall, f1, _ = metrics.precision_recall_fscore_support(
        truth, predicted, labels=range(n_classes), zero_division=np.nan
    )
    np.testing.assert_allclose(counts.precision, precision, atol=1e-9)
    np.testing.assert_allclose(counts.sensitivity, recall, atol=1e-9)
    np.testing.assert_allclose(counts.f1[present], f1[present], atol=1e-9)
    macro = metrics.f1_score(truth, predicted, labels=present, average="macro", zero_division=0)
    assert counts.macro_f1 == pytest.approx(macro, abs=1e-9)
    assert counts.accuracy == pytest.approx(metrics.accuracy_score(truth, predicted), abs=1e-9)
    assert counts.balanced_accuracy == pytest.approx(
        metrics.balanced_accuracy_score(truth, predicted), abs=1e-9
    )
    assert counts.kappa == pytest.approx(metrics.cohen_kappa_score(truth, predicted), abs=1e-9)


@pytest.mark.parametrize("seed", range(3))
def test_a_rejected_specimen_is_neither_right_nor_a_false_positive(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    truth, predicted = rng.integers(0, 4, 90), rng.integers(-1, 4, 90)
    confusion = confusion_matrix(truth, predicted, 4)
    counts = ClassCounts.of(confusion)
    assert confusion[:, -1].sum() == (predicted == -1).sum() == counts.to_dict()["n_rejected"]
    assert counts.kappa == pytest.approx(metrics.cohen_kappa_score(truth, predicted), abs=1e-9)
    for taxon in range(4):
        others = truth != taxon
        assert counts.fall_out[taxon] == pytest.approx((predicted[others] == taxon).mean())
    np.testing.assert_allclose(counts.specificity + counts.fall_out, 1)


def test_a_class_that_was_never_the_answer_has_no_precision_and_is_counted() -> None:
    counts = ClassCounts.of(confusion_matrix(np.array([0, 1]), np.array([0, 0]), 2))
    assert np.isnan(counts.precision[1])
    assert counts.macro_precision == 0.5
    assert counts.to_dict()["n_undefined_precision"] == 1
    assert counts.macro_f1 == pytest.approx((2 / 3 + 0) / 2)


def test_nothing_to_measure_gives_no_figures() -> None:
    nothing = np.array([], np.int64)
    counts = ClassCounts.of(confusion_matrix(nothing, nothing, 3))
    assert counts.to_dict()["accuracy"] is None
    assert counts.to_dict()["kappa"] is None
    one_class = ClassCounts.of(confusion_matrix(np.array([0]), np.array([0]), 1))
    assert one_class.accuracy == 1.0
    assert np.isnan(one_class.kappa)


def test_the_table_holds_every_class_with_wilson_intervals() -> None:
    table = ALL.table(["Aa a", "Bb b", "Cc c", "Dd d", "Ee e"])
    interval = wilson(56, 61)
    assert table.loc[0, "sensitivity_low"] == pytest.approx(interval.low)
    assert table.loc[0, "sensitivity_high"] == pytest.approx(interval.high)
    assert table["n_predicted"].tolist() == [64, 72, 74, 71, 69]


def test_a_class_outside_the_range_is_refused() -> None:
    with pytest.raises(ValueError, match="truth 1 is class -1"):
        confusion_matrix(np.array([0, -1]), np.array([0, 0]), 2)
    with pytest.raises(ValueError, match="prediction 0 is class 2"):
        confusion_matrix(np.array([0]), np.array([2]), 2)


def test_counts_without_a_table_are_those_of_the_table() -> None:
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(0, 9, 300), rng.integers(-1, 9, 300)
    expected = ClassCounts.of(confusion_matrix(truth, predicted, 9))
    found = ClassCounts.count(truth, predicted, 9)
    times = rng.integers(0, 4, 300)
    again = ClassCounts.count(truth, predicted, 9, times)
    repeated = np.repeat(truth, times), np.repeat(predicted, times)
    twice = ClassCounts.of(confusion_matrix(*repeated, 9))
    for name in ("positives", "true_positives", "false_positives"):
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))
        np.testing.assert_array_equal(getattr(again, name), getattr(twice, name))
