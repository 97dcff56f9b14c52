"""Limits on the record of a space: files are named after it, and memory is taken by its sizes."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..errors import CorruptError
from ..settings import settings
from .records import Space

_LONGEST = 200  # bytes of a name, of which the names of files are made
_LONGEST_ENCODER = 4096
_MOST_VIEWS = 100
_DTYPES = ("float16", "float32")


def check_spaces(folder: Path, spaces: Sequence[Space]) -> None:
    """Refuse spaces that this program cannot have made.

    Raises:
        CorruptError: the message names the first one and what is wrong with it.
    """
    by_id = {space.space_id: space for space in spaces}
    for space in spaces:
        fault = _fault_of(space, by_id)
        if fault:
            raise CorruptError(
                f"{folder} holds a space {str(space.name)[:80]!r} {fault}; restore a snapshot"
            )


def is_name(name: object) -> bool:
    """Return whether a text can be a space's name: of one line, and of no path.

    >>> [is_name(name) for name in ("base", "été 2", "../x", ".x", "a/b", "a\\nb", "")]
    [True, True, False, False, False, False, False]
    """
    return (
        isinstance(name, str)
        and 0 < len(name.encode(errors="replace")) <= _LONGEST
        and not name.startswith(".")
        and not {"/", "\\"} & set(name)
        and not any(unicodedata.category(letter)[0] == "C" for letter in name)
    )


def fault_of(encoder: object, fingerprint: object, views: object, dim: object) -> str:
    """Return what is wrong with what is said of an encoder; empty where nothing is."""
    limit = settings().max_dim
    if not _is_count(dim, limit):
        return f"of {dim!r} dimensions (1 to {limit} may be, HOLOTYPE_MAX_DIM)"
    if not _is_count(views, _MOST_VIEWS):
        return f"of {views!r} views"
    if not _is_text(encoder):
        return "whose encoder's name can be none"
    return "" if _is_text(fingerprint) else "whose fingerprint can be none"


def _fault_of(space: Space, by_id: Mapping[int, Space]) -> str:
    """Return what is wrong with a space, as the end of a sentence; empty where nothing is."""
    if not is_name(space.name):
        return "whose name can be none"
    if space.dtype not in _DTYPES:
        return f"of type {space.dtype!r}"
    if not _fits_its_base(space, by_id):
        return "that shows another which cannot be shown"
    return fault_of(space.encoder, space.fingerprint, space.views, space.dim)


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= _LONGEST_ENCODER and value.isprintable()


def _fits_its_base(space: Space, by_id: Mapping[int, Space]) -> bool:
    """Return whether a space holds vectors, or shows one that does through a projection."""
    if space.base_space_id is None or space.projection_id is None:
        return space.base_space_id is None and space.projection_id is None
    base = by_id.get(space.base_space_id)
    return base is not None and base.base_space_id is None
