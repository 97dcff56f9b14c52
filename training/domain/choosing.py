"""Choosing the weight of a domain term without a label of the target.

Reverse validation (Zhong et al. 2010; Ganin et al. 2016, JMLR 17:59, section 5.1.3): what was
learned from one part of the source names the target; the target, so named, must name the other
part of the source rightly. A term that throws the set-ups together without regard to taxa fails it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from holotype.index.arrays import Codes, Embeddings
from holotype.index.errors import UsageError
from holotype.index.vectors.brute_force import exact_knn

from ..tuning.folds import specimen_folds
from ..tuning.parallel import on_all_cores
from .config import DomainConfig
from .features import NetworkConfig, train_on_features

_FOLDS = 4  # one of them is kept out of the training and judges


@dataclass(frozen=True)
class WeightTrial:
    """A weight as the source judges it.

    Attributes:
        weight: λ; 0 is training on the source alone.
        source: share of source images kept out that the rest of the source names rightly.
        reverse: the same, named by target images that the rest of the source has named.
    """

    weight: float
    source: float
    reverse: float


def weigh(
    vectors: Embeddings,
    labels: Codes,
    groups: Codes,
    target: Embeddings,
    *,
    domain: DomainConfig,
    weights: Sequence[float],
    config: NetworkConfig | None = None,
    seed: int = 0,
    on_trial: Callable[[], None] | None = None,
) -> list[WeightTrial]:
    """Return what reverse validation says of each weight, in their order.

    Args:
        vectors: float32 [n, dim], unit rows of the source.
        labels: int64 [n], taxa, -1 where not known.
        groups: int64 [n], specimens, which stay whole.
        target: float32 [m, dim], unit rows of the target.
        domain: the term.
        weights: λ, each 0 or more.
        config: of the network.
        seed: of the split and of the training.
        on_trial: called after every weight.

    Raises:
        UsageError: no image that was kept out is of a taxon that is left.
    """
    named = labels >= 0
    kept_out = named & (specimen_folds(labels, groups, _FOLDS, seed) == 0)
    learned = named & ~kept_out
    kept_out &= np.isin(labels, labels[learned])
    if not kept_out.any():
        raise UsageError("A weight cannot be chosen: no taxon has two specimens in the source")

    def trial(weight: float) -> WeightTrial:
        at = replace(domain, weight=weight)
        network = train_on_features(
            vectors[learned], labels[learned], target, domain=at, config=config, seed=seed
        )
        ours, others, theirs = (
            network.embed(rows) for rows in (vectors[learned], vectors[kept_out], target)
        )
        truth = labels[kept_out]
        straight = labels[learned][_nearest(others, ours)]
        back = labels[learned][_nearest(theirs, ours)][_nearest(others, theirs)]
        return WeightTrial(weight, float((straight == truth).mean()), float((back == truth).mean()))

    return on_all_cores(trial, weights, part_done=on_trial)


def best_weight(trials: Sequence[WeightTrial]) -> WeightTrial:
    """Return the trial that reverse validation likes best; of equal ones the least weight."""
    return max(trials, key=lambda trial: (trial.reverse, -trial.weight))


def _nearest(queries: Embeddings, gallery: Embeddings) -> Codes:
    return exact_knn(queries, gallery, 1)[1][:, 0]
