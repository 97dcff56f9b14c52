"""Ids of earlier versions, which did not have to fit an address, stay where they are stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ..database.connection import Database
from ..database.sql import run_over
from ..storage.records import Image


def under_old_ids(
    database: Database, images: Sequence[Image], former: Mapping[str, str]
) -> Sequence[Image]:
    """Let images that are stored under their path as it is written keep that id.

    Args:
        database: the collection's.
        images: under the ids that images get today.
        former: {id: path} of those whose id follows from the path and differs from it.
    """
    if not former:
        return images
    query = "SELECT image_id FROM images WHERE image_id IN"
    stored = {found[0] for found in run_over(database.read, query, list(former.values()))}
    old = {image_id: path for image_id, path in former.items() if path in stored}
    return [
        replace(
            image,
            image_id=old.get(image.image_id, image.image_id),
            specimen_id=old.get(image.specimen_id, image.specimen_id),
        )
        for image in images
    ]
