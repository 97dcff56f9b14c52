"""Training on pictures: first without those that are kept back, judged by them, then on all."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from holotype.index.arrays import Codes, Embeddings
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, accelerated
from holotype.index.settings import settings

from ..domain.target import Pull, Target
from ..domain.terms import make_domain_term
from ..losses import make_objective, require_teachable
from ..samplers import make_sampler
from ..tuning.recipes import Recipe
from .config import TrainConfig
from .embedding import as_encoder, beside, embedded
from .gate import Candidate, Verdict, candidates_of, hold_back, judge, settled
from .gate.candidates import EXPONENTS, MAPS, STARTING_MAPS
from .inputs import Inputs, KeptMaps, Pictures
from .keeping import keep
from .loop import Run, Step
from .network import Learner, Trained, folded
from .pictures import Labelled
from .processes import Processes
from .schedule import Plan, side_of, size_at
from .stages import kept_maps

_EXAMPLES = 2  # pictures that a folded network is compared by
_MANY = 300  # pictures whose embedding is worth making an engine for
_LITTLE = 0.1  # share of the time that is left which another side may be judged for

State = dict[str, Tensor]


@dataclass(frozen=True)
class Watch:
    """What a run tells: a new phase, a step, parts of some work done, a judgement, a sentence."""

    on_phase: Callable[[str], None] = lambda phase: None
    on_step: Callable[[Step], None] = lambda step: None
    on_work: Callable[[int, int], None] = lambda done, total: None
    on_verdict: Callable[[Verdict], None] = lambda verdict: None
    on_note: Callable[[str], None] = lambda sentence: None


@dataclass(frozen=True)
class Outcome:
    """What training came to.

    Attributes:
        weights: of the network that is offered; those of the last judgement where none is.
        verdict: of the network that was judged.
        seen: pictures that the offered network has seen.
        judged: up to which share of the run it has been judged.
        interrupted: whether it was ended before its plan was.
    """

    weights: State
    verdict: Verdict
    seen: int
    judged: float = 1.0
    interrupted: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return it as it is kept on disk."""
        return {**vars(self), "verdict": asdict(self.verdict)}

    @staticmethod
    def of_dict(kept: dict[str, Any]) -> Outcome:
        """Read what `to_dict` returned."""
        return Outcome(**{**kept, "verdict": Verdict(**kept["verdict"])})


@dataclass(eq=False, kw_only=True)
class Judged(ABC):
    """Labelled pictures and a config; what comes of them is something learned, with its verdict.

    Attributes:
        folder: where the state is kept.
        identity: tells this run from others.
        keep_seconds: least time between two states on disk.
        ends: the moment of `time.monotonic` when training must end; infinite without a bound.
    """

    pictures: Labelled
    config: TrainConfig
    folder: Path
    identity: str
    ends: float = float("inf")
    watch: Watch = field(default_factory=Watch)
    processes: Processes = field(default_factory=Processes)
    device: str = "cpu"
    keep_seconds: float = field(default_factory=lambda: settings().training_keep_seconds)

    def __post_init__(self) -> None:
        self.held = hold_back(self.pictures, self.config.gate, self.config.seed)
        rows = self.held.training
        loss, batches = self.config.loss, self.config.batches
        one_of_each = batches.sampler == "per-class" and "species" in loss.learned
        require_teachable(
            loss,
            self.pictures.ranks,
            self.pictures.labels[rows],
            per_class=batches.per_class if one_of_each else None,
        )
        self._kept_at = time.monotonic()

    def train(self, kept: dict[str, Any] | None = None) -> Outcome:
        """Train, judge, and train again on everything where that was better.

        Interrupted (Ctrl-C) it returns the best that was judged; where nothing was, it judges what
        there is.

        Args:
            kept: what an interrupted run left, to go on from.
        """
        kept = kept or {}
        self.get_ready()
        if "judged" in kept:
            judged = Outcome.of_dict(kept["judged"])
        else:
            judged = self._judged_run(kept.get("probe"))
        wanted = judged.verdict.is_better and self.config.gate.refit
        return (
            self._refit(judged, kept.get("refit")) if wanted and not judged.interrupted else judged
        )

    def _judged_run(self, state: dict[str, Any] | None) -> Outcome:
        """Train without what is kept back, and return the best of the moments that are judged."""
        share, left = self.config.gate.share, self._left()
        run = self.run_over(self.held.training, self._plan(share, share * left))
        best: Outcome | None = None
        if state:
            best = state["best"] and Outcome.of_dict(state["best"])
            run.load_state_dict(state)
        start = self._start()
        points = [(place + 1) / self.config.gate.points for place in range(self.config.gate.points)]
        for point in points:
            if best and best.judged >= point:
                continue
            self.watch.on_phase("Training to be judged")
            ended = self._advance(run, point, partial(_probe_state, run, best))
            if ended and best:
                return replace(best, interrupted=True)
            found = self.processes.once(partial(self._judge, run, start, point))
            better = best is None or found.verdict.value > best.verdict.value
            best = replace(found if better or best is None else best, judged=point)
            if ended:
                return replace(best, interrupted=True)
        assert best is not None
        return best

    def _refit(self, judged: Outcome, state: dict[str, Any] | None) -> Outcome:
        """Train on everything, up to the point of the schedule that judged best."""
        run = self.run_over(np.arange(len(self.pictures.images)), self._plan(1.0, self._left()))
        if state:
            run.load_state_dict(state)
        self.watch.on_phase("Training on all pictures")
        kept = {"judged": judged.to_dict()}
        if self._advance(run, judged.verdict.done, lambda: kept | {"refit": run.state_dict()}):
            return replace(judged, interrupted=True)
        return Outcome(run.averaged_state(), judged.verdict, run.state.seen)

    def _left(self) -> float:
        return self.ends - time.monotonic()

    def _plan(self, share: float, seconds: float) -> Plan:
        """Return a plan of a share of the pictures, within some seconds where these are bounded."""
        bound = max(1.0, seconds) if np.isfinite(seconds) else 0.0
        schedule = self.config.schedule
        wanted = schedule.epochs * len(self.pictures.images) or schedule.pictures
        return Plan(max(1, round(share * wanted)), bound)

    def _advance(self, run: Run, until: float, state: Callable[[], dict[str, Any]]) -> bool:
        """Train up to a share of the plan; return whether it was interrupted before.

        Of several processes the others would wait for ever for one that goes on to judge.
        """
        try:
            for step in run.steps(until):
                self.watch.on_step(step)
                if time.monotonic() - self._kept_at >= self.keep_seconds:
                    self._keep(state())
        except KeyboardInterrupt:
            if self.processes.count > 1:
                raise
            return True
        self._keep(state())
        return False

    def _keep(self, state: dict[str, Any]) -> None:
        if self.processes.is_first:
            keep(self.folder, self.identity, state)
        self._kept_at = time.monotonic()

    def _start(self) -> Candidate:
        """Return the start's own features through the map that suits them; see `settled`."""
        held, gate = self.held, self.config.gate
        vectors = self.pictures.vectors[held.judging]
        return settled(
            candidates_of("start", vectors, self.pictures, held, gate, STARTING_MAPS, EXPONENTS)
        )

    def _judge(self, run: Run, start: Candidate, done: float) -> Outcome:
        """Judge what is learned as it is now."""
        self.watch.on_phase("Judging")
        weights, pictures = run.averaged_state(), self.pictures
        found = self.candidates(weights)
        verdict = judge(start, found, pictures.categories(self.held.judging), done)
        self.watch.on_verdict(verdict)
        return Outcome(weights, verdict, run.state.seen)

    @abstractmethod
    def candidates(self, weights: State) -> list[Candidate]:
        """Return what may be offered of what was learned, the default first."""

    @abstractmethod
    def learner(self, rows: Codes) -> Learner:
        """Return what is to be trained on some of the pictures, as it is before."""

    @abstractmethod
    def fed(self, learner: Learner, rows: Codes) -> tuple[Inputs, nn.Module]:
        """Return the inputs of some of the pictures, and what of the learner runs on them."""

    @abstractmethod
    def get_ready(self) -> None:
        """Do what is done once, before the time that is left is shared out."""

    def pull(self, dim: int) -> Pull | None:
        """Return what draws features of that length elsewhere; None for nothing."""
        del dim
        return None

    @property
    def size(self) -> int:
        """Side of the pictures that sizes are shares of."""
        return 1

    def run_over(self, rows: Codes, plan: Plan) -> Run:
        """Return a run over some of the pictures, from the start."""
        config, seed = self.config, self.config.seed
        ranks = self.pictures.ranks
        labels = np.stack([_packed(column) for column in self.pictures.labels[rows].T], 1)
        classes = dict(zip(ranks, (labels.max(0, initial=-1) + 1).tolist(), strict=True))
        torch.manual_seed(seed)
        learner = self.learner(rows).to(self.device).eval()
        learner.to(memory_format=torch.channels_last)
        objective = make_objective(config.loss, learner.dim, classes)
        batches, species = config.batches, labels[:, ranks.index("species")]
        sampler = make_sampler(batches.sampler, species, batches.batch, batches.per_class, seed)
        pull = self.pull(learner.dim)
        inputs, twin = self.fed(learner, rows)
        return Run(
            learner,
            twin,
            objective,
            inputs,
            labels,
            sampler,
            config,
            plan,
            self.size,
            torch.device(self.device),
            self.processes,
            pull,
        )


@dataclass(eq=False, kw_only=True)
class Training(Judged):
    """Pictures, a start and a config; what comes of them is a network with its verdict.

    Attributes:
        pixels: uint8 [n, side, side, 3], squares.
        start: the encoder that training starts from.
        side: of the pictures that it is trained on, in pixels, where `schedule.sizes` says 1.
        make_network: makes its network anew, with its weights.
        beside: float32 [n, dim], embeddings by the network that may stand beside the trained one,
            unit rows; None where none may.
        target: pictures of another set-up, without names; None for none.
    """

    collection: Collection
    pixels: NDArray[np.uint8]
    start: Encoder
    side: int
    make_network: Callable[[], Trained]
    beside: Embeddings | None = None
    target: Target | None = None
    _maps: NDArray[np.float16] | None = field(default=None, init=False)

    @property
    def size(self) -> int:
        """Side of the pictures that sizes are shares of."""
        return self.side

    def candidates(self, weights: State) -> list[Candidate]:
        """Return the network's features, beside the start's and alone, through each map.

        Of sides other than the first only the default, since each map over two networks takes
        seconds, and within a bound on minutes only those for which there is time.
        """
        first, *others = self.sides
        began = time.monotonic()
        found = self._candidates(weights, first, MAPS, EXPONENTS)
        took = time.monotonic() - began
        for side in others:
            if took > _LITTLE * self._left():
                break
            found += self._candidates(weights, side, MAPS[:1], EXPONENTS[:1])[:1]
        return found

    def _candidates(
        self, weights: State, side: int, maps: Sequence[Recipe], exponents: Sequence[float]
    ) -> list[Candidate]:
        held, pictures, gate = self.held, self.pictures, self.config.gate
        vectors = self.embedded(weights, held.judging, side)
        features = {"trained": vectors}
        if self.beside is not None:
            both = beside(vectors, self.beside[held.judging])
            features = {"trained+start": both, "trained": vectors}
        return [
            one
            for name, rows in features.items()
            for one in candidates_of(name, rows, pictures, held, gate, maps, exponents, side)
        ]

    @property
    def sides(self) -> list[int]:
        """Sides that the network may see pictures at, the default first; 0 for the encoder's."""
        own = self.start.preprocessing.size
        sides = [side_of(size, self.side) for size in self.config.gate.sizes]
        return list(dict.fromkeys(side if side < own else 0 for side in sides))

    def embedded(self, weights: State, rows: Codes, side: int = 0) -> Embeddings:
        """Return the embeddings of some pictures by the network with such weights.

        Args:
            side: see `as_encoder`.
        """
        network = self.make_network()
        network.load_state_dict(weights)
        encoder = as_encoder(network.eval(), self.start.preprocessing, self.start.views, side)
        if len(rows) >= _MANY:
            encoder = accelerated(encoder, keep=False)
        images = [self.pictures.images[row] for row in rows]
        return embedded(self.collection, images, encoder, self.watch.on_work)

    def get_ready(self) -> None:
        """Compute the activations that stay, where only the last stages are trained."""
        if self.config.network.train == "last":
            network = self.make_network().to(self.device).eval()
            self.fed(network, self.held.training)

    def learner(self, rows: Codes) -> Trained:
        """Return the network of the start."""
        del rows
        return self.make_network()

    def fed(self, learner: Learner, rows: Codes) -> tuple[Inputs, nn.Module]:
        """Return pictures and the network, or kept activations and its last stages."""
        assert isinstance(learner, Trained)
        network, device = self.config.network, torch.device(self.device)
        if network.train == "last":
            parts = learner.cut(network.stages, self._example(self.size))
            parts.freeze()
            maps = self._kept_maps(parts.front)
            example = torch.from_numpy(maps[:_EXAMPLES, 0]).to(device).float()
            tail = folded(parts.tail, example) if self._folds else parts.tail
            return KeptMaps(maps, rows, device), tail
        twin: nn.Module = learner
        if self._folds:
            twin = folded(learner, self._example(min(self.size, 64)))
        return Pictures(self.pixels, rows, self.config.augmentation, device), twin

    @property
    def _folds(self) -> bool:
        """Whether norms are folded. A GPU waits for small steps such as folding has."""
        return self.config.network.fold_norms and self.device == "cpu"

    def _example(self, side: int) -> Tensor:
        generator = torch.Generator().manual_seed(0)
        return torch.rand(_EXAMPLES, 3, side, side, generator=generator).to(self.device)

    def _kept_maps(self, front: nn.Module) -> NDArray[np.float16]:
        """Return the activations of all pictures; they are the same in every run."""
        if self._maps is None:
            self.watch.on_phase("Computing activations that stay")
            schedule, device = self.config.schedule, torch.device(self.device)
            self._maps = kept_maps(
                front,
                Pictures(self.pixels, None, self.config.augmentation, device),
                len(self.pixels),
                copies=self.config.network.copies,
                size=size_at(1.0, schedule, self.size),
                seed=self.config.seed,
                file=self.folder / f"maps-{self.processes.number}.npy",
                progress=self.watch.on_work,
            )
        return self._maps

    def pull(self, dim: int) -> Pull | None:
        """Return what draws towards the target, from its start."""
        if self.target is None:
            return None
        config = self.config
        term = make_domain_term(config.domain, dim)
        return Pull(self.target.pixels, term, config.batches.batch, config.seed)


def _packed(codes: Codes) -> Codes:
    """Return the codes of a rank as 0, 1, 2 …, -1 where not known."""
    names, member = np.unique(codes, return_inverse=True)
    return member - 1 if len(names) and names[0] < 0 else member


def _probe_state(run: Run, best: Outcome | None) -> dict[str, Any]:
    return {"probe": {**run.state_dict(), "best": best and best.to_dict()}}
