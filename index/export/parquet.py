"""Collections as Parquet: records, ranks, metadata and vectors, with the encoder's identity."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from ..collection import Collection
from ..errors import UsageError
from ..files.durable import replacing
from ..files.plain_json import read_json
from ..manifests.vector_file import METADATA, canaries_as_json
from ..storage.canaries import kept_canaries
from ..storage.records import Space
from .image_table import image_columns

_GROUP = 16_384  # rows that a reader holds at once


def export_parquet(collection: Collection, path: Path, *, space: str | None = None) -> int:
    """Write one row an image of a space and return their number.

    Columns: see `image_columns`, and `embedding`, a fixed-size list of float32: the vectors that
    are searched. The schema's metadata holds the space, its encoder and its canaries under
    `holotype`, so that `holotype ingest` makes a space of the same encoder of it. The file appears
    whole or not at all, in place of an earlier export.

    Raises:
        UsageError: a file of another kind has that name.
    """
    _refuse_foreign(path)
    gallery = collection.gallery(space)
    vectors = gallery.index.vectors
    wanted = set(gallery.rows.tolist())
    images = [image for image in collection.images() if image.row in wanted]
    columns = {
        name: pa.array([value(image) for image in images])
        for name, value in image_columns(collection).items()
    }
    columns["embedding"] = pa.FixedSizeListArray.from_arrays(
        pa.array(vectors.reshape(-1), pa.float32()), gallery.space.dim
    )
    about = {**_identity(collection, gallery.space), "columns": list(columns)}
    identity = {METADATA: json.dumps(about)}
    table = pa.table(columns).replace_schema_metadata(identity)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as temporary:
        pq.write_table(table, temporary, row_group_size=_GROUP)
    return len(images)


def _refuse_foreign(path: Path) -> None:
    """Refuse to write over a file that no export made."""
    if not path.is_symlink() and not path.exists():
        return
    try:
        schema = pq.read_schema(path) if path.is_file() and not path.is_symlink() else pa.schema([])
        said = read_json((schema.metadata or {}).get(METADATA, b"{}"), dict)
        ours = bool(said) and said.get("columns", schema.names) == schema.names
    except (OSError, ValueError, pa.ArrowException):
        ours = False
    if not ours:
        raise UsageError(
            f"{path} is there already and is no export as it was written; name another file"
        )


def _identity(collection: Collection, space: Space) -> dict[str, Any]:
    """Return whose vectors these are; `ingest` makes a space of the same encoder of it."""
    shown = space.projection_id is not None
    kept = None if shown else kept_canaries(collection.database, space)
    return {**asdict(space), "canaries": canaries_as_json(kept)}
