"""The processes that `torchrun` started: each embeds its part of every batch."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

import torch
import torch.distributed as dist
from torch import Tensor

Made = TypeVar("Made")

_PATIENCE = timedelta(days=2)  # while the first process judges, the others wait


@dataclass(frozen=True)
class Processes:
    """How many processes share the work, and which one this is.

    Every process draws the same batches and holds the same loss; features are gathered, so that
    pairs across processes count, and two processes make the steps that one would make.
    """

    count: int = 1
    number: int = 0

    @property
    def is_first(self) -> bool:
        """Whether this one judges, stores and tells."""
        return self.number == 0

    def part(self, rows: int) -> slice:
        """Return which rows of a batch are this process's.

        >>> [Processes(3, number).part(8) for number in range(3)]
        [slice(0, 3, None), slice(3, 6, None), slice(6, 8, None)]
        """
        sizes = self._sizes(rows)
        start = sum(sizes[: self.number])
        return slice(start, start + sizes[self.number])

    def _sizes(self, rows: int) -> list[int]:
        return [rows // self.count + (number < rows % self.count) for number in range(self.count)]

    def gathered(self, features: Tensor, rows: int) -> Tensor:
        """Return the features of a batch of `rows`; only this process's own carry a gradient."""
        if self.count == 1:
            return features
        sizes = self._sizes(rows)
        padded = features.new_zeros(max(sizes), features.shape[1])
        padded[: len(features)] = features.detach()
        parts = [torch.empty_like(padded) for _ in sizes]
        dist.all_gather(parts, padded)
        cut = [part[:size] for part, size in zip(parts, sizes, strict=True)]
        cut[self.number] = features
        return torch.cat(cut)

    def add_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Sum what every process's own rows give."""
        if self.count == 1:
            return
        for parameter in parameters:
            if parameter.requires_grad:
                if parameter.grad is None:
                    parameter.grad = torch.zeros_like(parameter)
                dist.all_reduce(parameter.grad)

    def once(self, make: Callable[[], Made]) -> Made:
        """Return what the first process makes, in all of them."""
        if self.count == 1:
            return make()
        shared = [make() if self.is_first else None]
        dist.broadcast_object_list(shared, 0)
        (made,) = shared
        assert made is not None
        return made

    def agreed(self, value: float) -> float:
        """Return the first process's value, so that clocks that differ do not part them."""
        if self.count == 1:
            return value
        device = "cuda" if dist.get_backend() == "nccl" else "cpu"
        shared = torch.tensor([value], dtype=torch.float64, device=device)
        dist.broadcast(shared, 0)
        return float(shared)


def is_first() -> bool:
    """Return whether this process tells and stores; of those of `torchrun` one does."""
    return int(os.environ.get("RANK", "0")) == 0


def started() -> Processes:
    """Return the processes that `torchrun` has started; one where it has not."""
    count = int(os.environ.get("WORLD_SIZE", "1"))
    if count == 1:
        return Processes()
    if not dist.is_initialized():
        if torch.cuda.is_available():
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        backend = "nccl" if torch.cuda.is_available() else "gloo"
        dist.init_process_group(backend, timeout=_PATIENCE)
    return Processes(count, dist.get_rank())
