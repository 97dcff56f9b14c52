"""Ids that images were given before they had to fit an address: those that are stored stay."""

from __future__ import annotations

from ..database.connection import Database
from ..database.sql import run_over
from ..manifests.image_ids import id_of_path
from ..manifests.manifest import Manifest


def with_old_ids(database: Database, manifest: Manifest) -> Manifest:
    """Let pictures that are stored under their path as it is written keep that id."""
    frame = manifest.frame
    named = frame["path"].map(id_of_path) == frame["image_id"]
    odd = named & (frame["path"] != frame["image_id"])
    query = "SELECT image_id FROM images WHERE image_id IN"
    found = run_over(database.read, query, frame["path"][odd].tolist())
    old = odd & frame["path"].isin([row[0] for row in found])
    alone = old & (frame["specimen_id"] == frame["image_id"])
    own = frame.assign(
        image_id=frame["image_id"].mask(old, frame["path"]),
        specimen_id=frame["specimen_id"].mask(alone, frame["path"]),
    )
    return Manifest(own, manifest.root)
