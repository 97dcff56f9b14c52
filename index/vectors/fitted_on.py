"""Which images something was fitted on, so that it is not measured on them.

Eight bytes of a hash stand for each picture's content and for each specimen: 16 MB of a million
images. That any two of a million pictures have the same is as likely as 3 in 100 million.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

Keys = NDArray[np.uint64]

_IMAGES, _SPECIMENS = "fitted_images", "fitted_specimens"  # names of tensors


def content_keys(sha256s: Iterable[str]) -> Keys:
    """Return what stands for the content of each picture, uint64 [n].

    >>> bool((content_keys(["AB12"]) == content_keys(["ab12"])).all())
    True
    """
    return specimen_keys(sha256.lower() for sha256 in sha256s)


def specimen_keys(specimen_ids: Iterable[str]) -> Keys:
    """Return what stands for each specimen, uint64 [n]."""
    digests = b"".join(
        hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
        for name in specimen_ids
    )
    return np.frombuffer(digests, np.uint64)


@dataclass(frozen=True, eq=False)
class FittedOn:
    """The images that something was fitted on.

    Attributes:
        images: uint64 [n], ascending, each once: `content_keys` of the pictures.
        specimens: uint64 [m], ascending, each once: `specimen_keys` of their specimens.
        recorded: False where nothing was written down when it was fitted, so that all images which
            were there then are taken for those.
    """

    images: Keys
    specimens: Keys
    recorded: bool = True

    @classmethod
    def of(
        cls, sha256s: Iterable[str], specimen_ids: Iterable[str] = (), *, recorded: bool = True
    ) -> Self:
        """Return the record of pictures, told by the hashes of their files, and of specimens."""
        return cls(
            np.unique(content_keys(sha256s)),
            np.unique(specimen_keys(specimen_ids)),
            recorded,
        )

    def saw(self, sha256s: Iterable[str] = (), specimen_ids: Iterable[str] = ()) -> bool:
        """Return whether one of these pictures or specimens is among them."""
        specimens = specimen_keys(specimen_ids)
        return bool(
            among(content_keys(sha256s), self.images).any()
            or among(specimens, self.specimens).any()
        )

    def after(self, *_: object) -> Self:
        """Return the same for a later state of a gallery; see `gallery.Following`."""
        return self

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "images": len(self.images),
            "specimens": len(self.specimens),
            "recorded": self.recorded,
        }

    def to_tensors(self) -> dict[str, Keys]:
        """Return the record as arrays for a safetensors file."""
        return {_IMAGES: self.images, _SPECIMENS: self.specimens}

    @classmethod
    def from_tensors(cls, tensors: Mapping[str, NDArray[Any]]) -> Self | None:
        """Return what `to_tensors` gave; None where a file holds no record.

        Raises:
            KeyError, ValueError: half of it is missing, or it is none that this program writes.
        """
        if not {_IMAGES, _SPECIMENS} & tensors.keys():
            return None
        sides = tensors[_IMAGES], tensors[_SPECIMENS]
        for side in sides:
            if side.ndim != 1 or side.dtype != np.uint64 or (side[1:] <= side[:-1]).any():
                raise ValueError("the record of the images that it was fitted on does not ascend")
        return cls(*sides)


def among(keys: Keys, ascending: Keys) -> NDArray[np.bool_]:
    """Return which keys are among others, bool [n].

    >>> among(np.array([7, 8], np.uint64), np.array([1, 8], np.uint64)).tolist()
    [False, True]
    """
    if not len(ascending):
        return np.zeros(len(keys), np.bool_)
    places = np.searchsorted(ascending, keys).clip(max=len(ascending) - 1)
    found: NDArray[np.bool_] = ascending[places] == keys
    return found
