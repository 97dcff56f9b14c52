"""What is added to a loss so that two imaging set-ups come to look the same.

A new method is a class and its line in `TERMS`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from holotype.index.errors import UsageError

from ..names import require_known
from .config import DomainConfig
from .distances import coral_distance, kernel_distance


class DomainTerm(nn.Module, ABC):
    """A term that falls as the features of two set-ups come to look the same.

    It is weighted already (λ and its schedule), so that it is added to the loss as it is. Its own
    parameters, where it has some, are trained beside it, at the rate of a head.
    """

    weights: ClassVar[tuple[float, ...]]  # λ to choose from, from the least to the boldest
    rows_needed: ClassVar[int] = 1

    def __init__(self, config: DomainConfig, dim: int) -> None:
        super().__init__()
        self.config = config
        self.dim = dim

    def forward(self, source: Tensor, target: Tensor, done: float) -> Tensor:
        """Return the term, a scalar.

        Args:
            source: float32 [n, dim], features of labelled images.
            target: float32 [m, dim], features of images of the other set-up.
            done: share of the training that is done, in [0, 1].

        Raises:
            UsageError: the features do not fit, are too few, or hold NaN or infinity.
        """
        self._check(source, "source")
        self._check(target, "target")
        term = self._term(source.float(), target.float(), self.config.weight_at(done))
        if not torch.isfinite(term):
            raise UsageError(
                f"{self.config.method} got features that hold NaN or infinity; lower the learning "
                f"rate or the weight of the domain term ({self.config.weight:g})"
            )
        return term

    @abstractmethod
    def _term(self, source: Tensor, target: Tensor, weight: float) -> Tensor: ...

    def _check(self, features: Tensor, side: str) -> None:
        if features.ndim != 2 or features.shape[1] != self.dim:
            raise UsageError(
                f"Features of the {side} are {list(features.shape)}; [n, {self.dim}] are needed"
            )
        if len(features) < self.rows_needed:
            raise UsageError(
                f"A batch holds {len(features)} images of the {side} and {self.config.method} "
                f"needs {self.rows_needed} or more; choose more images or a larger batch"
            )


class Adversarial(DomainTerm):
    """A classifier learns to tell the set-ups apart, and the features learn to fool it.

    Ganin et al. 2016 (JMLR 17:59). The classifier learns with the whole of its error from the
    start; only what flows back into the features is reversed and weighted. On frozen embeddings it
    needs a light hand: with more than a hundredth the target is thrown among the wrong taxa.
    """

    weights = (0.001, 0.003, 0.01, 0.03)

    def __init__(self, config: DomainConfig, dim: int) -> None:
        super().__init__(config, dim)
        self.classifier = nn.Sequential(
            nn.Linear(dim, config.hidden), nn.ReLU(), nn.Linear(config.hidden, 1)
        )

    def _term(self, source: Tensor, target: Tensor, weight: float) -> Tensor:
        # Each set-up counts one half, however many images of it a batch holds.
        sides = ((source, 0.0), (target, 1.0))
        errors = [self._error(reverse_gradient(rows, weight), side) for rows, side in sides]
        return torch.stack(errors).mean()

    def _error(self, features: Tensor, side: float) -> Tensor:
        logits = self.classifier(features)
        return binary_cross_entropy_with_logits(logits, torch.full_like(logits, side))


class Covariances(DomainTerm):
    """The covariances of the two set-ups are drawn together (Sun & Saenko 2016, "Deep CORAL").

    Features are scaled to coordinates of about 1, so that a weight means the same for unit rows
    and for others, and shrinking the features is no way out.
    """

    weights = (3.0, 10.0, 30.0, 100.0)
    rows_needed = 2

    def _term(self, source: Tensor, target: Tensor, weight: float) -> Tensor:
        return weight * coral_distance(*_scaled(source, target))


class Kernels(DomainTerm):
    """The maximum mean discrepancy of the two set-ups is lowered (Long et al. 2015)."""

    weights = (0.3, 1.0, 3.0, 10.0)
    rows_needed = 2

    def _term(self, source: Tensor, target: Tensor, weight: float) -> Tensor:
        return weight * kernel_distance(source, target)


TERMS: Mapping[str, type[DomainTerm]] = {
    "dann": Adversarial,
    "coral": Covariances,
    "mmd": Kernels,
}


def make_domain_term(config: DomainConfig, dim: int) -> DomainTerm:
    """Return the term that a configuration names.

    Args:
        config: with a method.
        dim: length of the features.

    Raises:
        UsageError: there is no such method; the message names the nearest.
    """
    require_known(config.method, TERMS, "domain method")
    return TERMS[config.method](config, dim)


def reverse_gradient(features: Tensor, weight: float) -> Tensor:
    """Return features unchanged whose gradient flows back reversed and weighted."""
    reversed_: Tensor = _Reversal.apply(features, weight)
    return reversed_


class _Reversal(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, features: Tensor, weight: float) -> Tensor:
        ctx.weight = weight
        return features.view_as(features)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return -ctx.weight * gradients[0], None


def _scaled(source: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    size = torch.cat([source, target]).detach().square().mean().sqrt().clamp_min(1e-12)
    return source / size, target / size
