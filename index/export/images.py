"""A collection's images as a file, of the kind that its name says."""

from __future__ import annotations

from pathlib import Path

from ..collection import Collection
from ..errors import UsageError
from .image_table import export_image_table
from .parquet import export_parquet

KINDS = (".parquet", ".csv")


def export_images(
    collection: Collection, path: Path, *, space: str | None = None, overwrite: bool = False
) -> int:
    """Write one row an image and return their number.

    Args:
        path: a .parquet file, with vectors, or a .csv file, without. An earlier Parquet export is
            replaced.
        space: whose vectors; by default the first.
        overwrite: replace a .csv file.

    Raises:
        UsageError: another ending; a file that may not be replaced; a space of a table without
            vectors.
    """
    kind = path.suffix.lower()
    if kind not in KINDS:
        raise UsageError(f"{path} is no file to export to; its name ends in .parquet or .csv")
    if kind == ".parquet":
        return export_parquet(collection, path, space=space)
    if space is not None:
        raise UsageError(f"A .csv file has no vectors of space '{space}'; name a .parquet file")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already; name another file, or overwrite it")
    return export_image_table(collection, path)
