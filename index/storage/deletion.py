"""Images out of a collection, with a record of what was there."""

from __future__ import annotations

from collections.abc import Sequence

from ..database.checksums import seal
from ..database.connection import Database
from ..errors import NotFoundError
from .records import now


def delete_images(
    database: Database, image_ids: Sequence[str], *, by: str = "", remarks: str = ""
) -> int:
    """Delete images and their embeddings in every space, all of them or none.

    What was deleted is recorded, by whom and why. Determinations of their specimens stay, as do
    copied pictures and thumbnails until the collection is compacted.

    Args:
        image_ids: an id that comes twice counts once.
        by: who deletes.
        remarks: why.

    Returns:
        how many images were deleted.

    Raises:
        NotFoundError: one of the images is not there.
        LockedError: another process is writing to the collection.
    """
    wanted = list(dict.fromkeys(image_ids))
    with database.writing(), database.transaction() as connection:
        for image_id in wanted:
            kept = connection.execute(
                "INSERT INTO deletions "
                "(image_id, specimen_id, path, sha256, deleted_by, deleted_at, remarks) "
                "SELECT image_id, specimen_id, path, sha256, ?, ?, ? FROM images "
                "WHERE image_id = ?",
                (by, now(), remarks, image_id),
            )
            if kept.rowcount != 1:
                raise NotFoundError(
                    f"{database.folder} has no image '{image_id}'; nothing was deleted"
                )
            seal(connection, "deletions", kept.lastrowid)
            connection.execute("DELETE FROM images WHERE image_id = ?", (image_id,))
    return len(wanted)
