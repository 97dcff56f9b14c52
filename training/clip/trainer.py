"""The steps by which towers learn; the same numbers give the same weights, to the bit on a CPU."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from holotype.index.arrays import Codes

from .captions import Captions
from .contrast import contrastive_loss
from .towers import Clip

# Unit rows [n, dim] of some pictures, seen in a step of that number.
See = Callable[[Codes, int], Tensor]

_BETAS = (0.9, 0.98)  # of CLIP
_LARGEST_GRADIENT = 1.0
_DIVERGED = "The loss is no number any more after {} steps; lower the rate, which is {:g}"


@dataclass(frozen=True)
class Course:
    """How long and how fast.

    Attributes:
        epochs: how often every picture is seen.
        batch: pictures a step.
        rate: largest learning rate.
        decay: weight decay of matrices; biases and norms have none.
        warm_up: share of the steps in which the rate rises; then it falls along a cosine.
        scales: bounds of what cosines are multiplied by.
        seed: of the order of the pictures.
        seconds: the most that it may take; the rate is fitted into them. 0 for no bound.
    """

    epochs: int
    batch: int
    rate: float
    decay: float
    warm_up: float
    scales: tuple[float, ...]
    seed: int
    seconds: float = 0.0

    def rate_at(self, done: float) -> float:
        """Return the rate at a share of the course, 0 to 1.

        >>> Course(1, 2, 1.0, 0.0, 0.5, (1.0, 100.0), 0).rate_at(0.25)
        0.5
        """
        if done < self.warm_up:
            return self.rate * done / self.warm_up
        falling = (done - self.warm_up) / (1 - self.warm_up)
        return self.rate * (1 + math.cos(math.pi * falling)) / 2


class Trainer:
    """Teaches what of a model has a gradient.

    Args:
        clip: the model; norms keep their statistics, nothing is dropped.
        captions: of all pictures.
        rows: int64 [n], the pictures to learn from.
        see: the image tower's side; see `See`.
        course: how long and how fast.
    """

    def __init__(
        self, clip: Clip, captions: Captions, rows: Codes, see: See, course: Course
    ) -> None:
        self.clip, self.course, self.step, self.seconds = clip, course, 0, 0.0
        self._captions, self._rows, self._see = captions, rows[captions.usable[rows]], see
        self._order: tuple[int, Codes] = (-1, self._rows)
        self.in_epoch = max(1, math.ceil(len(self._rows) / course.batch))
        self.steps = course.epochs * self.in_epoch
        self._parameters = [p for p in clip.network.parameters() if p.requires_grad]
        matrices = [p for p in self._parameters if p.ndim >= 2]
        others = [p for p in self._parameters if p.ndim < 2]
        groups = [
            {"params": matrices, "weight_decay": course.decay},
            {"params": others, "weight_decay": 0.0},
        ]
        self._optimiser = torch.optim.AdamW(groups, lr=course.rate, betas=_BETAS)

    @property
    def done(self) -> float:
        """How far the course is, 0 to 1, by steps or by time, whichever is further."""
        timed = self.seconds / self.course.seconds if self.course.seconds else 0.0
        return min(1.0, max(self.step / self.steps, timed))

    def advance(self) -> float:
        """Make one step and return its loss.

        Raises:
            FloatingPointError: the loss is no number any more.
        """
        began = time.perf_counter()
        epoch, part = divmod(self.step, self.in_epoch)
        rows = np.array_split(self._order_of(epoch), self.in_epoch)[part]
        batch = self._captions.batch(rows, epoch)
        scale = self._scale()
        device = self.clip.device
        loss = contrastive_loss(
            self._see(rows, self.step),
            self.clip.texts(batch.texts),
            torch.from_numpy(batch.truth).to(device),
            torch.from_numpy(batch.known).to(device),
            scale.exp(),
        )
        self._optimise(loss)
        self.step += 1
        with torch.no_grad():
            low, high = (math.log(bound) for bound in self.course.scales)
            scale.clamp_(low, high)
        self.seconds += time.perf_counter() - began
        return loss.item()

    def _order_of(self, epoch: int) -> Codes:
        """Return the pictures in the order of an epoch, which its number and the seed decide."""
        if self._order[0] != epoch:
            rng = np.random.default_rng([self.course.seed, epoch])
            self._order = (epoch, rng.permutation(self._rows))
        return self._order[1]

    def _scale(self) -> nn.Parameter:
        scale = self.clip.network.logit_scale
        assert isinstance(scale, nn.Parameter)  # of every CLIP model
        return scale

    def _optimise(self, loss: Tensor) -> None:
        if not torch.isfinite(loss):
            raise FloatingPointError(_DIVERGED.format(self.step, self.course.rate))
        for group in self._optimiser.param_groups:
            group["lr"] = self.course.rate_at(min(1.0, self.done + 1 / self.steps))
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, _LARGEST_GRADIENT)
        self._optimiser.step()

    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on."""
        return {
            "step": self.step,
            "seconds": self.seconds,
            "network": self.clip.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken, with the same pictures, captions and course."""
        self.step, self.seconds = int(state["step"]), float(state["seconds"])
        self.clip.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
