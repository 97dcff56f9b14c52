"""Classifiers in one sentence: what the chosen one does, beside nearest neighbours."""

from __future__ import annotations

from ...classifiers.grid import Grid
from .out_of import OutOf


def grid_in_words(found: Grid) -> str:
    """Return how many queries the chosen perceptron names rightly, and how many neighbours do."""
    chosen = found.chosen
    of = OutOf.all_of(found.n, found.test.estimate, found.neighbours.estimate)
    return (
        f"Of {of} pictures a perceptron of two hidden layers, at the learning rate of "
        f"{chosen.learning_rate:g} and the momentum of {chosen.momentum:g} that did best inside "
        f"the gallery, names {of.count(found.test.estimate)} rightly, nearest neighbours "
        f"{of.count(found.neighbours.estimate)}."
    )
