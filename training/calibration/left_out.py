"""What a gallery says about specimens and species that are left out of it in turn."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings
from holotype.index.identification.classes import pool_specimens
from holotype.index.identification.evidence import Evidence, gather_evidence
from holotype.index.identification.reference import build_reference
from holotype.index.vectors.projection import Projection

from ..tuning.closed_form import lda, stretched, wccn
from ..tuning.folds import class_folds, specimen_folds
from ..tuning.parallel import on_all_cores
from ..tuning.scatter import gather
from .steps import Steps

_FOLDS, _MANY_FOLDS = 10, 20
_SMALL = 3000  # specimens
_MOST_QUERIES = 300  # of a fold
_EXPONENT = 0.5
_FEWEST_SPECIES = 2  # that stay: one alone is no choice
_FEWEST = 50  # specimens: with fewer nothing can be said about 95 %


def working_spaces(vectors: Embeddings, labels: Codes, rows: Codes) -> tuple[Projection, ...]:
    """Fit the spaces that evidence is gathered in.

    One for neighbours of any species, one for those of known ones, one for likelihoods.
    """
    scatter = gather(vectors, labels, rows, exponent=_EXPONENT)
    return stretched(scatter), lda(scatter), wccn(scatter, shrinkage=0.5)


@dataclass(frozen=True, eq=False)
class LeftOut:
    """Specimens that were left out, and what the rest of the gallery said about them.

    Attributes:
        evidence: in the order of the folds.
        classes: the lineages that `evidence.candidates` of each specimen points to, a fold each.
        fold: int64 [q].
        specimen: int64 [q], its group.
        condition: int64 [q], its place or day; its group where nothing tells them.
        truth: int64 [q, ranks].
        novel: int64 [q], 0 where the species stayed in the gallery, 1 where it was left out, 2
            where its genus was.
    """

    evidence: list[Evidence]
    classes: list[Codes]
    fold: Codes
    specimen: Codes
    condition: Codes
    truth: Codes
    novel: Codes

    def joined(self, name: str) -> NDArray[Any]:
        """Return one part of the evidence for all specimens."""
        return np.concatenate([getattr(evidence, name) for evidence in self.evidence])

    @property
    def right(self) -> NDArray[np.bool_]:
        """Whether the rest of the gallery named the true taxon, bool [q, ranks]."""
        taxa = self.joined("taxa")
        matches: NDArray[np.bool_] = (taxa == self.truth) & (taxa >= 0)
        return matches


def leave_out(
    vectors: Embeddings,
    labels: Codes,
    groups: Codes,
    *,
    conditions: Codes | None = None,
    seed: int = 0,
    steps: Steps | None = None,
) -> LeftOut:
    """Identify specimens that are left out of the gallery, ten folds in turn.

    In each fold a tenth of the specimens and a tenth of the species (in every second fold, of the
    genera) leave together, the spaces are fitted again without them, and all are identified with
    what stays. Known and novel specimens have to meet the same gallery: a model would otherwise
    learn to tell the galleries apart. A small gallery, where every image that leaves is felt, is
    dealt out in twentieths.

    Args:
        vectors: float32 [n, dim], the encoder's unit rows.
        labels: int64 [n, ranks], taxa coarse to fine, -1 where not known.
        groups: int64 [n], specimens.
        conditions: int64 [n], places or days of which each specimen has one: all specimens of one
            leave together, and none meets a neighbour of its own. None where nothing tells them.
        seed: of the folds.
        steps: are told of every fold.

    Raises:
        ValueError: fewer than 50 named specimens, no species with two of them, or one species only.
    """
    _check(labels, groups)
    specimens = len(np.unique(groups[labels[:, -1] >= 0]))
    together = groups if conditions is None else conditions
    folds = _MANY_FOLDS if specimens <= _SMALL else _FOLDS
    folds = min(folds, len(np.unique(together[labels[:, -1] >= 0])))
    steps = steps or Steps()
    steps.begin(folds)
    parts = on_all_cores(
        partial(_left_out_of_fold, vectors, labels, groups, conditions),
        count(),
        *zip(*_folds(labels, together, folds, seed), strict=True),
        threads=steps.threads,
        part_done=steps.take,
    )
    found = [part for part in parts if part is not None]
    if not any((part.novel == 0).any() for part in found):
        raise ValueError(
            "one species is no choice, so confidence cannot be calibrated; name others"
        )
    return LeftOut(
        [part.evidence[0] for part in found],
        [part.classes[0] for part in found],
        *(
            np.concatenate([getattr(part, name) for part in found])
            for name in ("fold", "specimen", "condition", "truth", "novel")
        ),
    )


def _check(labels: Codes, groups: Codes) -> None:
    named = labels[:, -1] >= 0
    pairs = np.unique(np.stack([labels[named, -1], groups[named]]), axis=1)
    if np.bincount(pairs[0], minlength=1).max() < 2:
        raise ValueError(
            "no species has two specimens, so confidence cannot be calibrated; label more specimens"
        )
    if len(pairs[0]) < _FEWEST:
        raise ValueError(
            f"{len(pairs[0])} specimens are named to species, and {_FEWEST} are needed; "
            "label more specimens"
        )


def _folds(
    labels: Codes, groups: Codes, folds: int, seed: int
) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_], int]]:
    """Yield the specimens and the taxa that leave, and how far above the finest rank these are."""
    finest = labels[:, -1]
    by_specimen = specimen_folds(finest, groups, folds, seed)
    levels = labels[:, :-3:-1].T  # species, then genus where there is one
    by_class = [
        _dealt(level, place, len(levels), folds, seed) for place, level in enumerate(levels)
    ]
    for fold in range(folds):
        level = fold % len(levels)
        gone = (by_class[level] == fold) & (finest >= 0)
        held = (by_specimen == fold) & ~gone & (finest >= 0)
        yield held, gone, level


def _dealt(classes: Codes, level: int, levels: int, folds: int, seed: int) -> Codes:
    """Return the fold in which the rows of every class leave, int64 [n], -1 for no class.

    A level has every second fold for its own. Where there are few classes, all leave in one of
    these: what is unlike them all is learned from as many as there are.
    """
    if len(np.unique(classes[classes >= 0])) > folds:
        return class_folds(classes, folds, seed + 1)
    dealt = class_folds(classes, folds // levels, seed + 1)
    return np.where(dealt < 0, -1, dealt * levels + level)


def _left_out_of_fold(
    vectors: Embeddings,
    labels: Codes,
    groups: Codes,
    conditions: Codes | None,
    fold: int,
    held: NDArray[np.bool_],
    gone: NDArray[np.bool_],
    level: int,
) -> LeftOut | None:
    """Identify what leaves in one fold by what stays; None where either is nothing."""
    queries, rows = _queries(vectors, groups, [held, gone], fold)
    stays = np.flatnonzero(~gone & ~held)
    named = labels[stays, -1]
    if not len(rows) or len(np.unique(named[named >= 0])) < _FEWEST_SPECIES:
        return None
    spaces = working_spaces(vectors, labels[:, -1], stays)
    reference = build_reference(spaces, vectors[stays], labels[stays], groups[stays])
    if conditions is None:
        evidence = gather_evidence(reference, queries)
    else:  # else what is new would meet neighbours of its own day, and what is known none
        apart = replace(reference, groups=conditions[stays])
        evidence = gather_evidence(apart, queries, conditions[rows])
    return LeftOut(
        [evidence],
        [reference.classes],
        np.full(len(rows), fold),
        groups[rows],
        groups[rows] if conditions is None else conditions[rows],
        labels[rows],
        np.where(gone[rows], 1 + level, 0),
    )


def _queries(
    vectors: Embeddings, groups: Codes, kinds: list[NDArray[np.bool_]], seed: int
) -> tuple[Embeddings, Codes]:
    """Pool the specimens of each kind, at most 150 of each drawn at random."""
    pooled = []
    most = _MOST_QUERIES // len(kinds)
    for kind in kinds:
        rows = np.flatnonzero(kind)
        specimens = np.random.default_rng(seed).permutation(np.unique(groups[rows]))[:most]
        rows = rows[np.isin(groups[rows], specimens)]
        means, first = pool_specimens(vectors[rows], groups[rows])
        pooled.append((means, rows[first]))
    return np.concatenate([m for m, _ in pooled]), np.concatenate([r for _, r in pooled])
