"""Gradient steps: pictures are drawn, changed, embedded and compared, until the plan is used up."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from holotype.index.arrays import Codes
from holotype.index.errors import UsageError

from ..augmentation.augment import augment, draw
from ..domain.target import Pull
from ..losses import Objective
from ..samplers import Sampler
from .config import TrainConfig
from .network import Trained, folded
from .processes import Processes
from .schedule import Plan, rate_at, size_at

_SHARE_OF_GPU = 0.4  # of its free memory, that pictures may take
_EXAMPLES = 2  # pictures that a folded network is compared by


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
        objective: the loss, with parameters of its own.
        pixels: uint8 [m, side, side, 3], squares.
        rows: int64 [n], those that are trained on.
        labels: int64 [n, ranks], of these.
        sampler: which rows make a batch.
        plan: how long.
        own_size: side of the encoder's input.
        processes: those that share the work.
        pull: what draws the features towards those of another set-up; None for nothing.
    """

    network: Trained
    objective: Objective
    pixels: NDArray[np.uint8]
    rows: Codes
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
        self.network.to(self.device).eval()
        self.network.to(memory_format=torch.channels_last)
        self.objective.to(self.device)
        self.term = self.pull.term.to(self.device) if self.pull else nn.Module()
        heads = [*self.objective.parameters(), *self.term.parameters()]
        self.optimiser = _optimiser(self.network, heads, self.config)
        self.generator = torch.Generator().manual_seed(self.config.seed)
        torch.manual_seed(self.config.seed)  # losses draw from it
        self.averaged = {name: t.detach().clone() for name, t in _parameters(self.network)}
        self._near = self._kept_near()
        self._twin: nn.Module = self.network
        if self.config.network.fold_norms:
            side = min(self.own_size, 64)
            example = torch.rand(_EXAMPLES, 3, side, side, generator=torch.Generator())
            self._twin = folded(self.network, example.to(self.device))

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

    def _features(self, take: Callable[[Codes], Tensor], rows: Codes, size: int) -> Tensor:
        """Return the features of pictures, changed; every process embeds its part of them."""
        own = self.processes.part(len(rows))
        draws = draw(len(rows), self.config.augmentation, self.generator).part(own)
        squares = take(rows[own])
        pictures = augment(squares, draws, size).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._is_half):
            features = self._twin(pictures)
        return self.processes.gathered(features.float(), len(rows))

    def _step(self, rows: Codes, size: int, rate: float, done: float) -> float:
        """Take one step."""
        features = self._features(self._squares, rows, size)
        labels = torch.from_numpy(self.labels[rows]).to(self.device)
        loss: Tensor = self.objective(features, labels)
        if self.pull is not None:
            others = self._features(self._others, self.pull.rows(self.state.seen), size)
            loss = loss + self.pull.term(features, others, done)
        if not torch.isfinite(loss):
            raise UsageError(
                f"The loss is {float(loss.detach())} after {self.state.seen} pictures; lower "
                f"schedule.rate (it is {self.config.schedule.rate:g}) or schedule.head_rate "
                f"({self.config.schedule.head_rate:g})"
            )
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        self.processes.add_gradients(self.network.parameters())
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.schedule.clip)
        for group in self.optimiser.param_groups:
            group["lr"] = group["largest"] * rate
        self.optimiser.step()
        self._average()
        return float(loss.detach())

    def _kept_near(self) -> Tensor | None:
        """Return all squares on the GPU, where they leave it room to train; None elsewhere."""
        if self.device.type != "cuda":
            return None
        free, _ = torch.cuda.mem_get_info(self.device)
        if len(self.rows) * self.pixels[0].nbytes > _SHARE_OF_GPU * free:
            return None
        return torch.from_numpy(self.pixels[self.rows]).to(self.device)

    def _squares(self, rows: Codes) -> Tensor:
        """Return the squares of some rows on the device."""
        if self._near is not None:
            return self._near[torch.from_numpy(rows).to(self.device)]
        squares = torch.from_numpy(self.pixels[self.rows[rows]])
        if self.device.type == "cuda":
            squares = squares.pin_memory()
        return squares.to(self.device, non_blocking=True)

    def _others(self, rows: Codes) -> Tensor:
        """Return squares of the other set-up, on the device."""
        assert self.pull is not None
        return torch.from_numpy(self.pull.pixels[rows]).to(self.device, non_blocking=True)

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
        now = [tensor for _, tensor in _parameters(self.network)]
        torch._foreach_lerp_(list(self.averaged.values()), now, weight)

    def averaged_state(self) -> dict[str, Tensor]:
        """Return the network's weights, averaged over the last steps, on the CPU."""
        state = {name: t.detach().cpu().clone() for name, t in self.network.state_dict().items()}
        return state | {name: t.cpu().clone() for name, t in self.averaged.items()}

    def state_dict(self) -> dict[str, Any]:
        """Return all that is needed to go on."""
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


def _parameters(network: nn.Module) -> Iterator[tuple[str, Tensor]]:
    return network.named_parameters()


def _optimiser(
    network: Trained, heads: list[nn.Parameter], config: TrainConfig
) -> torch.optim.Optimizer:
    """Return the optimiser: one rate for the network, another for what starts from nothing."""
    schedule = config.schedule
    old = list(network.backbone.parameters())
    known = {id(one) for one in old}
    new = [one for one in network.parameters() if id(one) not in known]
    parts = [(old, schedule.rate), ([*new, *heads], schedule.head_rate)]
    groups = [
        {"params": found, "lr": rate, "largest": rate}
        for parameters, rate in parts
        if (found := [one for one in parameters if one.requires_grad])
    ]
    if schedule.optimiser == "sgd":
        return torch.optim.SGD(groups, momentum=schedule.momentum, weight_decay=schedule.decay)
    return torch.optim.AdamW(groups, weight_decay=schedule.decay)
