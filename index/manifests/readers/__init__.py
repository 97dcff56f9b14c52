"""Readers: how a source becomes a raw table of pictures.

A reader takes a path and returns a frame with a `path` column and any other columns, every value a
string, plus the folder that relative paths start from. A new importer is one module here and one
line in `READERS`; what its rows must satisfy is checked by `Manifest`, once, for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from ...errors import ManifestError, UsageError
from .folder import read_folder
from .table import read_csv, read_parquet, read_tsv

Reader = Callable[[Path], pd.DataFrame]

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".txt": read_tsv,
    ".parquet": read_parquet,
}


def read_source(source: Path) -> tuple[pd.DataFrame, Path]:
    """Read any source: a table by its suffix, or a folder of pictures.

    A folder that holds a `manifest.csv` or `manifest.parquet` is read through it.

    Returns:
        the raw table, and the folder that its relative paths start from.

    Raises:
        UsageError: nothing is there.
        ManifestError: not a source that can be read, or a folder without pictures.
    """
    if source.is_dir():
        for name in ("manifest.csv", "manifest.parquet"):
            if (source / name).is_file():
                return read_source(source / name)
        return read_folder(source), source
    if not source.exists():
        raise UsageError(f"{source} does not exist; give a folder of pictures, a CSV or a Parquet")
    reader = READERS.get(source.suffix.lower())
    if reader is None:
        raise ManifestError(
            f"{source} is neither a folder nor a table ({', '.join(READERS)}); "
            "give the folder that holds the pictures, or a manifest"
        )
    return reader(source), source.parent
