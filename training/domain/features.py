"""A small network on embeddings that are there already: from a labelled set-up to another."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from holotype.index.arrays import Codes, Embeddings
from holotype.index.errors import UsageError
from holotype.index.vectors.brute_force import check_unit_rows

from .config import DomainConfig
from .terms import DomainTerm, make_domain_term

_BLOCK_ROWS = 8192
_NO_DOMAIN = DomainConfig()


@dataclass(frozen=True)
class NetworkConfig:
    """A small network and how it is trained.

    Attributes:
        hidden: widths of its layers; what the last gives are the features.
        epochs: passes over the labelled rows.
        batch: labelled rows a step, and as many of the target.
        rate: the highest learning rate, of AdamW under one cycle.
        weight_decay: of AdamW.
        smoothing: of the labels, in [0, 1).
    """

    hidden: tuple[int, ...] = (512, 256)
    epochs: int = 20
    batch: int = 64
    rate: float = 1e-3
    weight_decay: float = 1e-2
    smoothing: float = 0.1

    def __post_init__(self) -> None:
        least = min((*self.hidden, self.epochs, self.batch), default=0)
        if not self.hidden or least < 1:
            raise UsageError("Hidden layers, epochs and batch must be 1 or more each")

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return asdict(self)


class FeatureNetwork(nn.Module):
    """Layers with ReLU between them, and a classifier over what they give.

    Rows are centred on the mean of the labelled ones and scaled by one number, their mean spread:
    a scale for every coordinate would enlarge what a target differs in.
    """

    mean: Tensor
    spread: Tensor

    def __init__(
        self, vectors: Tensor, taxa: Codes, config: NetworkConfig, random: torch.Generator
    ) -> None:
        super().__init__()
        spread = vectors.std(dim=0, correction=0).square().mean().sqrt()
        self.register_buffer("mean", vectors.mean(dim=0))
        self.register_buffer("spread", spread.clamp_min(1e-12))
        widths = (vectors.shape[1], *config.hidden)
        layers = [_linear(*pair, random) for pair in pairwise(widths)]
        between = [each for layer in layers[:-1] for each in (layer, nn.ReLU())]
        self.layers = nn.Sequential(*between, layers[-1])
        self.classifier = _linear(widths[-1], len(taxa), random)
        self.taxa = taxa
        self.dim = widths[-1]

    def forward(self, vectors: Tensor) -> Tensor:
        """Return the features of rows, float32 [n, dim]."""
        features: Tensor = self.layers((vectors - self.mean) / self.spread)
        return features

    def logits(self, features: Tensor) -> Tensor:
        """Return what speaks for each taxon, float32 [n, taxa]."""
        logits: Tensor = self.classifier(torch.relu(features))
        return logits

    def embed(self, vectors: Embeddings) -> Embeddings:
        """Return the features as unit rows, float32 [n, dim]."""
        parts = [normalize(features) for features in self._blocks(vectors)]
        unit: Embeddings = torch.cat(parts).numpy()
        return unit

    def predict(self, vectors: Embeddings) -> Codes:
        """Return the taxon that the classifier gives each row, int64 [n]."""
        best = [self.logits(features).argmax(dim=1) for features in self._blocks(vectors)]
        named: Codes = self.taxa[torch.cat(best).numpy()]
        return named

    @torch.no_grad()
    def _blocks(self, vectors: Embeddings) -> Iterator[Tensor]:
        for start in range(0, max(1, len(vectors)), _BLOCK_ROWS):
            yield self(torch.from_numpy(vectors[start : start + _BLOCK_ROWS]))


def train_on_features(
    vectors: Embeddings,
    labels: Codes,
    target: Embeddings | None = None,
    *,
    domain: DomainConfig = _NO_DOMAIN,
    config: NetworkConfig | None = None,
    seed: int = 0,
) -> FeatureNetwork:
    """Train a small network on labelled embeddings and, without labels, on those of a target.

    The same arguments give the same network, bit for bit on one machine.

    Args:
        vectors: float32 [n, dim], unit rows of the source.
        labels: int64 [n], taxa, -1 where not known: such rows take no part.
        target: float32 [m, dim], unit rows of the target; needed where `domain` has a method.
        domain: what draws source and target together; nothing by default.
        config: of the network.
        seed: of its first weights and of the order of the rows.

    Raises:
        UsageError: fewer than two taxa, no target for a method, or the training left the finite
            numbers.
    """
    config = config or NetworkConfig()
    check_unit_rows(vectors)
    taxa, codes = np.unique(labels[labels >= 0], return_inverse=True)
    if len(taxa) < 2:
        raise UsageError(f"{len(taxa)} taxa are named; two or more are needed to train on")
    known = labels >= 0
    source = torch.from_numpy(vectors if known.all() else vectors[known])
    named = torch.from_numpy(codes)
    random = torch.Generator().manual_seed(seed)
    network = FeatureNetwork(source, taxa, config, random)
    term = _term(domain, network.dim, target, vectors.shape[1], random)
    unlabelled = torch.from_numpy(target) if target is not None else source[:0]
    weights = [*network.parameters(), *(term.parameters() if term else ())]
    optimiser = torch.optim.AdamW(weights, config.rate, weight_decay=config.weight_decay)
    steps = config.epochs * max(1, len(source) // config.batch)
    cycle = torch.optim.lr_scheduler.OneCycleLR(optimiser, config.rate, total_steps=steps)
    ours = _batches(len(source), config.batch, seed, 0)
    theirs = _batches(len(unlabelled), config.batch, seed, 1)
    for step in range(steps):
        rows = next(ours)
        features = network(source[rows])
        loss = cross_entropy(
            network.logits(features), named[rows], label_smoothing=config.smoothing
        )
        if term is not None:
            loss = loss + term(features, network(unlabelled[next(theirs)]), step / steps)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        cycle.step()
    return network.eval()


def _term(
    domain: DomainConfig, dim: int, target: Embeddings | None, width: int, random: torch.Generator
) -> DomainTerm | None:
    """Return the term between source and target; None without a method."""
    if not domain.method:
        return None
    if target is None or not len(target):
        raise UsageError(f"{domain.method} needs images of the target, and there are none")
    check_unit_rows(target)
    if target.shape[1] != width:
        raise UsageError(
            f"The target's vectors have {target.shape[1]} coordinates and the source's {width}; "
            "embed both with one encoder"
        )
    term = make_domain_term(domain, dim)
    for layer in term.modules():
        if isinstance(layer, nn.Linear):
            _draw(layer, random)
    return term


def _batches(rows: int, size: int, seed: int, stream: int) -> Iterator[Tensor]:
    """Yield rows for ever, in a new order each time round, a short batch at the end left out."""
    rng = np.random.default_rng([seed, stream])
    size = min(size, rows)
    while True:
        order: NDArray[np.int64] = rng.permutation(rows)
        for start in range(0, rows - size + 1, size):
            yield torch.from_numpy(order[start : start + size])


def _linear(inputs: int, outputs: int, random: torch.Generator) -> nn.Linear:
    return _draw(nn.Linear(inputs, outputs), random)


def _draw(layer: nn.Linear, random: torch.Generator) -> nn.Linear:
    """Draw the first weights from a generator of its own, which no other thread draws from."""
    bound = layer.in_features**-0.5
    with torch.no_grad():
        for weights in layer.parameters():
            weights.uniform_(-bound, bound, generator=random)
    return layer
