"""The gate: a checkpoint is offered only where it beats its start on pictures that it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings, Flags
from holotype.index.errors import UsageError
from holotype.index.vectors.brute_force import exact_knn

from ..tuning.folds import class_folds, specimen_folds
from ..tuning.recipes import EXPONENTS, Recipe
from ..tuning.scatter import gather
from ..tuning.scoring import Fold, Hits
from .config import GateConfig
from .pictures import Labelled

# A few that differ: each takes seconds where features of two networks stand side by side.
MAPS = (
    Recipe("power"),
    Recipe("wccn", {"shrinkage": 0.3}),
    Recipe("stretched", {"shrinkage": 0.5, "stretch": 1.5}),
    Recipe("stretched", {"shrinkage": 0.5, "stretch": 2.0}),
    Recipe("lda", {"shrinkage": 0.3}),
)

_SURE = 1.645  # standard errors: one side in twenty
_MOST_ROWS = 4000  # that judge, gallery included
_MOST_OF_SPECIES = 400  # of these: one species alone says little
_FEWEST = 2  # species that training can compare
_DEEPEST = 100  # neighbours that a ranking is judged by
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

    Of a large set species in random order judge, up to 4,000 pictures, and up to 400 of each; all
    that is kept back and does not judge is trained on. A specimen of which a picture is kept back
    is not trained on at all.

    Raises:
        UsageError: nothing is left to train on, or nothing to judge by.
    """
    species, groups = pictures.species, pictures.specimens
    judges = _judging(species, groups, seed)
    unseen = _unseen(species, groups, judges, config, seed)
    by_specimen = specimen_folds(species, groups, _folds(config.images), seed)
    queries = judges & ~unseen & (by_specimen == 0)
    # A species of which nothing would be left is not asked about.
    left = species[judges & ~_together(groups, queries | unseen)]
    queries &= np.isin(species, left)
    training = ~_together(groups, queries | unseen)
    _require(pictures, training, queries)
    judging = np.flatnonzero(judges)
    parts = (training, queries, unseen)
    fitted, asked, new = (np.flatnonzero(part[judging]) for part in parts)
    return Held(np.flatnonzero(training), judging, Fold(fitted, fitted, asked, new))


def _folds(share: float) -> int:
    return max(2, round(1 / share))


def _together(groups: Codes, rows: Flags) -> Flags:
    """Return all rows of the specimens that some rows are of, bool [n]."""
    found: Flags = np.isin(groups, groups[rows])
    return found


def _judging(species: Codes, groups: Codes, seed: int) -> Flags:
    """Return the rows of species, at random, until there are enough, bool [n].

    Of a large species it is whole specimens, at random too.
    """
    generator = np.random.default_rng(seed)
    rows = np.flatnonzero(species >= 0)
    drawn = generator.permutation(len(np.unique(species[rows])))
    _, specimen = np.unique(groups[rows], return_inverse=True)
    turns = generator.permutation(len(rows))[specimen]
    rows = rows[np.lexsort((turns, species[rows]))]
    named, starts, counts = np.unique(species[rows], return_index=True, return_counts=True)
    few = rows[np.arange(len(rows)) - np.repeat(starts, counts) < _MOST_OF_SPECIES]
    counts = np.minimum(counts, _MOST_OF_SPECIES)
    before = np.cumsum(counts[drawn]) - counts[drawn]
    judges = np.zeros(len(species), bool)
    judges[few] = True
    judges &= np.isin(species, named[drawn[before < _MOST_ROWS]])
    return judges


def _unseen(species: Codes, groups: Codes, judges: Flags, config: GateConfig, seed: int) -> Flags:
    """Return the rows of species that are kept back whole, bool [n].

    A species of one specimen finds nothing of its own, and of two species both are trained on.
    """
    pairs = np.unique(np.stack([species, groups])[:, judges], axis=1)
    named, specimens = np.unique(pairs[0], return_counts=True)
    if not config.species or len(named) <= _FEWEST:
        return np.zeros(len(species), bool)
    able = species[np.isin(species, named[specimens > 1])]
    drawn = class_folds(able, _folds(config.species), seed) == 0
    found: Flags = np.isin(species, able[drawn])
    return found


def _require(pictures: Labelled, training: Flags, queries: Flags) -> None:
    kinds = len(np.unique(pictures.species[training & (pictures.species >= 0)]))
    if kinds < _FEWEST:
        raise UsageError(
            f"{kinds} species would be left to train on; training compares species, so label two "
            "at least, better ten, or choose more with --where"
        )
    if queries.sum() < 2:
        raise UsageError(
            "No specimen can be kept back to judge training by: too few species have two "
            "specimens; name a second specimen of some species"
        )


@dataclass(frozen=True)
class Measured:
    """What queries of one kind found among all pictures that judge, their own specimen left out.

    Attributes:
        recall: whether the nearest was right.
        ranking: mean average precision at R (`map_at_r` of METHODS and of Musgrave, Belongie and
            Lim, arXiv 2003.08505), which tells more of a query than its nearest picture alone.
    """

    recall: Hits
    ranking: Hits

    @property
    def both(self) -> Hits:
        """The mean of the two, by query."""
        return Hits(self.recall.queries, (self.recall.right + self.ranking.right) / 2)

    def some(self, rows: NDArray[np.bool_]) -> Measured:
        """Return those of some queries."""
        parts = (Hits(one.queries[rows], one.right[rows]) for one in (self.recall, self.ranking))
        return Measured(*parts)


@dataclass(frozen=True)
class Candidate:
    """Features, and the map over them that judged best.

    Attributes:
        features: `start`, `trained`, or `trained+start`.
        recipe: of the map.
        exponent: the signed power before it.
        known: queries of species that were trained on.
        unseen: queries of species that were not; None where none was kept back.
        novelty: what these count for.
    """

    features: str
    recipe: Recipe
    exponent: float
    known: Measured
    unseen: Measured | None
    novelty: float

    @property
    def value(self) -> float:
        """Recall@1 and mAP@R together, on the stated mixture of known and unseen species."""
        known = self.known.both.recall
        if self.unseen is None:
            return known
        return (1 - self.novelty) * known + self.novelty * self.unseen.both.recall

    def error_to(self, other: Candidate) -> float:
        """Return the standard error of the difference in `value`, the queries being the same."""
        known = _error(self.known.both, other.known.both)
        if self.unseen is None or other.unseen is None:
            return known
        unseen = _error(self.unseen.both, other.unseen.both)
        return float(np.hypot((1 - self.novelty) * known, self.novelty * unseen))

    def kinds(self) -> Iterator[tuple[str, Measured]]:
        """Yield both kinds of queries with their names."""
        yield "known", self.known
        if self.unseen is not None:
            yield "unseen", self.unseen


def best_of(
    features: str,
    vectors: Embeddings,
    pictures: Labelled,
    held: Held,
    config: GateConfig,
    recipes: Sequence[Recipe] = MAPS,
    exponents: Sequence[float] = EXPONENTS,
) -> Candidate:
    """Return the best map over some features, of a few of those that tuning knows.

    Every map is fitted on the pictures that were trained on. Then those that were kept back look
    for their species among all that judge.

    Args:
        features: their name.
        vectors: float32 [len(held.judging), dim], unit rows.
    """
    species = pictures.species[held.judging]
    groups = pictures.specimens[held.judging]
    found = []
    for exponent in exponents:
        scatter = gather(vectors, species, held.fold.fitted, exponent=exponent)
        for recipe in recipes:
            shown = recipe.fit(scatter).apply(vectors)
            known = _measured(shown, species, groups, held.fold.queries)
            unseen = None
            if len(held.fold.unseen):
                unseen = _measured(shown, species, groups, held.fold.unseen)
            found.append(Candidate(features, recipe, exponent, known, unseen, config.novelty))
    return max(found, key=lambda one: one.value)


def _error(one: Hits, other: Hits) -> float:
    """Return the standard error of the difference in recall, were there none.

    McNemar's: two queries that both rise have no spread, and are no proof.
    """
    difference = one.right - other.right
    return float((difference @ difference) ** 0.5 / max(len(difference), 1))


def _measured(vectors: Embeddings, species: Codes, groups: Codes, queries: Codes) -> Measured:
    """Return what some rows find among all."""
    depth = int(min(np.bincount(species).max(), _DEEPEST))
    _, rows = exact_knn(
        vectors[queries],
        vectors,
        depth,
        query_groups=groups[queries],
        gallery_groups=groups,
    )
    own = species[queries]
    positives = _positives(species, groups, queries)
    right = (species[rows] == own[:, None]) & (rows >= 0)
    counted = np.minimum(positives, depth)
    inside = np.arange(depth) < counted[:, None]
    precision = np.cumsum(right, axis=1) / np.arange(1, depth + 1)
    average = (precision * right * inside).sum(1) / np.maximum(counted, 1)
    asked = positives > 0
    return Measured(
        Hits(queries[asked], right[asked, 0].astype(np.float64)),
        Hits(queries[asked], average[asked]),
    )


def _positives(species: Codes, groups: Codes, queries: Codes) -> Codes:
    """Return how many pictures of other specimens of its species each query has, int64 [q]."""
    of_species = np.bincount(species)
    pairs, member = np.unique(np.stack([species, groups]), axis=1, return_inverse=True)
    own = np.bincount(member, minlength=pairs.shape[1])[member]
    found: Codes = of_species[species[queries]] - own[queries]
    return found


@dataclass(frozen=True)
class Verdict:
    """Whether something beats what training started from, and what it is.

    Attributes:
        reasons: why it is not offered; empty where it is.
        features, kind, arguments, exponent: of the best map over what was trained.
        value: its recall@1 and mAP@R together, on the stated mixture.
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

    It is offered where recall@1 and mAP@R together, on the stated mixture of known and unseen
    species, are higher by more than 1.645 standard errors of the paired difference (McNemar's),
    and where recall@1 of neither known species, nor unseen ones, nor any category falls by more.

    Args:
        start: the best map over the start's features.
        others: the best maps over what was trained.
        categories: of each row that judges, empty where not known.
        done: how far the run is, 0 to 1.
    """
    best = max(others, key=lambda one: one.value)
    reasons = []
    if best.value - start.value <= _SURE * best.error_to(start):
        reasons.append(
            f"on pictures that were kept back, recall@1 and mAP@R together went from "
            f"{start.value:.3f} to {best.value:.3f}, which is not surely more"
        )
    for what, before, after in _parts(start, best, np.array(categories)):
        if before.recall - after.recall > _SURE * _error(before, after):
            reasons.append(
                f"recall@1 of {what} fell from {before.recall:.3f} to {after.recall:.3f}"
            )
    return Verdict(
        tuple(reasons),
        best.features,
        best.recipe.kind,
        best.recipe.arguments,
        best.exponent,
        best.value,
        _figures(start),
        _figures(best),
        done,
    )


def _parts(
    before: Candidate, after: Candidate, categories: NDArray[np.str_]
) -> Iterator[tuple[str, Hits, Hits]]:
    """Yield the parts whose recall may not fall: what, before, after."""
    for (kind, old), (_, new) in zip(before.kinds(), after.kinds(), strict=True):
        yield f"{kind} species", old.recall, new.recall
        of_query = categories[new.recall.queries]
        for category in np.unique(of_query):
            rows = of_query == category
            if not rows.all():
                of = f"of category '{category}'" if category else "without a category"
                name = f"{kind} species {of}"
                yield name, old.some(rows).recall, new.some(rows).recall


def _figures(found: Candidate) -> dict[str, Any]:
    said: dict[str, Any] = {"value": round(found.value, 4)}
    for kind, measured in found.kinds():
        said[f"{kind}_recall_at_1"] = round(measured.recall.recall, 4)
        said[f"{kind}_interval"] = _interval(measured.recall)
        said[f"{kind}_map_at_r"] = round(measured.ranking.recall, 4)
        said[f"{kind}_queries"] = len(measured.recall.right)
    return said


def _interval(hits: Hits) -> list[float]:
    """Return the 95 % interval of a recall, by resampling queries."""
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(hits.right), (_RESAMPLES, len(hits.right)))
    low, high = np.quantile(hits.right[drawn].mean(1), [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]
