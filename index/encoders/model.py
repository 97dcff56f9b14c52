"""What is known of a model: its views, its preprocessing, its network or what stands for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from ..errors import EncoderError, UsageError
from ..pictures.scaling import METHODS
from ..settings import settings

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .architecture import Architecture

TOGETHER = 64  # views of pictures that a GPU embeds at once

VIEWS: dict[int, tuple[str, ...]] = {
    1: ("whole",),
    2: ("whole", "centre"),
    3: ("whole", "mirror", "centre"),
}


def require_views(views: int) -> None:
    """Refuse a number of views that there is not.

    Raises:
        UsageError: saying which there are.
    """
    if views not in VIEWS:
        raise UsageError(f"views is {views}; it must be one of {', '.join(map(str, VIEWS))}")


@dataclass(frozen=True)
class Preprocessing:
    """How a picture becomes the encoder's input: square side in pixels, scaling, mean and std.

    Mean and std are per channel, on RGB scaled to 0..1. They belong to the weights: with another
    encoder's values the vectors are wrong without any error.
    """

    size: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    interpolation: str = "bicubic"

    def __post_init__(self) -> None:
        if self.interpolation not in METHODS:
            known = ", ".join(METHODS)
            raise EncoderError(f"Interpolation '{self.interpolation}' is not one of {known}")
        limit = settings().max_encoder_side
        if not isinstance(self.size, int) or not 1 <= self.size <= limit:
            raise EncoderError(
                f"The encoder's side is {self.size!r}; it must be 1 to {limit} pixels "
                "(HOLOTYPE_MAX_ENCODER_SIDE)"
            )
        if not (_are_three(self.mean) and _are_three(self.std) and min(self.std) > 0):
            raise EncoderError(
                f"The encoder's mean {self.mean} and std {self.std} are not three numbers each"
            )


def _are_three(values: Sequence[object]) -> bool:
    numbers = [value for value in values if isinstance(value, int | float) and isfinite(value)]
    return len(numbers) == len(values) == 3


@dataclass(frozen=True)
class Model:
    """A loaded network: what a loader returns, before views and device are chosen.

    `image` maps float32 [n, 3, size, size] to features [n, dim]; `text`, where there is a text
    tower, maps a list of n strings to features [n, dim] in the same space. `architecture` says how
    `image` is made again; None where that is not known.
    """

    image: nn.Module
    preprocessing: Preprocessing
    weights: nn.Module
    text: Callable[[Sequence[str]], torch.Tensor] | None = None
    architecture: Architecture | None = None


@dataclass(frozen=True)
class Facts:
    """What is known of an encoder without its network.

    Attributes:
        fingerprint: sha256 of the weights, the preprocessing and the views. Two encoders with one
            fingerprint make the same embeddings.
        layers: sha256 of what the network is made of.
        has_text: whether words can be encoded too.
    """

    fingerprint: str
    layers: str
    preprocessing: Preprocessing
    has_text: bool


@dataclass(frozen=True)
class Unloaded:
    """A model whose facts are known, so that it is loaded only where PyTorch has to run it."""

    facts: Facts
    load: Callable[[], Model]
