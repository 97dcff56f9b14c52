"""Specimens that are asked about together, and what became of each."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from ...pictures.inputs import Picture, as_pictures, is_picture, named_file
from ..answers import Answer


@dataclass(frozen=True)
class Specimen:
    """A specimen to identify.

    Attributes:
        pictures: of it, given as to `identify`; one alone is a list of one.
        specimen_id: what its owner calls it; empty where nobody has said.

    Raises:
        UsageError: something is no picture.
    """

    pictures: Sequence[Picture]
    specimen_id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "pictures", as_pictures(self.pictures))

    @property
    def name(self) -> str:
        """What its answer calls it: the path of its first picture that is a file."""
        return next(filter(None, map(named_file, self.pictures)), "picture")


Given: TypeAlias = Specimen | Picture | Sequence[Picture]

_NO_LISTS = (bytes, io.IOBase, Mapping)


def as_specimens(given: Specimen | Picture | Iterable[Given]) -> Iterable[Given]:
    """Return specimens that may be iterated, where one alone was given as well.

    A path, a Pillow image or an array has members too, which are no pictures of their own.

    Raises:
        UsageError: something that is no picture and holds none.
    """
    if isinstance(given, Specimen) or is_picture(given):
        return [given]
    if not isinstance(given, Iterable) or isinstance(given, _NO_LISTS):
        return [as_pictures(given)]
    return given


@dataclass(frozen=True)
class Refusal:
    """A picture that could not be used, and why in one sentence."""

    picture: Picture
    reason: str

    @property
    def path(self) -> str:
        """The path of the picture, where it was given as a file."""
        return named_file(self.picture) or "picture"


@dataclass(frozen=True)
class Outcome:
    """What became of a specimen: every picture is among `used` or among `refused`.

    Attributes:
        specimen: as it was given.
        answer: None where none of its pictures could be used.
        used: the pictures that the answer rests on.
        refused: the others.
        thumbnails: small JPEGs of those used, where they were asked for.
    """

    specimen: Specimen
    answer: Answer | None
    used: Sequence[Picture] = ()
    refused: Sequence[Refusal] = ()
    thumbnails: Sequence[bytes] = ()

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield its answer with the paths that it rests on, then the refused pictures, for JSON."""
        own = self.specimen.specimen_id or None
        if self.answer is not None:
            used = [named_file(picture) or "picture" for picture in self.used]
            yield {"path": used[0], "specimen_id": own, "paths": used, **self.answer.to_dict()}
        for refusal in self.refused:
            yield {"path": refusal.path, "specimen_id": own, "error": refusal.reason}
