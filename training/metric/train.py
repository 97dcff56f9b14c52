"""Training from a collection's pictures: judged first, then on everything, then a space."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder

from ..losses import make_objective
from ..samplers import make_sampler
from .config import TrainConfig
from .embedding import as_encoder, beside, embedded
from .gate import Candidate, Held, Verdict, best_of, hold_back, judge
from .keeping import keep
from .loop import Run, Step
from .network import Trained
from .pictures import Labelled, Squares
from .processes import Processes
from .schedule import Plan

_KEEP_SECONDS = 60.0  # between two states on disk


@dataclass(frozen=True)
class Watch:
    """What a run tells: whoever raises in them ends it."""

    on_phase: Callable[[str], None] = lambda phase: None
    on_step: Callable[[Step], None] = lambda step: None
    on_work: Callable[[int, int], None] = lambda done, total: None
    on_verdict: Callable[[Verdict], None] = lambda verdict: None


@dataclass(eq=False)
class Training:
    """Pictures, a start and a config; what comes of them is a network with its verdict.

    Attributes:
        start: the encoder that training starts from.
        make_network: makes its network with weights, anew.
    """

    collection: Collection
    pictures: Labelled
    squares: Squares
    start: Encoder
    make_network: Callable[[], Trained]
    config: TrainConfig
    watch: Watch = field(default_factory=Watch)
    processes: Processes = field(default_factory=Processes)
    device: str = "cpu"

    def run(self, rows: Codes, plan: Plan, seed: int) -> Run:
        """Return a run over some of the pictures."""
        config = self.config
        labels = self.pictures.labels[rows]
        packed = np.stack([_packed(column) for column in labels.T], 1)
        classes = {
            rank: int(packed[:, place].max(initial=-1)) + 1
            for place, rank in enumerate(self.pictures.ranks)
        }
        torch.manual_seed(seed)
        network = self.make_network()
        objective = make_objective(config.loss, network.dim, classes)
        batches = config.batches
        species = packed[:, self.pictures.ranks.index("species")]
        sampler = make_sampler(batches.sampler, species, batches.batch, batches.per_class, seed)
        return Run(
            network,
            objective,
            self.squares.pixels[rows],
            packed,
            sampler,
            config,
            plan,
            self.start.preprocessing.size,
            torch.device(self.device),
            self.processes,
        )


def _packed(codes: Codes) -> Codes:
    """Return the codes of a rank as 0, 1, 2 …, -1 where not known."""
    names, member = np.unique(codes, return_inverse=True)
    return member - 1 if len(names) and names[0] < 0 else member
