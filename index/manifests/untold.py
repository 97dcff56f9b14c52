"""What a table says nothing of stays as it is stored."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from ..storage.records import Image
from ..taxonomy import QUALIFIER, RANKS, VERBATIM, same_taxon


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

    Names stay only above a taxon that stays; a row without a name, in a table of names, takes it
    away.

    Args:
        new: as the row has it.
        old: as it is stored.
        told: of the whole table, see `told_columns`.
    """
    kept = {name: value for name, value in old.metadata.items() if name not in told}
    details = {name: value for name, value in old.details.items() if name not in told}
    lineage = new.lineage
    stays = any(lineage) or not any(rank in told for rank in RANKS)
    if stays and same_taxon(lineage, old.lineage):
        pairs = zip(RANKS, lineage, old.lineage, strict=True)
        lineage = tuple(name or ("" if rank in told else before) for rank, name, before in pairs)
    else:
        kept = {name: value for name, value in kept.items() if name not in (VERBATIM, QUALIFIER)}
    return replace(
        new,
        lineage=lineage,
        specimen_id=new.specimen_id if "specimen_id" in told else old.specimen_id,
        split=new.split if "split" in told else old.split,
        details={**new.details, **details},
        metadata={**new.metadata, **kept},
    )
