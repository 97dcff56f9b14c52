"""A learned linear map that is applied after the encoder, with the record of how it was fitted."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..arrays import Embeddings
from ..errors import CorruptError, MismatchError
from ..files.plain_json import read_json
from .fitted_on import FittedOn

_BLOCK_ROWS = 4096
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class Projection:
    """x -> unit((signed_power(x, exponent) - mean) @ matrix).

    Attributes:
        mean: float32 [dim], taken off first.
        matrix: float32 [dim, out].
        kind: the method, for example `wccn`.
        arguments: the method's numbers, enough to fit it again.
        exponent: the power that the size of every coordinate is raised to before all else, in
            (0, 1]; 1 leaves the vector alone, 0.5 is the Hellinger map.
        card: what it was fitted on and why it was chosen, as JSON values.
        fitted_on: the images that it was fitted on; None where nothing says so.
    """

    mean: Embeddings
    matrix: Embeddings
    kind: str
    arguments: dict[str, float] = field(default_factory=dict)
    exponent: float = 1.0
    card: dict[str, Any] = field(default_factory=dict)
    fitted_on: FittedOn | None = None

    def __post_init__(self) -> None:
        if self.matrix.ndim != 2 or self.mean.shape != self.matrix.shape[:1]:
            raise ValueError(
                f"mean {self.mean.shape} and matrix {self.matrix.shape} do not fit; "
                "[dim] and [dim, out] are needed"
            )
        if not (np.isfinite(self.mean).all() and np.isfinite(self.matrix).all()):
            raise ValueError("the projection holds NaN or infinity; fit it again on finite rows")

    def check(self) -> None:
        """Refuse what no fit gives but a file may hold.

        Raises:
            ValueError: it would not map unit rows to unit rows of at most their length.
        """
        if self.mean.dtype != np.float32 or self.matrix.dtype != np.float32:
            raise ValueError(f"its numbers are {self.matrix.dtype}, not float32")
        if not 1 <= self.out <= self.dim:
            raise ValueError(f"it maps {self.dim} dimensions to {self.out}")
        exponent = self.exponent
        if isinstance(exponent, bool) or not isinstance(exponent, int | float):
            raise ValueError(f"its exponent is {exponent!r}")
        if not 0 < exponent <= 1:
            raise ValueError(f"its exponent is {exponent}; it must lie between 0 and 1")
        if not (isinstance(self.card, dict) and isinstance(self.arguments, dict)):
            raise ValueError("its card is no object")

    @property
    def dim(self) -> int:
        """Length of the vectors that come in."""
        return int(self.matrix.shape[0])

    @property
    def out(self) -> int:
        """Length of the vectors that go out."""
        return int(self.matrix.shape[1])

    @cached_property
    def fingerprint(self) -> str:
        """The sha256 of everything that decides what comes out."""
        digest = hashlib.sha256(np.float64(self.exponent).tobytes())
        for array in (self.mean, self.matrix):
            digest.update(np.ascontiguousarray(array, np.float32).tobytes())
        return digest.hexdigest()

    def apply(self, vectors: Embeddings) -> Embeddings:
        """Project rows, a block at a time.

        Args:
            vectors: float32 [n, dim].

        Returns:
            float32 [n, out], unit rows; a row that falls on the mean itself stays zero.

        Raises:
            CorruptError: its numbers are so large that nothing finite comes out.
            MismatchError: the vectors have another dimension.

        >>> identity = np.eye(2, dtype=np.float32)
        >>> half = Projection(np.zeros(2, np.float32), identity, "power", exponent=0.5)
        >>> half.apply(np.array([[0.36, -0.64]], np.float32)).round(3).tolist()
        [[0.6000000238418579, -0.800000011920929]]
        """
        if vectors.ndim != 2 or vectors.shape[1] != self.dim:
            raise MismatchError(
                f"the projection takes vectors of dimension {self.dim}, not {vectors.shape[1:]}; "
                "use the space that it was fitted on"
            )
        projected = np.empty((len(vectors), self.out), np.float32)
        for start in range(0, len(vectors), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            with np.errstate(over="ignore", invalid="ignore"):  # it is told in a sentence
                rows = (signed_power(vectors[block], self.exponent) - self.mean) @ self.matrix
                norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
            if not np.isfinite(norms).all():
                raise CorruptError(
                    "The projection gives vectors that are not finite; tune the space again"
                )
            projected[block] = rows / np.maximum(norms, _TINY)[:, None]
        return projected

    def to_bytes(self) -> bytes:
        """Return the projection as a safetensors file."""
        card = {
            "kind": self.kind,
            "arguments": self.arguments,
            "exponent": self.exponent,
            "card": self.card,
        }
        tensors: dict[str, NDArray[Any]] = {
            "mean": self.mean,
            "matrix": np.ascontiguousarray(self.matrix),
        }
        if self.fitted_on is not None:
            tensors |= self.fitted_on.to_tensors()
        return bytes(save(tensors, metadata={"projection": json.dumps(card)}))

    @classmethod
    def from_bytes(cls, content: bytes) -> Projection:
        """Read what `to_bytes` wrote.

        Raises:
            CorruptError: the bytes are not a projection.
        """
        try:
            tensors, text = unpacked(content, "projection")
            fitted_on = FittedOn.from_tensors(tensors)
            said = read_json(text, dict)
            made = cls(tensors["mean"], tensors["matrix"], fitted_on=fitted_on, **said)
            made.check()
            return made
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CorruptError(
                f"the stored projection cannot be read ({error}); tune the space again"
            ) from error


def unpacked(content: bytes, about: str) -> tuple[dict[str, NDArray[Any]], str]:
    """Return the tensors of a safetensors file, and a text of its metadata.

    Raises:
        SafetensorError, KeyError, TypeError, ValueError: it is none, or has no such text.
    """
    tensors = load(content)
    header = read_json(content[8 : 8 + int.from_bytes(content[:8], "little")], dict)
    return tensors, header["__metadata__"][about]


def signed_power(vectors: Embeddings, exponent: float) -> Embeddings:
    """Raise the size of every coordinate to a power and keep its sign.

    With 0.5 this is the Hellinger map of non-negative features and the power normalisation of
    Perronnin, Sánchez and Mensink (ECCV 2010): it keeps a few strong coordinates from deciding
    every cosine.

    >>> signed_power(np.array([4.0, -9.0], np.float32), 0.5).tolist()
    [2.0, -3.0]
    """
    if exponent == 1:
        return vectors
    powered: Embeddings = np.copysign(np.abs(vectors) ** exponent, vectors)
    return powered
