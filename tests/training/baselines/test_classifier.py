"""Classifiers on fixed features: right, the same twice, and what is written is read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from holotype.index.errors import CorruptError, MismatchError
from holotype.index.vectors.fitted_on import FittedOn
from holotype.training.baselines.classifier import FILES, Classifier
from holotype.training.baselines.config import LOGISTIC, ClassifierConfig
from holotype.training.baselines.fit import DivergenceError, fit_classifier

SMALL = ClassifierConfig(hidden=(32, 16), dropout=0.3, epochs=30, least_steps=0, batch=32)


def clouds(
    n: int = 240, dim: int = 8, classes: int = 4, spread: float = 0.3, seed: int = 0
) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return features around a centre a class, and the classes 10, 20, 30 …"""
    rng = np.random.default_rng(seed)
    codes = rng.integers(classes, size=n)
    centres = np.random.default_rng(7).standard_normal((classes, dim))
    features = centres[codes] + spread * rng.standard_normal((n, dim))
    return features.astype(np.float32), 10 * (codes + 1)


@pytest.mark.parametrize("config", [LOGISTIC, SMALL], ids=["logistic", "two layers"])
def test_new_images_of_the_classes_are_told_apart(config: ClassifierConfig) -> None:
    fitted = fit_classifier(*clouds(), config)
    features, labels = clouds(seed=1)
    found = fitted.probabilities(features)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)
    codes, likelihood = fitted.likeliest(features)
    np.testing.assert_array_equal(codes, fitted.codes[found.argmax(axis=1)])
    np.testing.assert_array_equal(likelihood, found.max(axis=1))
    assert (codes == labels).mean() > 0.95


def test_without_hidden_layers_it_is_the_logistic_regression_of_scikit_learn() -> None:
    features, labels = clouds(spread=1.5)
    config = ClassifierConfig(hidden=(), dropout=0, epochs=300, learning_rate=0.02, weight_decay=0)
    fitted = fit_classifier(features, labels, config)
    standardised = (features - features.mean(0)) / features.std(0)
    reference = LogisticRegression(C=1e6, max_iter=2000).fit(standardised, labels)
    expected = reference.predict_proba(standardised)
    np.testing.assert_allclose(fitted.probabilities(features), expected, atol=0.02)


def test_two_layers_learn_what_no_line_parts() -> None:
    rng = np.random.default_rng(0)
    features = rng.standard_normal((400, 2)).astype(np.float32)
    labels = (features[:, 0] * features[:, 1] > 0).astype(np.int64)
    right = {}
    for name, config in (("line", LOGISTIC), ("layers", ClassifierConfig((64, 32), dropout=0.1))):
        codes, _ = fit_classifier(features, labels, config).likeliest(features)
        right[name] = (codes == labels).mean()
    assert right["line"] < 0.7
    assert right["layers"] > 0.9


def test_the_same_seed_gives_the_same_numbers_and_another_does_not() -> None:
    features, labels = clouds()
    first, again = (fit_classifier(features, labels, SMALL) for _ in range(2))
    other = fit_classifier(features, labels, ClassifierConfig(**{**vars(SMALL), "seed": 1}))
    np.testing.assert_array_equal(first.probabilities(features), again.probabilities(features))
    assert (first.probabilities(features) != other.probabilities(features)).any()


def test_images_without_a_name_and_features_without_spread_change_nothing() -> None:
    features, labels = clouds()
    constant = np.full((len(features), 1), 0.25, np.float32)
    unnamed = np.vstack([features, 100 * features[:50]])
    fitted = fit_classifier(
        np.hstack([unnamed, np.full((len(unnamed), 1), 0.25, np.float32)]),
        np.concatenate([labels, np.full(50, -1)]),
        SMALL,
    )
    codes, _ = fitted.likeliest(np.hstack([features, constant]))
    assert (codes == labels).mean() > 0.95
    assert fitted.scale[-1] == 0
    assert fitted.card["images"] == len(features)


def test_what_is_saved_is_loaded(tmp_path: Path) -> None:
    features, labels = clouds()
    names = [f"species {code}" for code in range(50)]
    seen = FittedOn.of(["ab" * 32], ["specimen-1"])
    fitted = fit_classifier(features, labels, SMALL, names=names, fitted_on=seen)
    fitted.save(tmp_path / "made")
    read = Classifier.load(tmp_path / "made")
    np.testing.assert_array_equal(read.probabilities(features), fitted.probabilities(features))
    assert read.classes == ("species 10", "species 20", "species 30", "species 40")
    np.testing.assert_array_equal(read.codes, [10, 20, 30, 40])
    assert read.fitted_on is not None
    assert read.fitted_on.saw(["ab" * 32])
    assert not read.fitted_on.saw(["cd" * 32])
    card = json.loads((tmp_path / "made" / FILES[0]).read_text())
    assert card["classes"] == list(read.classes)
    assert card["fitted_on"] == {"images": 1, "specimens": 1, "recorded": True}
    assert card["config"]["hidden"] == [32, 16]


@pytest.mark.parametrize(
    ("file", "content"),
    [(FILES[0], b"{}"), (FILES[0], b'{"format": 9}'), (FILES[1], b"no tensors"), (FILES[1], None)],
)
def test_damaged_files_are_refused_in_a_sentence(
    tmp_path: Path, file: str, content: bytes | None
) -> None:
    fit_classifier(*clouds(), LOGISTIC).save(tmp_path)
    if content is None:
        (tmp_path / file).unlink()
    else:
        (tmp_path / file).write_bytes(content)
    with pytest.raises(CorruptError, match="holds no classifier that can be read"):
        Classifier.load(tmp_path)


def test_layers_of_another_classifier_are_refused(tmp_path: Path) -> None:
    fit_classifier(*clouds(dim=8, classes=3), LOGISTIC).save(tmp_path / "three")
    fit_classifier(*clouds(), LOGISTIC).save(tmp_path / "four")
    (tmp_path / "four" / FILES[1]).replace(tmp_path / "three" / FILES[1])
    with pytest.raises(CorruptError, match="4 outputs for 3 classes"):
        Classifier.load(tmp_path / "three")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimiser": "lion"}, "optimiser is 'lion'; there are adam and sgd"),
        ({"dropout": 1.0}, "dropout is 1.0; it must be at least 0 and below 1"),
        ({"hidden": (0,)}, r"hidden is \(0,\); it must hold widths"),
        ({"learning_rate": 0.0}, "learning_rate is 0.0; it must be above 0"),
        ({"epochs": 0}, "epochs is 0; it must be at least 1"),
    ],
)
def test_numbers_that_are_off_are_named(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ClassifierConfig(**change)


def test_what_cannot_be_fitted_is_said() -> None:
    features, labels = clouds()
    with pytest.raises(ValueError, match="of 1 class; a classifier needs at least 2"):
        fit_classifier(features, np.zeros(len(labels), np.int64))
    with pytest.raises(ValueError, match="240 rows of features and 3 labels"):
        fit_classifier(features, labels[:3])
    with pytest.raises(ValueError, match="NaN or infinity"):
        fit_classifier(np.where(features == features[3, 3], np.nan, features), labels)
    wild = ClassifierConfig(optimiser="sgd", learning_rate=1e6, momentum=0.99, dropout=0, epochs=20)
    with pytest.raises(DivergenceError, match="learning rate of 1e"):
        fit_classifier(features, labels, wild)
    with pytest.raises(MismatchError, match="takes 8 features"):
        fit_classifier(features, labels, LOGISTIC).probabilities(features[:, :4])
