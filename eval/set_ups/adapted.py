"""Small networks trained on a gallery's embeddings, some of them adapted to another set-up.

The target is seen without labels: its embeddings alone come in. The weight of a term that draws the
set-ups together is chosen by reverse validation on the source.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from threading import Lock
from typing import Any

import numpy as np

from holotype.index.arrays import Embeddings, Floats
from holotype.training.domain.choosing import WeightTrial, best_weight, weigh
from holotype.training.domain.config import DomainConfig
from holotype.training.domain.features import NetworkConfig, train_on_features
from holotype.training.domain.terms import TERMS
from holotype.training.tuning.parallel import on_all_cores

from .remedies import Answered, Side, standardised

_TARGET = ("target",)  # stands for the images that are given as vectors


@dataclass(frozen=True)
class Networks:
    """What is trained on the embeddings.

    Attributes:
        seeds: networks of every kind; figures are means over them.
        methods: of drawing the set-ups together.
        config: of every network.
        on_network: called with (done, in all).
    """

    seeds: int = 3
    methods: tuple[str, ...] = tuple(TERMS)
    config: NetworkConfig = field(default_factory=NetworkConfig)
    on_network: Callable[[int, int], None] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "seeds": self.seeds,
            "methods": list(self.methods),
            "network": self.config.to_dict(),
        }

    def count(self, with_copies: bool) -> int:
        """Return how many networks are trained in all."""
        tried = sum(1 + len(TERMS[method].weights) for method in self.methods)
        kinds = 2 + len(self.methods) + with_copies
        return tried + self.seeds * kinds


@dataclass(frozen=True, eq=False)
class _Case:
    """A kind of network.

    Attributes:
        name: of the remedy.
        gallery: what is learned from, and answers.
        unlabelled: float32 [m, dim], the target as it is seen in training.
        domain: what draws both together.
        weights: what its weight was chosen from.
    """

    name: str
    gallery: Side
    source: Side
    target: Side
    unlabelled: Embeddings
    domain: DomainConfig = field(default_factory=DomainConfig)
    weights: tuple[WeightTrial, ...] = ()


def adapted(
    gallery: Side,
    source: Side,
    target: Side,
    unlabelled: Embeddings,
    copies: Side | None,
    networks: Networks,
    seed: int = 0,
) -> Iterator[Answered]:
    """Yield how queries are answered with each kind of network, first without the target.

    Args:
        gallery: of the source's set-up; what it is trained on, and what answers by the nearest
            features.
        source: queries of the same set-up.
        target: queries of another.
        unlabelled: float32 [m, dim], unit rows of the target's set-up.
        copies: degraded copies of the gallery's pictures; None where there are none.
        networks: which.
        seed: the first one; the others count on from it.

    Raises:
        UsageError: the gallery is too small to train on, or to choose a weight in.
    """
    work = _Work(networks, networks.count(copies is not None), seed)
    plain = _Case("network on the source alone", gallery, source, target, unlabelled)
    yield work.answered(plain)
    drawn = [work.drawn(plain, method) for method in networks.methods]
    for case in drawn:
        yield work.answered(case)
    yield work.answered(_standardised(plain))
    if copies is None:
        return
    both = replace(plain, name="network on degraded copies", gallery=gallery.joined(copies))
    yield work.answered(both)


def _standardised(plain: _Case) -> _Case:
    """Return the case with the statistics of each set-up taken off."""
    ours, theirs = plain.gallery.vectors, plain.unlabelled
    return _Case(
        "network on standardised set-ups",
        plain.gallery.seen(standardised(ours, ours)),
        plain.source.seen(standardised(plain.source.vectors, ours)),
        plain.target.seen(standardised(plain.target.vectors, theirs)),
        standardised(theirs, theirs),
    )


class _Work:
    """Networks trained side by side, and counted."""

    def __init__(self, networks: Networks, total: int, seed: int) -> None:
        self._networks = networks
        self._total = total
        self._seed = seed
        self._done = 0
        self._telling = Lock()

    def answered(self, case: _Case) -> Answered:
        """Train a kind of network with every seed and let the queries ask."""

        def fit(seed: int) -> tuple[Floats, Floats]:
            network = train_on_features(
                case.gallery.vectors,
                case.gallery.labels,
                case.unlabelled if case.domain.method else None,
                domain=case.domain,
                config=self._networks.config,
                seed=seed,
            )
            gallery, source, target = (
                side.seen(network.embed(side.vectors))
                for side in (case.gallery, case.source, case.target)
            )
            return _right(source, gallery), _right(target, gallery)

        seeds = range(self._seed, self._seed + self._networks.seeds)
        found = on_all_cores(fit, seeds, part_done=self._tell)
        sources, targets = zip(*found, strict=True)
        return Answered(
            case.name,
            np.mean(sources, axis=0),
            np.mean(targets, axis=0),
            _told(case, len(seeds)),
            tuple(float(target.mean()) for target in targets),
            case.weights,
        )

    def drawn(self, plain: _Case, method: str) -> _Case:
        """Return the case with a term whose weight is the best of its kind."""
        domain = DomainConfig(method, target=_TARGET)
        tried = weigh(
            plain.gallery.vectors,
            plain.gallery.labels,
            plain.gallery.groups,
            plain.unlabelled,
            domain=domain,
            weights=(0.0, *TERMS[method].weights),
            config=self._networks.config,
            seed=self._seed,
            on_trial=self._tell,
        )
        domain = replace(domain, weight=best_weight(tried[1:]).weight)
        return replace(plain, name=f"network with {method}", domain=domain, weights=tuple(tried))

    def _tell(self) -> None:
        with self._telling:
            self._done += 1
            if self._networks.on_network:
                self._networks.on_network(self._done, self._total)


def _right(side: Side, gallery: Side) -> Floats:
    return side.right(gallery).astype(np.float64)


def _told(case: _Case, seeds: int) -> str:
    """Return what was trained, and why with this weight."""
    told = f"mean of {seeds} networks" if seeds > 1 else "one network"
    if not case.weights:
        return told
    none, *tried = case.weights
    best = best_weight(tried)
    listed = ", ".join(f"{trial.weight:g}" for trial in tried)
    return (
        f"{told}, weight {best.weight:g} of {listed} by reverse validation, which gives it "
        f"{best.reverse:.3f} and the source alone {none.reverse:.3f}"
    )
