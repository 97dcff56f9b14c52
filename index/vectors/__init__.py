"""Vector indexes by kind. A new kind is one module and one line in `auto.KINDS`."""

from __future__ import annotations

from .base import BuiltIndex, VectorIndex
from .file import Contents, check_index, open_index, packed, read_header
from .gpu import on_gpu
from .kinds.auto import AUTO, KINDS, build_index, choose_kind, measure_recall
from .kinds.flat import FlatIndex
from .layered import LayeredIndex, bring_up_to_date
from .selection import Selection

__all__ = [
    "AUTO",
    "KINDS",
    "BuiltIndex",
    "Contents",
    "FlatIndex",
    "LayeredIndex",
    "Selection",
    "VectorIndex",
    "bring_up_to_date",
    "build_index",
    "check_index",
    "choose_kind",
    "measure_recall",
    "on_gpu",
    "open_index",
    "packed",
    "read_header",
]
