"""Vector indexes by kind. A new kind is one module and one line in `auto.KINDS`."""

from __future__ import annotations

from .auto import AUTO, KINDS, build_index, choose_kind, measure_recall
from .base import BuiltIndex, VectorIndex
from .file import Contents, check_index, file_beside, open_index, packed, read_header
from .flat import FlatIndex
from .gpu import on_gpu
from .layered import LayeredIndex, bring_up_to_date
from .library import Selection

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
    "file_beside",
    "measure_recall",
    "on_gpu",
    "open_index",
    "packed",
    "read_header",
]
