"""Taxa of a gallery as they are shown: one with those right below it, and one by itself."""

from __future__ import annotations

from typing import Any, NamedTuple

from ..collection import Collection
from ..errors import UsageError
from ..gallery.gallery import Gallery
from .lookalikes import lookalikes, typical_images
from .taxon_tree import Branch, branch_of, code_of

_MOST_CHILDREN = 200  # of one taxon; the tree has the others


class AskedTaxon(NamedTuple):
    """A taxon by rank and name, and what tells it from others of that name; no rank for the top."""

    rank: str | None
    name: str
    category: str
    kingdom: str
    space: str | None


def rank_and_name(under: str | None) -> tuple[str | None, str]:
    """Return rank and name of what is written as `family:Noctuidae`.

    Raises:
        UsageError: it is written otherwise.
    """
    if under is None:
        return None, ""
    rank, separator, name = under.partition(":")
    if not separator:
        raise UsageError(f"under is '{under[:80]}'; write a rank and a taxon: family:Noctuidae")
    return rank.strip(), name.strip()


def _branch(gallery: Gallery, asked: AskedTaxon) -> tuple[Branch, int]:
    if asked.rank is None:
        return branch_of(gallery), -1
    names = {"category": asked.category, "kingdom": asked.kingdom}
    code = code_of(gallery, asked.rank, asked.name, **names)
    return branch_of(gallery, asked.rank, code), code


def tree_record(
    collection: Collection, asked: AskedTaxon, after: str | None, limit: int
) -> dict[str, Any]:
    """Return a taxon and the taxa right below it, from a cursor on, as JSON-ready values."""
    gallery = collection.gallery(asked.space)
    branch, _ = _branch(gallery, asked)
    rest = branch.after(after)
    shown = rest[:limit]
    return {
        "space": gallery.space.name,
        **branch.to_dict(),
        "children": [child.to_dict() for child in shown],
        "total": len(branch.children),
        "next": shown[-1].cursor if len(rest) > limit else None,
    }


def taxon_record(collection: Collection, asked: AskedTaxon) -> dict[str, Any]:
    """Return a taxon with typical images and what it is confused with, as JSON-ready values."""
    gallery = collection.gallery(asked.space)
    branch, code = _branch(gallery, asked)
    rank = str(asked.rank)
    return {
        "space": gallery.space.name,
        **branch.to_dict(),
        "children": [child.to_dict() for child in branch.children[:_MOST_CHILDREN]],
        "total": len(branch.children),
        "examples": typical_images(collection, gallery, rank, code),
        "confused_with": [one.to_dict() for one in lookalikes(gallery, rank, code)],
    }
