"""What may be offered: features and a map over them, with what queries found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings
from holotype.index.vectors.brute_force import exact_knn

from ...tuning.recipes import Recipe
from ...tuning.scatter import gather
from ...tuning.scoring import Hits
from ..config import GateConfig
from ..pictures import Labelled
from .held import Held

# A few that differ, the default first: each takes seconds where two networks stand side by side.
MAPS = (
    Recipe("wccn", {"shrinkage": 0.3}),
    Recipe("stretched", {"shrinkage": 0.5, "stretch": 1.5}),
    Recipe("stretched", {"shrinkage": 0.5, "stretch": 2.0}),
    Recipe("lda", {"shrinkage": 0.3}),
    Recipe("power"),
)
# The same of a start: what tuning does well by.
STARTING_MAPS = (MAPS[2], *MAPS[:2], *MAPS[3:])
EXPONENTS = (0.5, 1.0)  # of signed powers before these, the default first

SURE = 1.645  # standard errors: one side in twenty
_SURER = 2.0  # the same of the best of many, which is better than another by chance more often

_DEEPEST = 100  # neighbours that a ranking is judged by


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
    """Features, a map over them, and how the two judged.

    Attributes:
        features: `start`, `trained`, or `trained+start`.
        recipe: of the map.
        exponent: the signed power before it.
        known: queries of species that were trained on.
        unseen: queries of species that were not; None where none was kept back.
        novelty: what these count for.
        side: of the pictures that the trained network sees, in pixels; 0 for the encoder's own.
    """

    features: str
    recipe: Recipe
    exponent: float
    known: Measured
    unseen: Measured | None
    novelty: float
    side: int = 0

    @property
    def value(self) -> float:
        """Recall@1 and mAP@R together, on the stated mixture of known and unseen species."""
        known = self.known.both.recall
        if self.unseen is None:
            return known
        return (1 - self.novelty) * known + self.novelty * self.unseen.both.recall

    def error_to(self, other: Candidate) -> float:
        """Return the standard error of the difference in `value`, the queries being the same."""
        known = paired_error(self.known.both, other.known.both)
        if self.unseen is None or other.unseen is None:
            return known
        unseen = paired_error(self.unseen.both, other.unseen.both)
        return float(np.hypot((1 - self.novelty) * known, self.novelty * unseen))

    def kinds(self) -> Iterator[tuple[str, Measured]]:
        """Yield both kinds of queries with their names."""
        yield "known", self.known
        if self.unseen is not None:
            yield "unseen", self.unseen


def candidates_of(
    features: str,
    vectors: Embeddings,
    pictures: Labelled,
    held: Held,
    config: GateConfig,
    recipes: Sequence[Recipe] = MAPS,
    exponents: Sequence[float] = EXPONENTS,
    side: int = 0,
) -> list[Candidate]:
    """Return some features through each of a few of the maps that tuning knows.

    Every map is fitted on the pictures that were trained on. Then those that were kept back look
    for their species among all that judge.

    Args:
        features: their name.
        vectors: float32 [len(held.judging), dim], unit rows.
        side: see `Candidate`.
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
            judged = (known, unseen, config.novelty)
            found.append(Candidate(features, recipe, exponent, *judged, side))
    return found


def best_of(found: Sequence[Candidate]) -> Candidate:
    """Return the one that judged best."""
    return max(found, key=lambda one: one.value)


def settled(found: Sequence[Candidate]) -> Candidate:
    """Return the first, unless the one that judged best is surely better (two standard errors).

    A hundred queries tell maps apart no better than chance; what has done well elsewhere does well
    more often than what is ahead by two of them.
    """
    first, best = found[0], best_of(found)
    return best if best.value - first.value > _SURER * best.error_to(first) else first


def paired_error(one: Hits, other: Hits) -> float:
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
