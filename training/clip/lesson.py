"""What a CLIP model is taught with: a start, pictures and what they show, and who watches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from holotype.index.arrays import Codes
from holotype.index.encoders.model import Preprocessing

from .captions import Taxa
from .towers import Clip

# From uint8 squares [n, side, side, 3] and a step's number to float32 [n, 3, size, size] in 0 to 1.
Change = Callable[[NDArray[np.uint8], int], Tensor]


@dataclass(frozen=True, eq=False)
class Start:
    """What training starts from.

    Attributes:
        image: the image network of an encoder: float32 [n, 3, size, size] to features [n, dim].
        name: what timm calls it, where it has no text tower.
        preprocessing: how pictures become its input.
        clip: the model that it is part of; None where it has no text tower.
    """

    image: nn.Module
    name: str
    preprocessing: Preprocessing
    clip: Clip | None = None

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.image.parameters()).device


@dataclass(frozen=True, eq=False)
class Lesson:
    """Pictures to learn from and to judge by.

    Attributes:
        squares: uint8 [n, side, side, 3]; a memory map will do.
        taxa: what they show.
        learn: int64, the pictures that are learned from.
        judge: int64, those that decide what is kept: of other specimens, of the same taxa. None
            at all where what is to be decided was decided before.
        mirror: whether a mirror image shows the same taxon.
        change: how a picture is changed whenever it is seen; None shows it as it is.
    """

    squares: NDArray[np.uint8]
    taxa: Taxa
    learn: Codes
    judge: Codes
    mirror: bool = True
    change: Change | None = None

    @property
    def labels(self) -> Codes:
        """The taxa at the finest rank, int64 [n], -1 where not known."""
        return self.taxa.labels[:, -1]


@dataclass(frozen=True)
class Tick:
    """What is told after a step: the stage, `text` or `towers`, how far it is, and its loss.

    Attributes:
        done: 0 to 1.
        seen: pictures so far.
        rate: the learning rate.
        seconds: of training.
    """

    stage: str
    done: float
    seen: int
    loss: float
    rate: float
    seconds: float


@dataclass(frozen=True)
class Watch:
    """What a run tells, and what it keeps to go on from; an error that they raise ends it.

    Attributes:
        on_step: is told of every step.
        keep: is offered, after every step, what returns all that is needed to go on, and whether
            that step was the last of its stage.
    """

    on_step: Callable[[Tick], None] = lambda tick: None
    keep: Callable[[Callable[[], dict[str, Any]], bool], None] = lambda state, is_last: None
