"""The log-ratio of the two-covariance model against the Gaussians that define it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import multivariate_normal

from holotype.index.identification.likelihood import Likelihood, fit_likelihood
from holotype.index.vectors.projection import Projection

DIM = 6


def draw(classes: int = 5, seed: int = 3) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    rng = np.random.default_rng(seed)
    member = np.repeat(np.arange(classes), rng.integers(1, 6, classes))
    centres = rng.normal(size=(classes, DIM))
    vectors = centres[member] + 0.4 * rng.normal(size=(len(member), DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float32), member


def identity() -> Projection:
    return Projection(np.zeros(DIM, np.float32), np.eye(DIM, dtype=np.float32), "power")


def fitted(vectors: NDArray[np.float32], member: NDArray[np.int64]) -> Likelihood:
    """Fit on two blocks of specimens."""
    blocks = [(vectors[half], member[half]) for half in (slice(0, 2), slice(2, None))]
    return fit_likelihood(identity(), blocks, int(member.max()) + 1)


def ratios(model: Likelihood, vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare every vector with every class."""
    every = np.arange(len(model.specimens.counts))
    return np.stack(model.log_ratios(model.placed(vectors), [every] * len(vectors)))


def test_it_is_the_ratio_of_joint_and_separate_likelihoods() -> None:
    vectors, member = draw()
    model = fitted(vectors, member)
    between = model.shape.elsewhere * np.eye(DIM)
    between += (
        model.shape.axes * (model.shape.between - model.shape.elsewhere)
    ) @ model.shape.axes.T
    # Along the axes alone is where specimens of the gallery are remembered.
    placed = model.shape.origin + model.along(vectors) @ model.shape.axes.T
    query = vectors[0] * model.shape.scale
    for row, found in enumerate(ratios(model, vectors[:1])[0]):
        own = placed[member == row]
        n = len(own)
        joint = np.kron(np.ones((n + 1, n + 1)), between) + np.eye((n + 1) * DIM)
        together = multivariate_normal(np.tile(model.shape.origin, n + 1), joint)
        alone = multivariate_normal(model.shape.origin, between + np.eye(DIM))
        separate = multivariate_normal(np.tile(model.shape.origin, n), joint[: n * DIM, : n * DIM])
        expected = together.logpdf(np.concatenate([own.ravel(), query]))
        expected -= alone.logpdf(query) + separate.logpdf(own.ravel())
        np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_members_are_likelier_in_their_class_and_strangers_in_none() -> None:
    vectors, member = draw(classes=12)
    inside = member < 9
    model = fitted(vectors[inside], member[inside])
    own = ratios(model, vectors[inside])
    assert (own.argmax(axis=1) == member[inside]).mean() > 0.8
    assert own.max(axis=1).mean() > ratios(model, vectors[~inside]).max(axis=1).mean()


def test_one_specimen_of_each_class_is_enough_to_compute() -> None:
    vectors, _ = draw()
    model = fitted(vectors[:4], np.arange(4))
    assert np.isfinite(ratios(model, vectors)).all()


def test_one_class_alone() -> None:
    vectors, _ = draw()
    model = fitted(vectors[:3], np.zeros(3, np.int64))
    assert ratios(model, vectors).shape == (len(vectors), 1)


def test_what_a_class_is_without_a_specimen_does_not_depend_on_the_order_of_the_classes() -> None:
    vectors, member = draw()
    found, first = [], np.zeros(1, np.int64)
    for order in (np.arange(5), np.array([3, 0, 4, 2, 1])):
        model = fitted(vectors, order[member])
        for row in range(len(vectors)):
            left = model.without(order[member[row : row + 1]], vectors[row : row + 1], first)
            found.append(model.log_ratios_to(model.placed(vectors[row : row + 1]), left)[0, 0])
    one, other = np.split(np.array(found), 2)
    np.testing.assert_allclose(one, other, rtol=1e-9, atol=1e-9)
