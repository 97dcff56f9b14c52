"""The synthetic collection: invented shells from published models of growth, no download."""

from .collection import write_collection
from .trays import write_trays

__all__ = ["write_collection", "write_trays"]
