"""A better space in seconds: choose a linear map by cross-validation, then fit it on everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from holotype.index.arrays import Codes, Embeddings
from holotype.index.vectors.brute_force import check_unit_rows
from holotype.index.vectors.projection import Projection

from .recipes import CANDIDATES, Recipe
from .scatter import gather
from .scoring import Score, first_or_better, gather_folds, score, split


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
    """The chosen projection, and everything that was tried, the default recipe first."""

    projection: Projection
    chosen: Trial
    trials: list[Trial]


def tune(
    vectors: Embeddings, labels: Codes, groups: Codes, *, novelty: float = 0.2, seed: int = 0
) -> Tuned:
    """Choose and fit a projection on labelled embeddings.

    `recipes.DEFAULT`, unless cross-validation finds another candidate surely better.

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
    trials = []
    for exponent, recipes in CANDIDATES.items():
        gathered = gather_folds(vectors, labels, folds, exponent)
        found = score(recipes, vectors, labels, groups, folds, gathered, novelty)
        trials += [Trial(r, exponent, s) for r, s in zip(recipes, found, strict=True)]
    chosen = trials[first_or_better([trial.score for trial in trials])]
    projection = chosen.recipe.fit(gather(vectors, labels, exponent=chosen.exponent))
    card = {
        **projection.card,
        "seed": seed,
        "novelty": novelty,
        "trials": [t.to_dict() for t in trials],
    }
    return Tuned(replace(projection, card=card), chosen, trials)
