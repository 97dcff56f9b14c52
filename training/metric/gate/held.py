"""What is kept back to judge training by: specimens of each species, and whole species."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Flags
from holotype.index.errors import UsageError
from holotype.index.ways import option

from ...tuning.folds import class_folds, specimen_folds
from ...tuning.scoring import Fold
from ..config import GateConfig
from ..pictures import Labelled

_MOST_ROWS = 4000  # that judge, gallery included
_MOST_OF_SPECIES = 400  # of these: one species alone says little
_FEWEST = 2  # species that training can compare


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
            f"at least, better ten, or choose more with {option('where')}"
        )
    if queries.sum() < 2:
        raise UsageError(
            "No specimen can be kept back to judge training by: too few species have two "
            "specimens; name a second specimen of some species"
        )
