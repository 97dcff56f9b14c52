"""What an encoder is: pictures (and, for some, words) in, float32 unit rows out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, dataclass
from functools import cached_property
from math import isfinite

import numpy as np
import torch
from PIL import Image
from torch import nn

from ..arrays import Embeddings, Pixels
from ..errors import EncoderError, UsageError
from ..pictures.reading import LONGEST, pad_to_square, shrink
from ..settings import settings
from .network import Network

VIEWS: dict[int, tuple[str, ...]] = {
    1: ("whole",),
    2: ("whole", "centre"),
    3: ("whole", "mirror", "centre"),
}
_CENTRE = 0.65  # share of the side that the centre view keeps

_INTERPOLATION = ("bicubic", "bilinear", "lanczos")


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
        if self.interpolation not in _INTERPOLATION:
            known = ", ".join(_INTERPOLATION)
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


class Encoder:
    """An encoder with its views and its device.

    Safe to call from several threads at once.

    Attributes:
        name: the string that loads it again.
        views: how many views of a picture are averaged; see `VIEWS`.
        network: what `encode_images` runs, in PyTorch.
        fingerprint: sha256 of the weights, the preprocessing and the views. Two encoders with one
            fingerprint make the same embeddings.
    """

    def __init__(self, name: str, model: Model, *, views: int = 1) -> None:
        if views not in VIEWS:
            raise UsageError(f"views is {views}; it must be one of {', '.join(map(str, VIEWS))}")
        self.name = name
        self.views = views
        self.preprocessing = model.preprocessing
        self.device = pick_device()
        self.fingerprint = _fingerprint(model.weights, model.preprocessing, VIEWS[views])
        self._text = model.text
        model.weights.eval().to(self.device)
        network = Network(model.image, self.preprocessing.mean, self.preprocessing.std)
        self.network = network.eval().to(self.device).to(memory_format=torch.channels_last)
        self._engine: Callable[[Pixels], Embeddings] | None = None

    @cached_property
    def dim(self) -> int:
        """Length of an embedding."""
        side = self.preprocessing.size
        return len(self.encode_images(np.zeros((1, self.views, side, side, 3), np.uint8))[0])

    @property
    def has_text(self) -> bool:
        """Whether words can be encoded too."""
        return self._text is not None

    @property
    def batch_size(self) -> int:
        """Pictures per batch: small on a CPU, where a large batch leaves the cache."""
        wanted = settings().batch_size or (64 if self.device.type == "cuda" else 8)
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
        """Scale a square to the encoder's side; Pillow's result within 1 of 255, 5 times faster."""
        size, method = self.preprocessing.size, self.preprocessing.interpolation
        pixels = torch.from_numpy(square).permute(2, 0, 1)[None]
        scaled = nn.functional.interpolate(pixels, (size, size), mode=method, antialias=True)
        rows: Pixels = scaled[0].permute(1, 2, 0).numpy()
        return rows

    def encode_images(self, pixels: Pixels) -> Embeddings:
        """Encode preprocessed pictures.

        Args:
            pixels: uint8 [n, views, size, size, 3], rows of `preprocess`.

        Returns:
            float32 [n, dim], unit rows: the normalised mean over the normalised views.

        Raises:
            EncoderError: the network gave a vector that is not finite.
        """
        run = self._engine or self._run_torch
        return self._finite(run(pixels))

    def running_on(self, engine: Callable[[Pixels], Embeddings]) -> Encoder:
        """Return the same encoder with something else to run its image network.

        Args:
            engine: maps what `encode_images` takes to what it returns, as `network` does.
        """
        other = copy(self)
        other._engine = engine
        return other

    def _run_torch(self, pixels: Pixels) -> Embeddings:
        with torch.inference_mode():
            batch = torch.from_numpy(np.ascontiguousarray(pixels)).to(self.device)
            rows: Embeddings = self.network(batch).cpu().numpy()
        return rows

    def encode_text(self, texts: Sequence[str]) -> Embeddings:
        """Encode n descriptions into the space of the pictures: float32 [n, dim], unit rows.

        Raises:
            UsageError: the encoder has no text tower.
        """
        if self._text is None:
            raise UsageError(
                f"Encoder '{self.name}' has no text tower; search by text needs a CLIP-style "
                "encoder such as open_clip:ViT-B-32/openai"
            )
        with torch.inference_mode():
            features = self._text(texts).float()
            rows: Embeddings = nn.functional.normalize(features, dim=1).cpu().numpy()
        return self._finite(rows)

    def _finite(self, rows: Embeddings) -> Embeddings:
        if not np.isfinite(rows).all():
            raise EncoderError(f"Encoder '{self.name}' gave vectors that are not finite numbers")
        return rows


@contextmanager
def single_threaded() -> Iterator[None]:
    """Let every encoding thread work alone, instead of all of them sharing all cores.

    Two threads with one core each encode more pictures than two that split every batch.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def pick_device() -> torch.device:
    """Return the device of `HOLOTYPE_DEVICE`; by default CUDA, then MPS, then the CPU."""
    wanted = settings().device
    if wanted != "auto":
        return torch.device(wanted)
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def _fingerprint(weights: nn.Module, preprocessing: Preprocessing, views: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    recipe = {**asdict(preprocessing), "views": views, "padding": "edge mean", "resize": "torch"}
    digest.update(json.dumps(recipe, sort_keys=True).encode())
    return digest.hexdigest()
