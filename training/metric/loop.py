"""Gradient steps: pictures are drawn, changed, embedded and compared, until the plan is used up."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from holotype.index.arrays import Codes
from holotype.index.errors import UsageError

from ..domain.target import Pull
from ..losses import Objective
from ..samplers import Sampler
from .config import TrainConfig
from .inputs import Inputs, Pictures
from .network import Learner
from .processes import Processes
from .recording import Recorded
from .schedule import Plan, rate_at, size_at


@dataclass(frozen=True)
class Step:
    """What is told after a step: how far the run is, and how it goes."""

    done: float
    seen: int
    loss: float
    rate: float
    size: int
    seconds: float


@dataclass
class State:
    """What changes in a run.

    Attributes:
        seen: pictures so far.
        epoch: of the sampler.
        batch: how many batches of that epoch are done.
        seconds: of training so far.
        loss: running mean.
    """

    seen: int = 0
    epoch: int = 0
    batch: int = 0
    seconds: float = 0.0
    loss: float = float("nan")


@dataclass(eq=False)
class Run:
    """A network in training, with all that a run needs to go on exactly where it was.

    Attributes:
        network: what is trained.
        twin: what of the network runs on the inputs, with its parameters.
        objective: the loss, with parameters of its own.
        inputs: of n pictures.
        labels: int64 [n, ranks], of these.
        sampler: which rows make a batch.
        plan: how long.
        own_size: side of the encoder's input.
        processes: those that share the work.
        pull: what draws the features towards those of another set-up; None for nothing.
    """

    network: Learner
    twin: nn.Module
    objective: Objective
    inputs: Inputs
    labels: Codes
    sampler: Sampler
    config: TrainConfig
    plan: Plan
    own_size: int
    device: torch.device
    processes: Processes = field(default_factory=Processes)
    pull: Pull | None = None
    state: State = field(default_factory=State)

    def __post_init__(self) -> None:
        self.objective.to(self.device)
        self.term = self.pull.term.to(self.device) if self.pull else nn.Module()
        heads = [*self.objective.parameters(), *self.term.parameters()]
        self.optimiser = _optimiser(self.network, heads, self.config)
        pixels = self.pull.pixels if self.pull else np.empty((0, 1, 1, 3), np.uint8)
        self._others = Pictures(pixels, None, self.config.augmentation, self.device)
        self.generator = torch.Generator().manual_seed(self.config.seed)
        torch.manual_seed(self.config.seed)  # losses draw from it
        named = dict(self.network.named_parameters())  # walking through modules takes a while
        self._weights: list[Tensor] = list(named.values())
        self.averaged = {name: tensor.detach().clone() for name, tensor in named.items()}
        records = self.device.type == "cuda" and self.pull is None  # a pull asks twice in a step
        self._piece = Recorded(self.twin) if records else self.twin
        self._unread: Tensor | None = None

    @property
    def done(self) -> float:
        """How far the run is, 0 to 1."""
        return self.plan.done(self.state.seen, self.state.seconds)

    def steps(self, until: float = 1.0) -> Iterator[Step]:
        """Train up to a share of the plan, telling of every step.

        Raises:
            UsageError: the loss is no number any more.
        """
        while (done := self.processes.agreed(self.done)) < until:
            start = time.perf_counter()
            rows = self._next_rows()
            size = size_at(done, self.config.schedule, self.own_size)
            rate = rate_at(done, self.config.schedule)
            loss = self._step(rows, size, rate, min(done, 1.0))
            state = self.state
            state.seen += len(rows)
            if not np.isnan(loss):
                state.loss = loss if np.isnan(state.loss) else 0.9 * state.loss + 0.1 * loss
            state.seconds += time.perf_counter() - start
            yield Step(self.done, state.seen, state.loss, rate, size, state.seconds)

    def _next_rows(self) -> Codes:
        batches = self.sampler.epoch(self.state.epoch)
        if self.state.batch >= len(batches):
            self.state.epoch, self.state.batch = self.state.epoch + 1, 0
            batches = self.sampler.epoch(self.state.epoch)
        rows = batches[self.state.batch]
        self.state.batch += 1
        return rows

    def _features(self, inputs: Inputs, rows: Codes, size: int) -> Tensor:
        """Return the features of some inputs; every process computes its part of them."""
        own = self.processes.part(len(rows))
        drawn = inputs.drawn(rows, own, size, self.generator)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_half):
            features = self._piece(drawn)
        return self.processes.gathered(features.float(), len(rows))

    def _step(self, rows: Codes, size: int, rate: float, done: float) -> float:
        """Take one step."""
        features = self._features(self.inputs, rows, size)
        labels = torch.from_numpy(self.labels[rows]).to(self.device)
        loss: Tensor = self.objective(features, labels)
        if self.pull is not None:
            others = self._features(self._others, self.pull.rows(self.state.seen), size)
            loss = loss + self.pull.term(features, others, done)
        told = self._told(loss.detach())
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.processes.add_gradients(self._weights)
        nn.utils.clip_grad_norm_(self._weights, self.config.schedule.clip)
        for group in self.optimiser.param_groups:
            group["lr"] = group["largest"] * rate
        self.optimiser.step()
        self._average()
        return told

    def _told(self, loss: Tensor | None) -> float:
        """Return a loss as a number; on a GPU that of the step before, since no step waits for it.

        Args:
            loss: of this step; None to read the last one.

        Raises:
            UsageError: it is no number any more.
        """
        known = loss
        if loss is None or self.device.type == "cuda":
            known, self._unread = self._unread, loss
        if known is None:
            return float("nan")
        found = float(known)
        if not np.isfinite(found):
            raise UsageError(
                f"The loss is {found} after {self.state.seen} pictures; lower "
                f"schedule.rate (it is {self.config.schedule.rate:g}) or schedule.head_rate "
                f"({self.config.schedule.head_rate:g})"
            )
        return found

    @property
    def _is_half(self) -> bool:
        wanted = self.config.schedule.precision
        able = self.device.type == "cuda" and torch.cuda.is_bf16_supported()
        return wanted == "bfloat16" or (wanted == "auto" and able)

    @torch.no_grad()
    def _average(self) -> None:
        """Let the running mean follow; at first it is the plain mean of all steps."""
        steps = self.state.seen / self.config.batches.batch + 1
        weight = 1 - min(self.config.schedule.average, 1 - 1 / steps)
        torch._foreach_lerp_(list(self.averaged.values()), self._weights, weight)

    def averaged_state(self) -> dict[str, Tensor]:
        """Return the network's weights, averaged over the last steps, on the CPU.

        Raises:
            UsageError: the last loss is no number.
        """
        self._told(None)
        state = {name: t.detach().cpu().clone() for name, t in self.network.state_dict().items()}
        return state | {name: t.cpu().clone() for name, t in self.averaged.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on.

        Raises:
            UsageError: the last loss is no number.
        """
        self._told(None)
        return {
            "network": self.network.state_dict(),
            "averaged": self.averaged,
            "objective": self.objective.state_dict(),
            "term": self.term.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "generator": self.generator.get_state(),
            "global_generator": torch.get_rng_state(),
            "state": vars(self.state),
        }

    def load_state_dict(self, kept: dict[str, Any]) -> None:
        """Go on where `state_dict` was taken."""
        self.network.load_state_dict(kept["network"])
        for name, tensor in self.averaged.items():
            tensor.copy_(kept["averaged"][name])
        self.objective.load_state_dict(kept["objective"])
        self.term.load_state_dict(kept["term"])
        self.optimiser.load_state_dict(kept["optimiser"])
        self.generator.set_state(kept["generator"])
        torch.set_rng_state(kept["global_generator"])
        self.state = State(**kept["state"])


def _optimiser(
    network: Learner, heads: list[nn.Parameter], config: TrainConfig
) -> torch.optim.Optimizer:
    """Return the optimiser: one rate for the network, another for what starts from nothing."""
    schedule = config.schedule
    old = network.old()
    known = {id(one) for one in old}
    new = [one for one in network.parameters() if id(one) not in known]
    parts = [(old, schedule.rate), ([*new, *heads], schedule.head_rate)]
    groups = [
        {"params": found, "lr": rate, "largest": rate}
        for parameters, rate in parts
        if (found := [one for one in parameters if one.requires_grad])
    ]
    on_gpu = all(one.is_cuda for found, _ in parts for one in found)
    fused = on_gpu or None  # one kernel for all parameters
    if schedule.optimiser == "sgd":
        return torch.optim.SGD(
            groups, momentum=schedule.momentum, weight_decay=schedule.decay, fused=fused
        )
    return torch.optim.AdamW(groups, weight_decay=schedule.decay, fused=fused)
