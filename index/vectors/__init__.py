"""Vector indexes by kind. A new kind is one module and one line in `auto.KINDS`."""

from __future__ import annotations

from .base import BuiltIndex, VectorIndex
from .file import Contents, check_index, open_index, packed, read_header
from .gpu import on_gpu
from .kinds.auto import AUTO, KINDS, build_index, choose_kind, measure_recall
from .kinds.flat import FlatIndex
from .kinds.half import HalfIndex
from .layered import LayeredIndex, bring_up_to_date, moved
from .selection import Selection

__all__ = [
    "AUTO",
    "KINDS",
    "BuiltIndex",
    "Contents",
    "FlatIndex",
    "HalfIndex",
    "LayeredIndex",
    "Selection",
    "VectorIndex",
    "bring_up_to_date",
    "build_index",
    "check_index",
    "choose_kind",
    "measure_recall",
    "moved",
    "on_gpu",
    "open_index",
    "packed",
    "read_header",
]
