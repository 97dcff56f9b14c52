"""What an encoder is: pictures (and, for some, words) in, float32 unit rows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cache, cached_property, partial
from math import isfinite
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..errors import EncoderError, UsageError
from ..pictures.reading import LONGEST, pad_to_square, shrink
from ..pictures.scaling import METHODS, scaled
from ..runtime import may_have_gpu
from ..settings import settings

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .network import InTorch, Network

Embeddings = NDArray[np.float32]
Pixels = NDArray[np.uint8]

VIEWS: dict[int, tuple[str, ...]] = {
    1: ("whole",),
    2: ("whole", "centre"),
    3: ("whole", "mirror", "centre"),
}
_CENTRE = 0.65  # share of the side that the centre view keeps


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
    tower, maps a list of n strings to features [n, dim] in the same space.
    """

    image: nn.Module
    preprocessing: Preprocessing
    weights: nn.Module
    text: Callable[[Sequence[str]], torch.Tensor] | None = None


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


class Encoder:
    """An encoder with its views and its device.

    Safe to call from several threads at once.

    Attributes:
        name: the string that loads it again.
        views: how many views of a picture are averaged; see `VIEWS`.
        facts: what is known of it without its network.
        device: cpu, cuda or mps.
    """

    def __init__(self, name: str, model: Model | Unloaded, *, views: int = 1) -> None:
        require_views(views)
        self.name = name
        self.views = views
        self.device = pick_device()
        self._engine: Callable[[Pixels], Embeddings] | None = None
        self._alone = False
        if isinstance(model, Unloaded):
            self.facts = model.facts
            self._in_torch = _once(partial(_loaded, name, model, views, self.device))
        else:
            from .network import InTorch

            loaded = InTorch(model, views, self.device)
            self.facts = loaded.facts
            self._in_torch = lambda: loaded

    @property
    def fingerprint(self) -> str:
        """What tells it from encoders that make other embeddings; see `Facts`."""
        return self.facts.fingerprint

    @property
    def preprocessing(self) -> Preprocessing:
        """How a picture becomes its input."""
        return self.facts.preprocessing

    @property
    def network(self) -> Network:
        """What `encode_images` runs, in PyTorch.

        Raises:
            EncoderError: it cannot be loaded any more, or is another by now.
        """
        return self._in_torch().network

    @cached_property
    def dim(self) -> int:
        """Length of an embedding."""
        side = self.preprocessing.size
        return len(self.encode_images(np.zeros((1, self.views, side, side, 3), np.uint8))[0])

    @property
    def has_text(self) -> bool:
        """Whether words can be encoded too."""
        return self.facts.has_text

    @property
    def batch_size(self) -> int:
        """Pictures per batch: small on a CPU, where a large batch leaves the cache."""
        wanted = settings().batch_size or (64 if self.device == "cuda" else 8)
        return max(1, wanted // self.views)

    def preprocess(self, picture: Image.Image) -> Pixels:
        """Return the views of an upright RGB picture: uint8 [views, size, size, 3]."""
        square = pad_to_square(shrink(picture, LONGEST * self.preprocessing.size))
        whole = self._resized(square)
        margin = round(len(square) * (1 - _CENTRE) / 2)
        centre = slice(margin, len(square) - margin)
        made = {
            "whole": lambda: whole,
            "mirror": lambda: whole[:, ::-1],
            "centre": lambda: self._resized(square[centre, centre]),
        }
        return np.stack([made[view]() for view in VIEWS[self.views]])

    def _resized(self, square: Pixels) -> Pixels:
        return scaled(square, self.preprocessing.size, self.preprocessing.interpolation)

    def encode_images(self, pixels: Pixels) -> Embeddings:
        """Encode preprocessed pictures.

        Args:
            pixels: uint8 [n, views, size, size, 3], rows of `preprocess`.

        Returns:
            float32 [n, dim], unit rows: the normalised mean over the normalised views.

        Raises:
            EncoderError: the network gave a vector that is not finite.
        """
        if self._engine is not None:
            return self._finite(self._engine(pixels))
        return self._finite(self._in_torch().embed(pixels, alone=self._alone))

    def running_on(self, engine: Callable[[Pixels], Embeddings]) -> Encoder:
        """Return the same encoder with something else to run its image network.

        Args:
            engine: maps what `encode_images` takes to what it returns, as `network` does.
        """
        other = copy(self)
        other._engine = engine
        return other

    def alone(self) -> Encoder:
        """Return the same encoder for threads that encode side by side, each on one core.

        Two threads with one core each encode more pictures than two that split every batch.
        """
        other = copy(self)
        other._alone = True
        return other

    def encode_text(self, texts: Sequence[str]) -> Embeddings:
        """Encode n descriptions into the space of the pictures: float32 [n, dim], unit rows.

        Raises:
            UsageError: the encoder has no text tower.
        """
        if not self.has_text:
            raise UsageError(
                f"Encoder '{self.name}' has no text tower; search by text needs a CLIP-style "
                "encoder such as open_clip:ViT-B-32/openai"
            )
        return self._finite(self._in_torch().embed_text(texts, alone=self._alone))

    def _finite(self, rows: Embeddings) -> Embeddings:
        if not np.isfinite(rows).all():
            raise EncoderError(f"Encoder '{self.name}' gave vectors that are not finite numbers")
        return rows


def require_views(views: int) -> None:
    """Refuse a number of views that there is not.

    Raises:
        UsageError: saying which there are.
    """
    if views not in VIEWS:
        raise UsageError(f"views is {views}; it must be one of {', '.join(map(str, VIEWS))}")


def pick_device() -> str:
    """Return the device of `HOLOTYPE_DEVICE`; by default CUDA, then MPS, then the CPU."""
    wanted = settings().device
    if wanted != "auto":
        return wanted
    if not may_have_gpu():
        return "cpu"
    from .network import best_device

    return best_device()


def _once(make: Callable[[], InTorch]) -> Callable[[], InTorch]:
    """Return what makes something when it is first asked for, for all threads and copies."""
    lock, kept = Lock(), cache(make)

    def get() -> InTorch:
        with lock:
            return kept()

    return get


def _loaded(name: str, model: Unloaded, views: int, device: str) -> InTorch:
    """Load a model that is to be the one whose facts are known."""
    from .network import InTorch

    loaded = InTorch(model.load(), views, device)
    if loaded.facts != model.facts:
        raise EncoderError(f"Encoder '{name}' is another than it was a moment ago; load it again")
    return loaded
