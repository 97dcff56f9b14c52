"""A map as columns: image, place and whatever else is asked, in Arrow and Parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from ..arrays import Flags
from ..collection import Collection
from ..database.sql import run_over
from ..errors import UsageError
from ..files.durable import replacing
from ..search.column_reader import read_column
from .morphospace import Morphospace
from .own_file import MARK

METADATA = "holotype"  # the key in the schema's metadata; what is said of the map, as JSON
FIXED = ("image_id", "x", "y", "placed", "far")
MOST_COLUMNS = 32


def map_columns(
    collection: Collection,
    shown: Morphospace,
    names: Sequence[str] = (),
    allowed: Flags | None = None,
) -> pa.Table:
    """Return image_id, x, y (float32), placed, far (bool) and columns of the images.

    Columns are dictionaries of strings, null where an image has no value. They are named as they
    are asked for; the user's own `x` is `x (own)`, and so on.

    Args:
        collection: of the map.
        shown: the map.
        names: ranks, columns of every collection, or those of the user's own.
        allowed: bool [n], the images that are wanted; None for all.

    Raises:
        UsageError: there is no such column, or there are too many.
    """
    different = [name for name in dict.fromkeys(names) if name != FIXED[0]]
    if len(different) > MOST_COLUMNS:
        raise UsageError(
            f"{len(different)} columns are asked for; the limit is {MOST_COLUMNS}. Ask in several "
            "questions"
        )
    columns = [read_column(collection, shown.gallery, name) for name in different]
    places = np.arange(len(shown)) if allowed is None else np.flatnonzero(allowed)
    arrays = {
        "image_id": pa.array(_image_ids(collection, shown, allowed)),
        "x": pa.array(shown.coordinates[places, 0]),
        "y": pa.array(shown.coordinates[places, 1]),
        "placed": pa.array(shown.placed[places]),
        "far": pa.array(shown.far[places]),
    }
    for name, column in zip(different, columns, strict=True):
        codes = column.codes[places]
        used, short = np.unique(codes[codes >= 0], return_inverse=True)
        indices = np.zeros(len(codes), np.int32)
        indices[codes >= 0] = short
        words = pa.array([column.values[code] for code in used], pa.string())
        arrays[f"{name} (own)" if name in FIXED else name] = pa.DictionaryArray.from_arrays(
            pa.array(indices, mask=codes < 0), words
        )
    return pa.table(arrays).replace_schema_metadata(
        {METADATA: json.dumps({"made_by": MARK, **shown.to_dict()})}
    )


def write_parquet(table: pa.Table, path: Path) -> None:
    """Write the columns of a map; the file appears whole or not at all."""
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def stream_of(table: pa.Table) -> bytes:
    """Return the columns of a map as an Arrow stream, `application/vnd.apache.arrow.stream`."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def _image_ids(collection: Collection, shown: Morphospace, allowed: Flags | None) -> list[str]:
    """Return the ids of a map's images, in its order."""
    rows = shown.gallery.rows if allowed is None else shown.gallery.rows[allowed]
    query = "SELECT row, image_id FROM images WHERE row IN"
    ids = dict(map(tuple, run_over(collection.database.read, query, rows.tolist())))
    return [ids.get(row, "") for row in rows.tolist()]
