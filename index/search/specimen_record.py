"""A specimen with its images, and what it is called."""

from __future__ import annotations

from typing import Any

from ..collection import Collection
from ..errors import NotFoundError
from ..storage.specimens.listing import accepted_of, images_after
from ..storage.specimens.namings import versions_of
from ..taxonomy import RANKS, by_rank, lowest_rank, name_at


def specimen_record(
    collection: Collection, specimen_id: str, after: int, limit: int
) -> dict[str, Any]:
    """Return a specimen with the images that follow a row, as JSON-ready values.

    Raises:
        NotFoundError: there is none of that id.
    """
    collection.require_intact()
    with collection.database.snapshot():
        found = images_after(collection.database, after, limit + 1, specimen_id=specimen_id)
        total = collection.database.read(
            "SELECT count(*) FROM images WHERE specimen_id = ?", (specimen_id,)
        )[0][0]
        name = accepted_of(collection.database, specimen_id)
        version = versions_of(collection.database, [specimen_id])[specimen_id]
    if not total:
        raise NotFoundError(f"{collection.folder} has no specimen '{specimen_id[:80]}'")
    lineage = ("",) * len(RANKS) if name is None else name.lineage
    rank = lowest_rank(lineage)
    shown = found[:limit]
    return {
        "specimen_id": specimen_id,
        "version": version,
        "determination": None
        if name is None
        else {
            "determination_id": name.determination_id,
            "rank": rank,
            "taxon": name_at(lineage, rank) if rank else None,
            **name.said,
        },
        "lineage": by_rank(lineage),
        "images": [image.to_dict() for image in shown],
        "total": total,
        "next": str(shown[-1].row) if len(found) > limit else None,
    }
