from __future__ import annotations

import numpy as np

from holotype.index.identification.votes import shares_at, strongest, vote_weights


def test_weights_fall_with_the_cosine_and_stop_at_three() -> None:
    scores = np.array([[0.9, 0.9, 0.9, 0.9, 0.85, -np.inf]], np.float32)
    classes = np.array([[1, 1, 1, 1, 2, -1]])
    weights = vote_weights(scores, classes)[0]
    assert weights[3] == weights[5] == 0
    np.testing.assert_allclose(weights[4] / weights[0], np.exp(-1), rtol=1e-4)
    np.testing.assert_allclose(weights.sum(), 1)


def test_shares_sum_up_the_lineage() -> None:
    generator = np.random.default_rng(0)
    weights = generator.dirichlet(np.ones(15), size=8)
    species = generator.integers(0, 6, (8, 15))
    genera = species // 2
    for row in range(8):
        expected = [weights[row][genera[row] == g].sum() for g in genera[row]]
        np.testing.assert_allclose(shares_at(weights, genera)[row], expected)


def test_unnamed_neighbours_do_not_vote() -> None:
    weights, taxa = np.array([[0.6, 0.2, 0.2]]), np.array([[-1, 4, 5]])
    np.testing.assert_allclose(shares_at(weights, taxa), [[0, 0.5, 0.5]])


def test_nobody_named_is_nobody_elected() -> None:
    taxa = np.full((1, 3), -1)
    weights = vote_weights(np.full((1, 3), -np.inf, np.float32), taxa)
    top, share = strongest(shares_at(weights, taxa), taxa)
    assert (top[0], share[0]) == (-1, 0)
