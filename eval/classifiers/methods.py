"""What names a query, fitted on labelled images: neighbours or a classifier.

A new method is one function and one line in `METHODS`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple, Self

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Floats
from holotype.index.errors import UsageError
from holotype.index.identification.votes import NEIGHBOURS, shares_at, strongest, vote_weights
from holotype.index.vectors.brute_force import exact_knn
from holotype.index.ways import option
from holotype.training.baselines.config import LOGISTIC, TWO_LAYERS, ClassifierConfig
from holotype.training.tuning.tune import tune


class Named(NamedTuple):
    """What queries were named.

    Attributes:
        taxa: int64 [q], codes.
        scores: float64 [q], how sure that is, in [0, 1].
    """

    taxa: Codes
    scores: Floats


@dataclass(frozen=True, eq=False)
class Labelled:
    """Images that a method learns from.

    Attributes:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n], taxa of one rank, all known.
        groups: int64 [n], specimens.
    """

    vectors: Embeddings
    labels: Codes
    groups: Codes

    def at(self, rows: Codes) -> Self:
        """Return some rows."""
        return replace(
            self, vectors=self.vectors[rows], labels=self.labels[rows], groups=self.groups[rows]
        )


Method = Callable[[Labelled, Embeddings, int], Named]


def nearest_neighbours(known: Labelled, queries: Embeddings, _seed: int = 0) -> Named:
    """Name queries by the votes of their nearest images; see `identification.votes`.

    Args:
        known: the gallery.
        queries: float32 [q, dim], unit rows.
    """
    cosines, rows = exact_knn(queries, known.vectors, min(NEIGHBOURS, len(known.vectors)))
    taxa = np.where(rows >= 0, known.labels[rows], -1)
    return Named(*strongest(shares_at(vote_weights(cosines, taxa), taxa), taxa))


def tuned_neighbours(known: Labelled, queries: Embeddings, seed: int = 0) -> Named:
    """Name queries by the votes of their nearest images in a space that is tuned on the gallery.

    Raises:
        ValueError: too few taxa have two specimens.
    """
    apply = tune(known.vectors, known.labels, known.groups, seed=seed).projection.apply
    return nearest_neighbours(replace(known, vectors=apply(known.vectors)), apply(queries))


def _classifier(config: ClassifierConfig) -> Method:
    def named(known: Labelled, queries: Embeddings, seed: int = 0) -> Named:
        from holotype.training.baselines.fit import fit_classifier  # PyTorch takes a second

        fitted = fit_classifier(known.vectors, known.labels, replace(config, seed=seed))
        taxa, likelihood = fitted.likeliest(queries)
        return Named(taxa, likelihood.astype(np.float64))

    return named


METHODS: Mapping[str, Method] = {
    "knn": nearest_neighbours,
    "knn-tuned": tuned_neighbours,
    "logistic": _classifier(LOGISTIC),
    "mlp": _classifier(TWO_LAYERS),
}

TITLES: Mapping[str, str] = {
    "knn": "nearest neighbours",
    "knn-tuned": "nearest neighbours, space tuned on the gallery",
    "logistic": "logistic regression",
    "mlp": "perceptron of two hidden layers, 512 and 256",
}


def require_methods(names: Sequence[str]) -> tuple[str, ...]:
    """Return names of methods, each once.

    Raises:
        UsageError: there is none of a name, or nothing is named.
    """
    known = ", ".join(METHODS)
    if not names:
        raise UsageError(f"{option('classifiers')} names none; there are {known}")
    for name in names:
        if name not in METHODS:
            raise UsageError(f"There is no classifier '{name}'; there are {known}")
    return tuple(dict.fromkeys(names))


def name_all(
    method: str, known: Labelled, queries: Embeddings, *, where: str, seed: int = 0
) -> Named:
    """Fit a method and name queries.

    Args:
        method: its name.
        known: what it learns from.
        queries: float32 [q, dim].
        where: what it is fitted on, for the message.
        seed: of what is drawn.

    Raises:
        UsageError: it cannot be fitted on that.
    """
    try:
        return METHODS[method](known, queries, seed)
    except ValueError as error:
        raise UsageError(
            f"'{method}' cannot be fitted on {where} ({error}); leave it out of "
            f"{option('classifiers')}, or measure with a larger gallery"
        ) from error
