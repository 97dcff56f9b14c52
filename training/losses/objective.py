"""The loss of a batch, summed over ranks, with what goes wrong told in a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

import torch
from torch import Generator, Tensor, nn

from holotype.index.errors import HolotypeError, UsageError

from ..miners.registry import MINERS
from .config import LossConfig, checked_options
from .registry import LOSSES
from .setting import Setting
from .softmax import SoftmaxLoss
from .teachable import require_classes, require_rank


class RankLoss(nn.Module):
    """The loss at one rank, with its miner, and a classifier beside it where that is wanted."""

    def __init__(self, config: LossConfig, setting: Setting) -> None:
        super().__init__()
        kind = LOSSES[config.name]
        self.weight, self.softmax, self.compares = config.weight, config.softmax, kind.compares
        self.metric: Any = None
        self.miner: Any = None
        self.classifier = SoftmaxLoss(setting) if config.softmax else None
        if config.weight:
            options = checked_options(kind.make, config.options, f"loss '{config.name}'")
            self.metric = kind.make(setting, **options)
        if config.weight and config.chosen_miner:
            make, of = MINERS[config.chosen_miner], f"miner '{config.chosen_miner}'"
            options = checked_options(make, config.miner_options, of)
            self.miner = make(self.metric.distance, setting.generator, **options)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of features float32 [n, dim] with labels int64 [n], all known."""
        total = self.nothing(features)
        if self.classifier is not None and len(labels):
            total = total + self.softmax * self.classifier(features, labels)
        if self.metric is not None and self.teaches(labels):
            mined = None if self.miner is None else self.miner(features, labels)
            total = total + self.weight * self.metric(features, labels, mined)
        return total

    def teaches(self, labels: Tensor) -> bool:
        """Whether something can be learned from a batch of these classes."""
        if not self.compares or self.metric is None:
            return bool(len(labels))
        ordered = labels.sort().values
        same = ordered[1:] == ordered[:-1]
        return bool(same.any() and not same.all())

    def nothing(self, features: Tensor) -> Tensor:
        """Return zero with a gradient of zero to features and parameters alike."""
        return features.sum() * 0 + sum(one.sum() * 0 for one in self.parameters())

    def logits(self, features: Tensor) -> Tensor | None:
        """Return float32 [n, classes] where there is a classifier."""
        if self.classifier is not None:
            return self.classifier.get_logits(features)
        if self.metric is None or not hasattr(self.metric, "get_logits"):
            return None
        logits: Tensor = self.metric.get_logits(features)
        return logits


class Objective(nn.Module):
    """What training makes small; a function of features and labels, and of what it draws.

    Attributes:
        ranks: of the columns of the labels.
        skipped: of every rank learned, how many batches could not teach the loss there.
    """

    def __init__(
        self,
        config: LossConfig,
        dim: int,
        classes: Mapping[str, int],
        generator: Generator | None = None,
    ) -> None:
        super().__init__()
        self.config, self.dim, self.ranks = config, dim, tuple(classes)
        self.classes = dict(classes)
        self.skipped: Counter[str] = Counter()
        self.losses = nn.ModuleDict()
        for rank in config.learned:
            require_rank(rank, self.ranks)
            require_classes(rank, classes[rank])
            setting = Setting(classes[rank], dim, config.smoothing, generator)
            self.losses[rank] = RankLoss(config, setting)

    def forward(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return the loss of a batch.

        A rank that a batch cannot teach adds zero: no image is named there or, for losses that
        compare images with each other, all are of one class or no two are.

        Args:
            features: float32 [n, dim], any length.
            labels: int64 [n, ranks], -1 where not known; such rows are left out at that rank.

        Returns:
            float32, a scalar.

        Raises:
            ValueError: other shapes, types, or labels beyond the classes.
            HolotypeError: features or a loss that are not finite.
        """
        self._check(features, labels)
        total = features.sum() * 0
        with torch.autocast(features.device.type, enabled=False):  # half precision overflows here
            for rank, weight in self.config.ranks.items():
                if weight:
                    total = total + weight * self._at(rank, features, labels)
        return total

    def logits(self, features: Tensor, rank: str) -> Tensor:
        """Return what the classifier at a rank says of features, float32 [n, classes].

        Raises:
            UsageError: the rank is not learned, or the loss has no classifier.
        """
        found = self._loss(rank).logits(features) if rank in self.losses else None
        if found is None:
            raise UsageError(
                f"Loss '{self.config.name}' has no classifier at rank '{rank}'; choose one that "
                f"has, such as 'softmax', or set loss.softmax above 0, and name the rank in "
                f"loss.ranks"
            )
        return found

    def _loss(self, rank: str) -> RankLoss:
        loss = self.losses[rank]
        assert isinstance(loss, RankLoss)
        return loss

    def _at(self, rank: str, features: Tensor, labels: Tensor) -> Tensor:
        codes = labels[:, self.ranks.index(rank)]
        known = codes >= 0
        at = self._loss(rank)
        if not at.teaches(codes[known]):
            self.skipped[rank] += 1
        loss: Tensor = at(features[known], codes[known])
        if not torch.isfinite(loss):
            change = LOSSES[self.config.name].change
            raise HolotypeError(
                f"Loss '{self.config.name}' at rank '{rank}' is {float(loss.detach()):g}; lower "
                f"the learning rate (schedule.rate, schedule.head_rate)"
                + (f", or {change} in loss.options" if change else "")
            )
        return loss

    def _check(self, features: Tensor, labels: Tensor) -> None:
        n = len(features)
        if features.dtype != torch.float32 or features.shape != (n, self.dim):
            raise ValueError(
                f"features are {features.dtype} {list(features.shape)}; "
                f"they are float32 [n, {self.dim}]"
            )
        if labels.dtype != torch.int64 or labels.shape != (n, len(self.ranks)):
            raise ValueError(
                f"labels are {labels.dtype} {list(labels.shape)}; "
                f"they are int64 [{n}, {len(self.ranks)}], a column for each of "
                f"{', '.join(self.ranks)}"
            )
        for rank in self.config.learned:
            largest = int(labels[:, self.ranks.index(rank)].max()) if n else -1
            if largest >= self.classes[rank]:
                raise ValueError(f"label {largest} of {self.classes[rank]} {rank} classes")
        if not torch.isfinite(features).all():
            raise HolotypeError(
                f"The features that loss '{self.config.name}' is given are not finite numbers: "
                f"the network has diverged; lower the learning rate (schedule.rate)"
            )


def make_objective(
    config: LossConfig,
    dim: int,
    classes: Mapping[str, int],
    generator: Generator | None = None,
) -> Objective:
    """Return what training makes small.

    Args:
        config: the loss, its miner, ranks and weights.
        dim: of the features.
        classes: how many each rank has, in the order of the columns of the labels.
        generator: of the CPU; random choices are drawn from it, by default from torch's own, so
            that a run whose generator is restored goes on as it would have.

    Raises:
        UsageError: a rank that is learned is not there, or has fewer than two classes.
    """
    return Objective(config, dim, classes, generator)
