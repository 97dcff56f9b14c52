"""Choosing among linear maps by grouped cross-validation, inside the training images only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings
from holotype.index.vectors.brute_force import exact_knn
from holotype.index.vectors.projection import Projection

from .folds import class_folds, specimen_folds
from .parallel import on_all_cores
from .recipes import Recipe
from .scatter import Scatter, gather

# Each fold is fitted on 16/25 of the specimens. With three folds it were 4/9: maps that need more
# than that look worse than they are.
FOLDS = 5
_FEWEST_SPECIES = 3
_ROWS_JUDGED = 3000
_ROWS_OF_A_CLASS = 40
_MOST_REPEATS = 2
_SURELY = 2  # standard errors


@dataclass(frozen=True)
class Hits:
    """Whether the nearest neighbour was right, a query at a time.

    Attributes:
        queries: int64 [m], the rows that asked; a row may ask in several folds.
        right: float64 [m], 1 or 0.
    """

    queries: Codes
    right: NDArray[np.float64]

    @property
    def recall(self) -> float:
        """Share of right ones; NaN without any query."""
        return float(self.right.mean()) if len(self.right) else float("nan")

    def difference_variance(self, other: Hits) -> float:
        """Return the variance of the difference in recall, the same queries having been asked.

        Answers to one query in several folds hang together and are summed first.
        """
        difference = self.right - other.right
        by_query = np.bincount(self.queries, difference - difference.mean())
        return float(by_query @ by_query) / len(difference) ** 2


@dataclass(frozen=True)
class Score:
    """How one recipe did over all folds.

    Attributes:
        known: held-out specimens of species that the map was fitted on.
        unseen: specimens of species that the map was not fitted on, among each other.
        novelty: what unseen species count for, in [0, 1].
    """

    known: Hits
    unseen: Hits
    novelty: float

    @property
    def value(self) -> float:
        """Recall@1 on a mixture with the stated share of species that nothing was fitted on."""
        return (1 - self.novelty) * self.known.recall + self.novelty * self.unseen.recall

    def difference_error(self, other: Score) -> float:
        """Return the standard error of the difference in `value` to another score."""
        known = self.known.difference_variance(other.known)
        unseen = self.unseen.difference_variance(other.unseen)
        return float(np.hypot((1 - self.novelty) * known**0.5, self.novelty * unseen**0.5))


@dataclass(frozen=True)
class Fold:
    """One split: what the maps are fitted on, and the rows that judge them.

    Attributes:
        fitted: int64 rows.
        gallery: int64 rows, known species.
        queries: int64 rows, other specimens of these species.
        unseen: int64 rows of species that are not among the fitted ones.
    """

    fitted: Codes
    gallery: Codes
    queries: Codes
    unseen: Codes


def split(labels: Codes, groups: Codes, seed: int = 0) -> list[Fold]:
    """Split labelled rows by specimen and by species at once.

    Five splits, and twice that for small sets, whose choices are the noisier. At most
    3,000 rows, whole species with at most 40 images of each, judge; all others are there
    to be fitted on.

    Raises:
        ValueError: fewer than 3 species have two specimens.
    """
    _check(labels, groups)
    judged = _judged(labels, seed)
    repeats = int(np.clip(_ROWS_JUDGED // judged.sum(), 1, _MOST_REPEATS))
    return [
        fold
        for repeat in range(repeats)
        for fold in _one_split(labels, groups, judged, seed + repeat)
    ]


def _one_split(labels: Codes, groups: Codes, judged: NDArray[np.bool_], seed: int) -> list[Fold]:
    by_specimen = specimen_folds(labels, groups, FOLDS, seed)
    by_class = class_folds(labels, FOLDS, seed)
    folds = []
    for fold in range(FOLDS):
        seen = (by_class != fold) & (labels >= 0)
        inside = seen & (by_specimen != fold)
        parts = (inside, inside & judged, seen & ~inside & judged, (by_class == fold) & judged)
        folds.append(Fold(*(np.flatnonzero(part) for part in parts)))
    return folds


def _check(labels: Codes, groups: Codes) -> None:
    pairs = np.unique(np.stack([labels, groups])[:, labels >= 0], axis=1)
    repeated = int((np.unique(pairs[0], return_counts=True)[1] > 1).sum())
    if repeated < _FEWEST_SPECIES:
        raise ValueError(
            f"{repeated} species have two or more specimens; choosing a map by cross-validation "
            f"needs {_FEWEST_SPECIES}: label more specimens"
        )


def _judged(labels: Codes, seed: int) -> NDArray[np.bool_]:
    """Return the rows that judge: whole classes in random order until there are enough."""
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(labels))
    order = order[np.argsort(labels[order], kind="stable")]
    place = np.arange(len(order)) - np.searchsorted(labels[order], labels[order])
    kept = order[(place < _ROWS_OF_A_CLASS) & (labels[order] >= 0)]
    classes, member, counts = np.unique(labels[kept], return_inverse=True, return_counts=True)
    drawn = generator.permutation(len(classes))
    enough = np.zeros(len(classes), bool)
    enough[drawn] = np.cumsum(counts[drawn]) - counts[drawn] < _ROWS_JUDGED
    judged = np.zeros(len(labels), bool)
    judged[kept[enough[member]]] = True
    return judged


def score(
    recipes: Sequence[Recipe],
    vectors: Embeddings,
    labels: Codes,
    groups: Codes,
    folds: Sequence[Fold],
    scatters: Sequence[Scatter],
    novelty: float,
) -> list[Score]:
    """Judge recipes by nearest-neighbour recall on every fold.

    Args:
        recipes: what to fit.
        vectors: float32 [n, dim], unit rows.
        labels: int64 [n].
        groups: int64 [n], specimens; images of the query's own are never its neighbours.
        folds: from `split`.
        scatters: what each fold's `fitted` rows gathered.
        novelty: see `Score`.
    """

    def judge(fold: Fold, scatter: Scatter) -> list[tuple[Hits, Hits]]:
        spaces = (_Space(recipe.fit(scatter), vectors, labels, groups) for recipe in recipes)
        return [
            (space.hits(fold.queries, fold.gallery), space.hits(fold.unseen, fold.unseen))
            for space in spaces
        ]

    by_recipe = zip(*on_all_cores(judge, folds, scatters), strict=True)
    parts = (tuple(zip(*folds_of_one, strict=True)) for folds_of_one in by_recipe)
    return [Score(_joined(known), _joined(unseen), novelty) for known, unseen in parts]


def _joined(parts: Sequence[Hits]) -> Hits:
    return Hits(
        np.concatenate([part.queries for part in parts]),
        np.concatenate([part.right for part in parts]),
    )


@dataclass(frozen=True)
class _Space:
    projection: Projection
    vectors: Embeddings
    labels: Codes
    groups: Codes

    def hits(self, queries: Codes, gallery: Codes) -> Hits:
        """Return 1 or 0 for every query that has a specimen to find."""
        if not len(queries) or not len(gallery):
            return Hits(np.empty(0, np.int64), np.empty(0))
        _, rows = exact_knn(
            self.projection.apply(self.vectors[queries]),
            self.projection.apply(self.vectors[gallery]),
            1,
            query_groups=self.groups[queries],
            gallery_groups=self.groups[gallery],
        )
        found = self.labels[gallery[rows[:, 0]]] == self.labels[queries]
        possible = _answerable(self.labels, self.groups, queries, gallery)
        right = found & (rows[:, 0] >= 0)
        return Hits(queries[possible], right[possible].astype(np.float64))


def _answerable(labels: Codes, groups: Codes, queries: Codes, gallery: Codes) -> NDArray[np.bool_]:
    """Return which queries have another specimen of their species in the gallery."""
    pairs = np.unique(np.stack([labels[gallery], groups[gallery]]), axis=1)
    classes, specimens = np.unique(pairs[0], return_counts=True)
    known = dict(zip(classes.tolist(), specimens.tolist(), strict=True))
    own = set(zip(pairs[0].tolist(), pairs[1].tolist(), strict=True))
    return np.array(
        [known.get(c, 0) - ((c, g) in own) > 0
         for c, g in zip(labels[queries].tolist(), groups[queries].tolist(), strict=True)]
    )  # fmt: skip


def first_or_better(scores: Sequence[Score]) -> int:
    """Return the best score where it is surely better than the first, which else is kept.

    Surely: by two standard errors on paired queries. Of so many scores the best is partly best by
    luck, and the first is known to be good elsewhere.
    """
    best = int(np.argmax([score.value for score in scores]))
    gain = scores[best].value - scores[0].value
    return best if gain > _SURELY * scores[best].difference_error(scores[0]) else 0


def gather_folds(
    vectors: Embeddings, labels: Codes, folds: Sequence[Fold], exponent: float
) -> list[Scatter]:
    """Gather what each fold is fitted on."""
    return on_all_cores(lambda fold: gather(vectors, labels, fold.fitted, exponent=exponent), folds)
