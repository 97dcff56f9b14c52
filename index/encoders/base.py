"""What an encoder is: pictures (and, for some, words) in, float32 unit rows out."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import copy
from functools import cache, cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..arrays import Embeddings, Pixels
from ..errors import EncoderError, UsageError
from ..pictures.reading import LONGEST, pad_to_square, shrink
from ..pictures.scaling import scaled
from ..runtime import may_have_gpu
from ..settings import settings
from .architecture import Architecture, rebuildable
from .model import TOGETHER, VIEWS, Model, Preprocessing, Unloaded, require_views

if TYPE_CHECKING:
    from .network import InTorch, Network

_CENTRE = 0.65  # share of the side that the centre view keeps


class Encoder:
    """An encoder with its views and its device.

    Safe to call from several threads at once.

    Attributes:
        name: the string that loads it again.
        views: how many views of a picture are averaged; see `VIEWS`.
        facts: what is known of it without its network.
        device: cpu, cuda or mps.
        precision: what its network computes in: float32, float16 or bfloat16.
        single_feeder: whether one thread alone should encode; see `ingest.encoding`.
    """

    def __init__(self, name: str, model: Model | Unloaded, *, views: int = 1) -> None:
        require_views(views)
        self.name = name
        self.views = views
        self.device = pick_device()
        self._engine: Callable[[Pixels], Embeddings] | None = None
        self._alone = False
        self.precision = "float32"
        self.single_feeder = self.device != "cpu"
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

    @property
    def architecture(self) -> Architecture | None:
        """What `network.image` is made of; None where it cannot be made again, and so not trained.

        Raises:
            EncoderError: see `network`.
        """
        loaded = self._in_torch()
        return rebuildable(loaded.architecture, loaded.network.image)

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
        wanted = settings().batch_size or (TOGETHER if self.device == "cuda" else 8)
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
        return self.begin_images(pixels)()

    def begin_images(self, pixels: Pixels) -> Callable[[], Embeddings]:
        """Start what `encode_images` does, and return what waits for the embeddings."""
        if self._engine is not None:
            rows = self._engine(pixels)
            return lambda: self._finite(rows)
        wait = self._in_torch().begin(pixels, alone=self._alone, precision=self.precision)
        return lambda: self._finite(wait())

    def running_on(self, engine: Callable[[Pixels], Embeddings]) -> Encoder:
        """Return the same encoder with something else to run its image network.

        Args:
            engine: maps what `encode_images` takes to what it returns, as `network` does.
        """
        other = copy(self)
        other._engine = engine
        return other

    def in_precision(self, precision: str) -> Encoder:
        """Return the same encoder with a network that computes in float32, float16 or bfloat16.

        Embeddings are float32 whatever it is. `accelerated` chooses one that agrees with float32.
        """
        other = copy(self)
        other.precision = precision
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
