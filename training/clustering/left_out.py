"""Pools of named species that are left out, as the unnamed specimens to come may be spread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Embeddings
from holotype.index.clusters.evidence import Evidence, Spaces, gather_evidence
from holotype.index.identification.likelihood import fit_likelihood

from ..tuning.closed_form import lda, stretched, wccn
from ..tuning.scatter import gather

FEWEST = 4  # species of which some can be left out
_FOLDS = 3  # at most; a fold's spaces are fitted on the species of the others
_REPEATS = 2
_MOST_SPECIES = 50  # of a fold
_MOST_IMAGES = 40  # of a species
_SMALL = 10  # species of the small pool
_TAILS = 2
_EXPONENT = 0.5


@dataclass(frozen=True, eq=False)
class LeftOutPool:
    """Specimens of species that the spaces were not fitted on.

    Attributes:
        kind: `even`, `tail` or `small`.
        fold: the repeat and the fold; pools of one repeat and different folds share no species.
        rows: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n], their species.
        spaces: fitted on the other species.
        evidence: of their pairs.
    """

    kind: str
    fold: tuple[int, int]
    rows: Embeddings
    labels: Codes
    spaces: Spaces
    evidence: Evidence

    @property
    def same(self) -> Codes:
        """Which candidate pairs are one species, int64 [pairs] of 0 and 1."""
        pairs = self.evidence.pairs
        alike: Codes = (self.labels[pairs.first] == self.labels[pairs.second]).astype(np.int64)
        return alike


def fit_spaces(vectors: Embeddings, labels: Codes) -> Spaces:
    """Fit the spaces of the evidence.

    Args:
        vectors: float32 [n, dim], unit rows.
        labels: int64 [n], species, -1 for none; at least two species, one of two rows.
    """
    scatter = gather(vectors, labels, exponent=_EXPONENT)
    whitened = wccn(scatter, shrinkage=0.5)
    classes, member = np.unique(labels[labels >= 0], return_inverse=True)
    named = [(vectors[labels >= 0], member)]
    shape = fit_likelihood(whitened, named, len(classes)).shape
    most = stretched(scatter, shrinkage=0.5, stretch=2.0)
    return Spaces(whitened, lda(scatter), most, shape)


def leave_out(vectors: Embeddings, labels: Codes, seed: int) -> list[LeftOutPool]:
    """Return pools of species that were left out in turn.

    Args:
        vectors: float32 [n, dim], unit rows, one a specimen.
        labels: int64 [n], species, -1 for none; at least `FEWEST` species of two specimens.
        seed: of all that is drawn.
    """
    generator = np.random.default_rng(seed)
    species, counts = np.unique(labels[labels >= 0], return_counts=True)
    repeated = species[counts > 1]
    folds = min(_FOLDS, len(repeated) // 2)
    pools: list[LeftOutPool] = []
    for repeat in range(_REPEATS):
        drawn = generator.permutation(repeated)
        for fold in range(folds):
            held = drawn[fold::folds][:_MOST_SPECIES]
            spaces = fit_spaces(vectors, np.where(np.isin(labels, held), -1, labels))
            for kind, rows in _pools(labels, held, generator):
                found = gather_evidence(vectors[rows], spaces)
                own = vectors[rows], labels[rows]
                pools.append(LeftOutPool(kind, (repeat, fold), *own, spaces, found))
    return pools


def _pools(labels: Codes, held: Codes, generator: np.random.Generator) -> list[tuple[str, Codes]]:
    """Return the rows of one even pool, one of few species, and long-tailed ones."""
    members = [generator.permutation(np.flatnonzero(labels == one)) for one in held]
    members = [rows[:_MOST_IMAGES] for rows in members]
    few = generator.permutation(len(members))[:_SMALL]
    pools = [("even", members), ("small", [members[one] for one in few])]
    if len(few) == len(members):
        pools = pools[:1]
    for _ in range(_TAILS):
        cut = [rows[: generator.integers(1, len(rows) + 1)] for rows in members]
        pools.append(("tail", cut))
    found = [(kind, np.sort(np.concatenate(rows))) for kind, rows in pools]
    return [(kind, rows) for kind, rows in found if len(rows) > 1]
