"""A specimen with its images, what it is called, and what it was called."""

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
        raise _none(collection, specimen_id)
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


def specimen_history(collection: Collection, specimen_id: str) -> dict[str, Any]:
    """Return what a specimen was called, oldest first, as JSON-ready values.

    One that was never determined has no events; one whose images are gone keeps its.

    Raises:
        NotFoundError: there is none of that id, and there was none.
    """
    events = collection.history(specimen_id)
    if not events and not images_after(collection.database, 0, 1, specimen_id=specimen_id):
        raise _none(collection, specimen_id)
    return {"specimen_id": specimen_id, "events": [event.to_dict() for event in events]}


def _none(collection: Collection, specimen_id: str) -> NotFoundError:
    return NotFoundError(f"{collection.folder} has no specimen '{specimen_id[:80]}'")
