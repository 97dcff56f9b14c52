"""A better space in seconds: choose a linear map by cross-validation, then fit it on everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Embeddings
from holotype.index.vectors.brute_force import check_unit_rows
from holotype.index.vectors.projection import Projection

from .recipes import EXPONENTS, RECIPES, REFERENCE, Recipe
from .scatter import gather
from .scoring import Score, gather_folds, score, simplest_good, split


@dataclass(frozen=True)
class Trial:
    """One recipe as cross-validation judged it.

    Attributes:
        recipe: what was fitted.
        exponent: the signed power that came first.
        score: its hits.
    """

    recipe: Recipe
    exponent: float
    score: Score

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON-ready values, recalls in [0, 1]."""
        return {
            "recipe": str(self.recipe),
            "exponent": self.exponent,
            "known_recall_at_1": self.score.known.recall,
            "unseen_recall_at_1": self.score.unseen.recall,
            "value": self.score.value,
        }


@dataclass(frozen=True)
class Tuned:
    """The chosen projection, and everything that was tried in the order from simple to rich."""

    projection: Projection
    chosen: Trial
    trials: list[Trial]


def tune(
    vectors: Embeddings, labels: Codes, groups: Codes, *, novelty: float = 0.2, seed: int = 0
) -> Tuned:
    """Choose and fit a projection on labelled embeddings.

    First the exponent that does best with within-class whitening, then the simplest method within
    one standard error of the best one with that exponent.

    Args:
        vectors: float32 [n, dim], unit rows; training images only.
        labels: int64 [n], species codes, -1 where there is none.
        groups: int64 [n], specimens.
        novelty: the share of specimens expected to be of species without any label, in [0, 1]:
            what recall on unseen species counts for in the choice.
        seed: of the splits.

    Raises:
        ValueError: rows that are not unit rows, or too few species with two specimens.
    """
    check_unit_rows(vectors)
    folds = split(labels, groups, seed)
    gathered = {e: gather_folds(vectors, labels, folds, e) for e in EXPONENTS}
    first = [
        score([REFERENCE], vectors, labels, groups, folds, gathered[e], novelty)[0]
        for e in EXPONENTS
    ]
    exponent = EXPONENTS[int(np.argmax([s.value for s in first]))]
    trials = [Trial(REFERENCE, e, s) for e, s in zip(EXPONENTS, first, strict=True)]
    scores = score(RECIPES, vectors, labels, groups, folds, gathered[exponent], novelty)
    tried = [Trial(r, exponent, s) for r, s in zip(RECIPES, scores, strict=True)]
    chosen = tried[simplest_good(scores)]
    projection = chosen.recipe.fit(gather(vectors, labels, exponent=exponent))
    trials = [t for t in trials if t.exponent != exponent] + tried
    card = {
        **projection.card,
        "seed": seed,
        "novelty": novelty,
        "trials": [t.to_dict() for t in trials],
    }
    return Tuned(replace(projection, card=card), chosen, trials)
