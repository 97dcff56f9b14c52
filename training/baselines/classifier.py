"""A classifier on fixed features, as the papers put one on top of a pretrained network."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from holotype.index.arrays import Codes, Embeddings
from holotype.index.errors import CorruptError, MismatchError, first_line
from holotype.index.files.durable import write_durably
from holotype.index.files.plain_json import read_json
from holotype.index.files.regular import Limit, read_regular
from holotype.index.vectors.fitted_on import FittedOn

FILES = ("classifier.json", "classifier.safetensors")

_FORMAT = 1
_BLOCK_ROWS = 4096
_MOST_CARD = Limit(256 << 20, "of a classifier's card")
_MOST_WEIGHTS = Limit(16 << 30, "of a classifier's weights")
_FAULTS = (OSError, SafetensorError, KeyError, TypeError, ValueError)

Layer = tuple[Embeddings, Embeddings]  # weights [out, in] and bias [out]


@dataclass(frozen=True, eq=False)
class Classifier:
    """Linear layers with ReLU between them, and a softmax at the end.

    Attributes:
        mean: float32 [d], taken off the features first.
        scale: float32 [d], what they are multiplied with then.
        layers: weights float32 [out, in] and bias float32 [out] of every layer.
        classes: the names of the c classes, in the order of the last layer.
        codes: int64 [c], the labels that they had in the fit.
        card: how it was fitted, as JSON values.
        fitted_on: the images that it was fitted on; None where nothing says so.

    Raises:
        ValueError: the parts do not fit each other, or hold NaN or infinity.
    """

    mean: Embeddings
    scale: Embeddings
    layers: tuple[Layer, ...]
    classes: tuple[str, ...]
    codes: Codes
    card: dict[str, Any] = field(default_factory=dict)
    fitted_on: FittedOn | None = None

    def __post_init__(self) -> None:
        widths = _widths(self.mean, self.scale, self.layers)
        if not len(self.classes) == len(self.codes) == widths[-1]:
            raise ValueError(
                f"the last layer has {widths[-1]} outputs for {len(self.classes)} classes and "
                f"{len(self.codes)} codes"
            )
        arrays = (self.mean, self.scale, *(part for layer in self.layers for part in layer))
        if not all(np.isfinite(array).all() for array in arrays):
            raise ValueError("a layer holds NaN or infinity")

    @property
    def dim(self) -> int:
        """How many features it takes."""
        return len(self.mean)

    def probabilities(self, features: Embeddings) -> Embeddings:
        """Return how likely each class is.

        Args:
            features: float32 [n, d].

        Returns:
            float32 [n, c], in [0, 1]; every row sums to 1.

        Raises:
            MismatchError: the features have another dimension.
        """
        if features.ndim != 2 or features.shape[1] != self.dim:
            raise MismatchError(
                f"the classifier takes {self.dim} features an image, not {features.shape[1:]}; "
                "use those of the encoder that it was fitted on"
            )
        found = np.empty((len(features), len(self.classes)), np.float32)
        for start in range(0, len(features), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            found[block] = _softmax(self._logits(features[block]))
        return found

    def likeliest(self, features: Embeddings) -> tuple[Codes, Embeddings]:
        """Return the code of the likeliest class, int64 [n], and its probability, float32 [n]."""
        codes, likelihood = np.empty(len(features), np.int64), np.empty(len(features), np.float32)
        for start in range(0, len(features), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            found = self.probabilities(features[block])
            codes[block], likelihood[block] = self.codes[found.argmax(axis=1)], found.max(axis=1)
        return codes, likelihood

    def _logits(self, features: Embeddings) -> Embeddings:
        rows: Embeddings = (features - self.mean) * self.scale
        *hidden, (weight, bias) = self.layers
        for inner, shift in hidden:
            rows = np.maximum(rows @ inner.T + shift, 0)
        logits: Embeddings = rows @ weight.T + bias
        return logits

    def save(self, folder: Path) -> None:
        """Write `classifier.json` and `classifier.safetensors` into a folder, made if need be."""
        tensors: dict[str, NDArray[Any]] = {"mean": self.mean, "scale": self.scale}
        tensors["codes"] = self.codes
        for place, (weight, bias) in enumerate(self.layers):
            tensors[f"layers.{place}.weight"] = np.ascontiguousarray(weight)
            tensors[f"layers.{place}.bias"] = bias
        told = None
        if self.fitted_on is not None:
            tensors |= self.fitted_on.to_tensors()
            told = self.fitted_on.to_dict()
        card = {
            **self.card,
            "format": _FORMAT,
            "layers": len(self.layers),
            "classes": list(self.classes),
            "fitted_on": told,
        }
        folder.mkdir(parents=True, exist_ok=True)
        content = json.dumps(card, indent=2, ensure_ascii=False).encode()
        for name, data in zip(FILES, (content, bytes(save(tensors))), strict=True):
            write_durably(folder / name, data)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            CorruptError: the folder holds no classifier, or its files are damaged.
        """
        try:
            card = read_json(read_regular(folder / FILES[0], _MOST_CARD), dict)
            if card.pop("format") != _FORMAT:
                raise ValueError(f"this version reads format {_FORMAT}")
            tensors = load(read_regular(folder / FILES[1], _MOST_WEIGHTS))
            layers, classes = _layers(tensors, card.pop("layers")), _names(card.pop("classes"))
            card.pop("fitted_on", None)
            fitted_on = FittedOn.from_tensors(tensors)
            mean, scale, codes = (tensors[name] for name in ("mean", "scale", "codes"))
            return cls(mean, scale, layers, classes, codes, card, fitted_on)
        except _FAULTS as error:
            raise CorruptError(
                f"{folder} holds no classifier that can be read ({first_line(error)}); give a "
                f"folder with {' and '.join(FILES)}, or fit it again"
            ) from error


def _layers(tensors: Mapping[str, NDArray[Any]], count: object) -> tuple[Layer, ...]:
    if not isinstance(count, int) or not 1 <= count <= len(tensors):
        raise ValueError(f"it has {count!r} layers")
    parts = [(tensors[f"layers.{i}.weight"], tensors[f"layers.{i}.bias"]) for i in range(count)]
    return tuple(parts)


def _names(classes: object) -> tuple[str, ...]:
    if not isinstance(classes, list) or not all(isinstance(name, str) for name in classes):
        raise ValueError("classes is no list of names")
    return tuple(classes)


def _widths(mean: Embeddings, scale: Embeddings, layers: Sequence[Layer]) -> list[int]:
    """Return the number of features and of what every layer gives.

    Raises:
        ValueError: a layer does not take what comes before it, or is not float32.
    """
    if not layers:
        raise ValueError("it has no layer")
    arrays = [mean, scale, *(part for layer in layers for part in layer)]
    if any(array.dtype != np.float32 for array in arrays):
        raise ValueError("its numbers are not float32")
    if mean.ndim != 1 or mean.shape != scale.shape:
        raise ValueError(f"mean {mean.shape} and scale {scale.shape} do not fit")

    def after(widths: list[int], layer: Layer) -> list[int]:
        weight, bias = layer
        if weight.ndim != 2 or weight.shape[1] != widths[-1] or bias.shape != weight.shape[:1]:
            raise ValueError(
                f"a layer of weights {weight.shape} and bias {bias.shape} cannot take "
                f"{widths[-1]} values"
            )
        return [*widths, len(bias)]

    return reduce(after, layers, [len(mean)])


def _softmax(logits: Embeddings) -> Embeddings:
    """Return shares that are as exp(logits), row by row; overwrites what it gets."""
    logits -= logits.max(axis=1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=1, keepdims=True)
    return logits
