"""The gate: a checkpoint is offered only where it beats its start on pictures that it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings
from holotype.index.errors import UsageError

from ..tuning.folds import class_folds, specimen_folds
from ..tuning.recipes import EXPONENTS, RECIPES, Recipe
from ..tuning.scoring import Fold, Hits, Score, gather_folds, score
from .config import GateConfig
from .pictures import Labelled

_SURE = 1.645  # standard errors: one side in twenty
_MOST_ROWS = 4000  # that judge, gallery included
_RESAMPLES = 1000


@dataclass(frozen=True)
class Held:
    """What is kept back to judge by.

    Attributes:
        training: int64 rows that are trained on.
        judging: int64 rows that the gate embeds.
        fold: the same of `judging`: what is fitted on, gallery, queries, unseen; places in it.
    """

    training: Codes
    judging: Codes
    fold: Fold


def hold_back(pictures: Labelled, config: GateConfig, seed: int) -> Held:
    """Keep back specimens of each species, and whole species.

    Of a large set whole species in random order judge, up to 4,000 pictures; all that is kept back
    and does not judge is trained on.

    Raises:
        UsageError: nothing is left to train on, or nothing to judge by.
    """
    species, groups = pictures.species, pictures.specimens
    judges = _judging(species, seed)
    unseen = np.zeros(len(species), bool)
    if config.species:
        unseen = judges & (class_folds(species, _parts(config.species), seed) == 0)
    by_specimen = specimen_folds(species, groups, _parts(config.images), seed)
    queries = judges & ~unseen & (by_specimen == 0)
    # A species of which nothing would be left is not asked about.
    left = np.unique(species[~unseen & (by_specimen != 0)])
    queries &= np.isin(species, left)
    training = ~unseen & ~queries
    _require(pictures, training, queries)
    judging = np.flatnonzero(judges)
    places = [np.flatnonzero(part[judging]) for part in (training, queries, unseen)]
    fold = Fold(places[0], places[0], places[1], places[2])
    return Held(np.flatnonzero(training), judging, fold)


def _parts(share: float) -> int:
    return max(2, round(1 / share))


def _judging(species: Codes, seed: int) -> Any:
    """Return the rows of whole species, at random, until there are enough, bool [n]."""
    named, member = np.unique(species, return_inverse=True)
    counts = np.bincount(member)
    order = np.random.default_rng(seed).permutation(len(named))
    before = np.cumsum(counts[order]) - counts[order]
    enough = np.zeros(len(named), bool)
    enough[order[before < _MOST_ROWS]] = True
    return enough[member] & (species >= 0)


def _require(pictures: Labelled, training: Any, queries: Any) -> None:
    kinds = len(np.unique(pictures.species[training & (pictures.species >= 0)]))
    if kinds < 2:
        raise UsageError(
            f"{kinds} species would be left to train on; training compares species, so label two "
            "at least, better ten, or choose more with --where"
        )
    if queries.sum() < 2:
        raise UsageError(
            "No specimen can be kept back to judge training by: no species has two specimens; "
            "label more, or use 'holotype tune'"
        )


@dataclass(frozen=True)
class Candidate:
    """Features, and the map over them that judged best.

    Attributes:
        features: `start`, `trained`, or `trained+start`.
        recipe: of the map.
        exponent: the signed power before it.
        score: hits of queries of known and of unseen species.
    """

    features: str
    recipe: Recipe
    exponent: float
    score: Score


def best_of(
    features: str, vectors: Embeddings, pictures: Labelled, held: Held, config: GateConfig
) -> Candidate:
    """Return the best map over some features, of those that tuning knows.

    Args:
        features: their name.
        vectors: float32 [len(held.judging), dim], unit rows.
    """
    species = pictures.species[held.judging]
    groups = pictures.specimens[held.judging]
    found = []
    for exponent in EXPONENTS:
        scatters = gather_folds(vectors, species, [held.fold], exponent)
        scores = score(RECIPES, vectors, species, groups, [held.fold], scatters, config.novelty)
        found += [Candidate(features, r, exponent, s) for r, s in zip(RECIPES, scores, strict=True)]
    return max(found, key=lambda one: value_of(one.score))


def value_of(found: Score) -> float:
    """Return recall@1 on the stated mixture; of known species alone where none is unseen."""
    return found.value if len(found.unseen.right) else found.known.recall


@dataclass(frozen=True)
class Verdict:
    """Whether something beats what training started from, and what it is.

    Attributes:
        reasons: why it is not offered; empty where it is.
        features, kind, arguments, exponent: of the best map over what was trained.
        value: its recall@1 on the stated mixture.
        start, trained: figures with 95 % intervals, as JSON-ready values.
        done: how far the run was.
    """

    reasons: tuple[str, ...]
    features: str
    kind: str
    arguments: dict[str, float]
    exponent: float
    value: float
    start: dict[str, Any]
    trained: dict[str, Any]
    done: float = 1.0

    @property
    def is_better(self) -> bool:
        """Whether it is offered."""
        return not self.reasons

    @property
    def recipe(self) -> Recipe:
        """The map over the features."""
        return Recipe(self.kind, self.arguments)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "better": self.is_better,
            "reasons": list(self.reasons),
            "features": self.features,
            "recipe": str(self.recipe),
            "exponent": self.exponent,
            "start": self.start,
            "trained": self.trained,
        }


def judge(
    start: Candidate,
    others: Sequence[Candidate],
    categories: Sequence[str],
    done: float = 1.0,
) -> Verdict:
    """Compare what was trained with its start.

    It is offered where recall@1 on the stated mixture of known and unseen species is higher by
    more than 1.645 standard errors of the paired difference, and where neither known species, nor
    unseen ones, nor any category falls by more than that.

    Args:
        start: the best map over the start's features.
        others: the best maps over what was trained.
        categories: of each row that judges, empty where not known.
        done: how far the run is, 0 to 1.
    """
    best = max(others, key=lambda one: value_of(one.score))
    gain = value_of(best.score) - value_of(start.score)
    error = _error(best.score, start.score)
    reasons = []
    if gain <= _SURE * error:
        reasons.append(
            f"recall@1 on pictures that were kept back went from {value_of(start.score):.3f} to "
            f"{value_of(best.score):.3f}, which is not surely more"
        )
    for what, before, after in _parts_of(start.score, best.score, np.array(categories)):
        difference = after.recall - before.recall
        if difference < -_SURE * after.difference_variance(before) ** 0.5:
            reasons.append(f"{what} fell from {before.recall:.3f} to {after.recall:.3f}")
    return Verdict(
        tuple(reasons),
        best.features,
        best.recipe.kind,
        best.recipe.arguments,
        best.exponent,
        value_of(best.score),
        _figures(start.score),
        _figures(best.score),
        done,
    )


def _error(after: Score, before: Score) -> float:
    if len(after.unseen.right):
        return after.difference_error(before)
    return after.known.difference_variance(before.known) ** 0.5


def _parts_of(
    before: Score, after: Score, categories: NDArray[np.str_]
) -> Iterator[tuple[str, Hits, Hits]]:
    """Yield the parts of the judgement that may not fall: what, before, after."""
    kinds = (("known species", "known"), ("unseen species", "unseen"))
    for what, kind in kinds:
        old, new = getattr(before, kind), getattr(after, kind)
        if not len(new.right):
            continue
        yield what, old, new
        for category in np.unique(categories[new.queries]):
            rows = categories[new.queries] == category
            if not rows.all():
                yield f"{what} of category '{category}'", _some(old, rows), _some(new, rows)


def _some(hits: Hits, rows: Any) -> Hits:
    return Hits(hits.queries[rows], hits.right[rows])


def _figures(found: Score) -> dict[str, Any]:
    said: dict[str, Any] = {"value": round(value_of(found), 4)}
    for what, hits in (("known", found.known), ("unseen", found.unseen)):
        if len(hits.right):
            said[f"{what}_recall_at_1"] = round(hits.recall, 4)
            said[f"{what}_interval"] = _interval(hits)
            said[f"{what}_queries"] = len(hits.right)
    return said


def _interval(hits: Hits) -> list[float]:
    """Return the 95 % interval of a recall, by resampling queries."""
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(hits.right), (_RESAMPLES, len(hits.right)))
    low, high = np.quantile(hits.right[drawn].mean(1), [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]
