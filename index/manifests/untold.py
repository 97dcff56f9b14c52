"""What a table says nothing of stays as it is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..storage.records import Image
from ..taxonomy import ADDED_COLUMNS, RANKS, Lineage, same_taxon


def told_columns(images: Iterable[Image]) -> frozenset[str]:
    """Return the columns that a manifest has a value in: the others say nothing of any image."""
    told: set[str] = set()
    for image in images:
        told.update(rank for rank, name in zip(RANKS, image.lineage, strict=True) if name)
        told.update(name for name, value in image.details.items() if value)
        told.update(image.metadata)
        if image.split:
            told.add("split")
        if image.specimen_id != image.image_id:
            told.add("specimen_id")
    return frozenset(told)


def with_untold(new: Image, old: Image, told: Collection[str]) -> Image:
    """Return what a row says of a stored image, with what was stored where the table says nothing.

    Names stay only above a taxon that stays, and a category with any name; a row without a name,
    in a table of names, takes it away.

    Args:
        new: as the row has it.
        old: as it is stored.
        told: of the whole table, see `told_columns`.
    """
    again = {name.lower() for name in told}  # earlier versions wrote some in small letters
    kept = {name: text for name, text in old.metadata.items() if name.lower() not in again}
    details = {name: value for name, value in old.details.items() if name not in told}
    named = any(new.lineage) or not any(rank in told for rank in RANKS)
    is_same = named and same_taxon(new.lineage, old.lineage)
    depth = len(RANKS) if is_same else _shared(new.lineage, old.lineage) if named else 0
    above = zip(RANKS[:depth], new.lineage, old.lineage, strict=False)
    completed = (name or ("" if rank in told else before) for rank, name, before in above)
    lineage = (*completed, *new.lineage[depth:])
    if not is_same:
        kept = {name: text for name, text in kept.items() if name.lower() not in ADDED_COLUMNS}
    return replace(
        new,
        lineage=lineage,
        specimen_id=new.specimen_id if "specimen_id" in told else old.specimen_id,
        split=new.split if "split" in told else old.split,
        details={**new.details, **details},
        metadata={**new.metadata, **kept},
    )


def _shared(one: Lineage, other: Lineage) -> int:
    """Return how many ranks, from the top, lie above or at the lowest taxon that both name."""
    pairs = enumerate(zip(one, other, strict=True), 1)
    return max((place for place, (name, same) in pairs if name and name == same), default=1)
