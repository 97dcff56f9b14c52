"""What all results have: JSON-ready values, a few lines for a terminal, and a piece of HTML."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from markupsafe import Markup

from holotype.index.errors import HolotypeError
from holotype.index.visible import visible

Thumbnails = Callable[[str], bytes]  # the small JPEG of a stored image, by its id


class Shown(ABC):
    """A result that shows itself.

    Args:
        told: what it holds, as JSON-ready values.
        thumbnails: give the small pictures of stored images, when it is shown.
    """

    def __init__(self, told: Mapping[str, Any], thumbnails: Thumbnails) -> None:
        self._told = dict(told)
        self._thumbnails = thumbnails

    def to_dict(self) -> dict[str, Any]:
        """Return what it holds as JSON-ready values."""
        return deepcopy(self._told)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Shown) and type(self) is type(other) and self._told == other._told

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return "\n".join(map(visible, self._lines()))

    def _repr_html_(self) -> str:
        return str(self._html())

    @abstractmethod
    def _lines(self) -> list[str]:
        """Return what a terminal shows."""

    @abstractmethod
    def _html(self) -> Markup:
        """Return what a notebook shows."""

    def _small(self, image_id: str | None) -> bytes | None:
        """Return the small picture of an image, where there is one."""
        try:
            return self._thumbnails(image_id) if image_id else None
        except (HolotypeError, OSError):
            return None
