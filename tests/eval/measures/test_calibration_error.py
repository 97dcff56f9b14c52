"""Calibration against scikit-learn and bins filled by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics
from sklearn.calibration import calibration_curve

from holotype.eval.measures.calibration_error import (
    measure_calibration,
    multiclass_brier,
    multiclass_nll,
    prior_weights,
    reliability,
)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("binning", "strategy"), [("mass", "quantile"), ("width", "uniform")])
def test_bins_equal_scikit_learns_calibration_curve(seed: int, binning: str, strategy: str) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    confidence = rng.random(500)
    correct = rng.random(500) < confidence**2
    table = reliability(confidence, correct, binning, bins=10).table  # type: ignore[arg-type]
    accuracy, stated = calibration_curve(correct, confidence, n_bins=10, strategy=strategy)
    np.testing.assert_allclose(table["accuracy"], accuracy, atol=1e-9)
    np.testing.assert_allclose(table["confidence"], stated, atol=1e-9)
    assert table["n"].sum() == 500


@pytest.mark.parametrize("seed", range(3))
def test_scores_equal_scikit_learn(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    confidence, correct = rng.random(200), rng.random(200) < 0.6
    found = measure_calibration(confidence, correct)
    assert found.brier == pytest.approx(metrics.brier_score_loss(correct, confidence), abs=1e-9)
    assert found.nll == pytest.approx(metrics.log_loss(correct, confidence), abs=1e-9)
    probabilities = rng.dirichlet(np.ones(4), 200)
    truth = rng.integers(0, 4, 200)
    assert multiclass_nll(probabilities, truth) == pytest.approx(
        metrics.log_loss(truth, probabilities, labels=range(4)), abs=1e-9
    )
    by_hand = ((probabilities - np.eye(4)[truth]) ** 2).sum(axis=1).mean()
    assert multiclass_brier(probabilities, truth) == pytest.approx(by_hand, abs=1e-12)


def test_the_error_of_a_hand_worked_case() -> None:
    confidence = np.array([0.5, 0.5, 0.5, 0.5, 0.9, 0.9])
    correct = np.array([True, True, False, False, True, False])
    found = reliability(confidence, correct, "width", bins=2)
    assert found.table["n"].tolist() == [4, 2]
    assert found.ece == pytest.approx((4 * 0.0 + 2 * 0.4) / 6)
    assert found.mce == pytest.approx(0.4)


def test_equal_confidences_share_a_bin_so_that_their_order_does_not_matter() -> None:
    rng = np.random.default_rng(0)
    confidence = np.repeat([0.2, 0.6, 1.0], [5, 37, 58])
    correct = rng.random(100) < confidence
    mixed = rng.permutation(100)
    found = reliability(confidence, correct, "mass")
    assert found.table["n"].tolist() == [5, 37, 58]
    assert found.ece == pytest.approx(reliability(confidence[mixed], correct[mixed], "mass").ece)


def test_a_calibrated_answer_has_no_error_and_a_boastful_one_has() -> None:
    rng = np.random.default_rng(1)
    confidence = rng.uniform(0.5, 1, 20000)
    correct = rng.random(20000) < confidence
    assert measure_calibration(confidence, correct).mass.ece < 0.02
    assert measure_calibration((1 + confidence) / 2, correct).mass.ece == pytest.approx(
        0.125, abs=0.02
    )


def test_weights_state_the_share_of_novel_specimens() -> None:
    novel = np.repeat([False, True], [90, 10])
    weights = prior_weights(novel, 0.5)
    assert weights.mean() == pytest.approx(1)
    assert weights[novel].sum() == pytest.approx(50)
    confidence, correct = np.full(100, 0.5), ~novel
    assert measure_calibration(confidence, correct, weights).mass.ece == pytest.approx(0)
    assert measure_calibration(confidence, correct).mass.ece == pytest.approx(0.4)
    none = prior_weights(novel, 0.0)
    assert measure_calibration(confidence, correct, none).mass.table["n"].tolist() == [90]
    assert prior_weights(np.zeros(3, bool), 0.0).tolist() == [1, 1, 1]


@pytest.mark.parametrize("prior", [-0.1, 1.5])
def test_a_prior_that_is_no_share_is_refused(prior: float) -> None:
    with pytest.raises(ValueError, match="novelty prior is"):
        prior_weights(np.array([True, False]), prior)


def test_a_prior_for_specimens_that_are_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="0 of 2 are novel"):
        prior_weights(np.array([False, False]), 0.2)
    with pytest.raises(ValueError, match="2 of 2 are novel"):
        prior_weights(np.array([True, True]), 0.2)


def test_a_confidence_that_is_no_probability_is_refused() -> None:
    for bad in (1.01, -0.2, np.nan):
        with pytest.raises(ValueError, match="confidence 1 is"):
            measure_calibration(np.array([0.5, bad]), np.array([True, True]))


def test_nothing_to_calibrate_gives_no_figures() -> None:
    found = measure_calibration(np.array([]), np.array([], bool)).to_dict()
    assert found["n"] == 0
    assert found["brier"] is None
    assert found["equal_mass"] == {"ece": None, "mce": None, "bins": []}
