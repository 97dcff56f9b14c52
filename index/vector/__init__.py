"""Vector indexes by kind. A new kind is one module and one line in `KINDS`."""

from __future__ import annotations

from .base import VectorIndex
from .flat import FlatIndex

KINDS: dict[str, type[VectorIndex]] = {"flat": FlatIndex}

__all__ = ["KINDS", "FlatIndex", "VectorIndex"]
