"""Learning rate against momentum: chosen inside the gallery, the queries asked once, at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Embeddings, Floats
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.identification.kept_calibration import source_vectors
from holotype.index.ways import option
from holotype.training.baselines.config import TWO_LAYERS, ClassifierConfig

from ..measures.averages import number
from ..measures.intervals import Interval
from ..protocols.fitted import refuse_trained
from ..protocols.leaks import find_leaks_of, refuse_leaks
from ..protocols.protocol import Protocol, named, protocol_of
from ..splits.splits import grouped_kfold
from .methods import Labelled, nearest_neighbours
from .resampled import figures_with_intervals

RATES = (0.003, 0.01, 0.03, 0.1, 0.3)
MOMENTA = (0.0, 0.5, 0.9)

_PARTS = 4  # of the gallery; one of them chooses


@dataclass(frozen=True, eq=False)
class Grid:
    """A perceptron learned at every pair of a learning rate and a momentum.

    Attributes:
        rank: the taxa that are told apart.
        rates, momenta: what was tried.
        accuracy: float64 [rates, momenta], on the part of the gallery that chooses; NaN where
            nothing was learned since the loss grew beyond all numbers.
        n_fitted, n_chosen_on: images of the gallery that each cell was fitted on, and judged on.
        chosen: the config of the best cell; of equal ones that of the smaller rate.
        n: queries that were asked.
        test: accuracy of the chosen one on the queries, fitted on the whole gallery.
        neighbours: accuracy of nearest neighbours on the same queries.
        gain: what the chosen one has more than these, paired.
    """

    protocol: Protocol
    rank: str
    rates: tuple[float, ...]
    momenta: tuple[float, ...]
    accuracy: Floats
    n_fitted: int
    n_chosen_on: int
    chosen: ClassifierConfig
    n: int
    test: Interval
    neighbours: Interval
    gain: Interval

    def table(self) -> pd.DataFrame:
        """Return one row a cell: learning_rate, momentum, accuracy, chosen."""
        picked = (self.chosen.learning_rate, self.chosen.momentum)
        rows = [
            (rate, momentum, self.accuracy[row, column], (rate, momentum) == picked)
            for row, rate in enumerate(self.rates)
            for column, momentum in enumerate(self.momenta)
        ]
        return pd.DataFrame(rows, columns=["learning_rate", "momentum", "accuracy", "chosen"])

    def to_dict(self) -> dict[str, Any]:
        """Return the grid as JSON-ready values."""
        return {
            "protocol": {**self.protocol.to_dict(), "name": "grid"},
            "rank": self.rank,
            "learning_rates": list(self.rates),
            "momenta": list(self.momenta),
            "accuracy": [[number(cell) for cell in row] for row in self.accuracy],
            "n_fitted": self.n_fitted,
            "n_chosen_on": self.n_chosen_on,
            "chosen": self.chosen.to_dict(),
            "n": self.n,
            "test_accuracy": self.test.to_dict(),
            "knn_accuracy": self.neighbours.to_dict(),
            "gain": self.gain.to_dict(),
        }


def evaluate_grid(
    collection: Collection,
    *,
    query: Sequence[str],
    gallery: Sequence[str],
    space: str | None = None,
    seed: int = 0,
    config: ClassifierConfig = TWO_LAYERS,
    rates: Sequence[float] = RATES,
    momenta: Sequence[float] = MOMENTA,
) -> Grid:
    """Choose a learning rate and a momentum on a quarter of the gallery, then ask the queries once.

    Args:
        query, gallery: conditions on the two sides; both are needed.
        space: features are what its encoder gives.
        seed: of the quarter, and of every fit.
        config: all else of the perceptron; it learns by stochastic gradient descent.
        rates, momenta: what is tried.

    Raises:
        UsageError: a side is missing, a condition is off, no query can be answered, or the gallery
            is too small.
        LeakError: specimens or copies stand on both sides.
        FittedError: the encoder was trained on queries.
    """
    images = named(collection, space)
    if not (query and gallery):
        raise UsageError(
            f"grid needs {option('query')} and {option('gallery')}, such as split=test and "
            "split=train"
        )
    protocol = protocol_of(collection, images, query, gallery)
    refuse_trained(collection, images, protocol.query_rows, "grid")
    refuse_leaks(
        collection, images, find_leaks_of(collection, images, protocol.split), allowable=False
    )
    labels = images.labels(images.ranks[-1]).codes
    table = Labelled(source_vectors(collection, images), labels, images.specimens)
    held = protocol.gallery_rows[labels[protocol.gallery_rows] >= 0]
    asked = protocol.query_rows[np.isin(labels[protocol.query_rows], labels[held])]
    if not len(asked):
        raise UsageError("No query is of a taxon that the gallery holds; name other conditions")
    config = replace(config, optimiser="sgd", seed=seed)
    known = table.at(held)
    fitted, judged = _parts(known, seed)
    accuracy = _accuracies(known.at(fitted), known.at(judged), config, rates, momenta)
    chosen = _best(config, rates, momenta, accuracy)
    truth, vectors = labels[asked], table.vectors[asked]
    answers = [nearest_neighbours(known, vectors).taxa, _named(known, vectors, chosen)]
    figures, gains = figures_with_intervals(truth, answers, images.specimens[asked])
    return Grid(
        protocol,
        images.ranks[-1],
        tuple(rates),
        tuple(momenta),
        accuracy,
        len(fitted),
        len(judged),
        chosen,
        len(asked),
        figures[1]["accuracy"],
        figures[0]["accuracy"],
        gains[1]["accuracy"],
    )


def _parts(known: Labelled, seed: int) -> tuple[Codes, Codes]:
    """Return the rows of a gallery to fit on and to choose on, specimens whole.

    Raises:
        UsageError: there are too few specimens, or taxa.
    """
    try:
        split = grouped_kfold(known.labels, known.groups, _PARTS, seed)[0]
    except ValueError as error:
        raise UsageError(
            f"The gallery is too small to choose on a part of it ({error}); name a larger one"
        ) from error
    if len(np.unique(known.labels[split.gallery])) < 2:
        raise UsageError("The gallery holds one taxon, so there is nothing to tell apart")
    return split.gallery, split.query


def _accuracies(
    fitted: Labelled,
    judged: Labelled,
    config: ClassifierConfig,
    rates: Sequence[float],
    momenta: Sequence[float],
) -> Floats:
    """Return the accuracy of every cell, float64 [rates, momenta]; NaN where it diverges."""
    from holotype.training.baselines.fit import DivergenceError  # PyTorch takes a second

    found = np.full((len(rates), len(momenta)), np.nan)
    for row, rate in enumerate(rates):
        for column, momentum in enumerate(momenta):
            cell = replace(config, learning_rate=rate, momentum=momentum)
            try:
                answers = _named(fitted, judged.vectors, cell)
            except DivergenceError:
                continue
            found[row, column] = (answers == judged.labels).mean()
    return found


def _named(known: Labelled, vectors: Embeddings, config: ClassifierConfig) -> Codes:
    from holotype.training.baselines.fit import fit_classifier

    return fit_classifier(known.vectors, known.labels, config).likeliest(vectors)[0]


def _best(
    config: ClassifierConfig, rates: Sequence[float], momenta: Sequence[float], accuracy: Floats
) -> ClassifierConfig:
    """Return the config of the best cell, the first of equal ones.

    Raises:
        UsageError: nothing was learned in any.
    """
    if np.isnan(accuracy).all():
        raise UsageError(f"Nothing is learned at rates from {min(rates):g}; give smaller ones")
    row, column = divmod(int(np.nanargmax(accuracy)), len(momenta))
    return replace(config, learning_rate=rates[row], momentum=momenta[column])
