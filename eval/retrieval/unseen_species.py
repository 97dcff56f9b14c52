"""Species that nothing was fitted on: does a tuned space still find them better than the base?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Flags
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.identification.kept_calibration import labels_of
from holotype.training.tuning.folds import class_folds
from holotype.training.tuning.tune import tune

from ..measures.bootstrap import bootstrap_macro
from ..measures.intervals import Interval
from ..measures.recall import nearest, recall_at_k
from ..measures.taxon_codes import TaxonCodes
from ..protocols.fitted import refuse_trained
from ..protocols.protocol import untuned


@dataclass(frozen=True, eq=False)
class Half:
    """One half of the species, asked with a space that was tuned on the other half.

    Attributes:
        seed: of the halves.
        recipe: what was chosen on the other half.
        before: bool [q], whether the base finds each query's species first.
        after: bool [q], whether the tuned space does.
        gain: after - before, a species counting as one, with its 95 % interval over species.
    """

    seed: int
    recipe: str
    before: Flags
    after: Flags
    gain: Interval


@dataclass(frozen=True)
class UnseenSpecies:
    """All halves."""

    rank: str
    halves: tuple[Half, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return recall@1 before and after, and the share of errors that is gone."""
        halves = [
            {
                "seed": half.seed,
                "recipe": half.recipe,
                "n": len(half.before),
                "before": float(half.before.mean()),
                "after": float(half.after.mean()),
                "gain_over_taxa": half.gain.to_dict(),
            }
            for half in self.halves
        ]
        before = float(np.mean([half["before"] for half in halves]))
        after = float(np.mean([half["after"] for half in halves]))
        return {
            "protocol": "unseen-species",
            "rank": self.rank,
            "before": before,
            "after": after,
            "fewer_errors": (after - before) / (1 - before) if before < 1 else None,
            "halves": halves,
        }


def evaluate_unseen(
    collection: Collection, *, space: str | None = None, seeds: int = 5
) -> UnseenSpecies:
    """Tune on a random half of the species, and let the others find each other, leave-one-out.

    Args:
        space: what is tuned; by default the first.
        seeds: how many random halves.

    Raises:
        UsageError: the space is tuned already, nothing is named, or half of the species are too
            few to tune on.
        FittedError: the encoder was trained on images of the collection.
    """
    images = untuned(collection, space, "unseen-species")
    refuse_trained(collection, images, np.arange(len(images)), "unseen-species")
    labels = labels_of(images)[:, -1]
    halves = []
    for seed in range(seeds):
        side = class_folds(labels, 2, seed)
        fitted, asked = np.flatnonzero(side == 0), np.flatnonzero(side == 1)
        vectors, groups = images.index.vectors, images.specimens
        try:
            tuned = tune(vectors[fitted], labels[fitted], groups[fitted], seed=seed)
        except ValueError as error:
            raise UsageError(f"Half of the species cannot be tuned on: {error}") from error
        spaces = (vectors[asked], tuned.projection.apply(vectors[asked]))
        before, after, taxa = _found(spaces, labels[asked], groups[asked])
        gain = bootstrap_macro(after.astype(np.float64) - before, taxa)
        halves.append(Half(seed, str(tuned.chosen.recipe), before, after, gain))
    return UnseenSpecies(images.ranks[-1], tuple(halves))


def _found(
    spaces: tuple[Embeddings, Embeddings], labels: Codes, groups: Codes
) -> tuple[Flags, Flags, Codes]:
    """Return recall@1 in both spaces of every query that can be answered, and its taxon."""
    names, codes = np.unique(labels, return_inverse=True)
    taxa = TaxonCodes([str(name) for name in names], codes, codes)
    base, tuned = (
        recall_at_k(
            nearest(vectors, vectors, query_groups=groups, gallery_groups=groups, k=1), taxa, (1,)
        )
        for vectors in spaces
    )
    asked = base.answerable
    return base.hits[asked, 0], tuned.hits[asked, 0], codes[asked]
