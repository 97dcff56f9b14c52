"""Readers: how a source becomes a raw table of pictures.

A reader takes a path and returns a `RawTable`: every value a text, the folder that relative paths
start from, and what it left out. A new importer is one module here and one line in `READERS`; what
its rows must satisfy is checked by `Manifest`, once, for all of them.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from ...errors import ManifestError, UsageError
from ...ways import option
from ..columns import column_names
from ..problems import Problem, some
from .folder import read_folder
from .raw import RawTable
from .table import read_csv, read_parquet, read_tsv
from .walk import Walk

Reader = Callable[[Path], RawTable]

READERS: dict[str, Reader] = {
    ".csv": read_csv,
    ".tsv": read_tsv,
    ".tab": read_tsv,
    ".txt": read_tsv,
    ".parquet": read_parquet,
}
_WORKBOOKS = (".xlsx", ".xls", ".xlsm", ".ods", ".numbers")


def read_source(source: Path, levels: Sequence[str] = (), *, named: bool = True) -> RawTable:
    """Read any source: a table by its suffix, or a folder of pictures.

    A folder that holds a `manifest.csv` or `manifest.parquet` is read through it.

    Args:
        source: the table or the folder.
        levels: what the levels of folders are, see `labels_of`.
        named: whether folders say anything where `levels` are not given.

    Raises:
        UsageError: nothing is there.
        ManifestError: not a source that can be read, or a folder without pictures.
    """
    if source.is_dir():
        for name in ("manifest.csv", "manifest.parquet"):
            if (source / name).is_file() and not levels:
                return _with_unlisted(read_source(source / name), source, name)
        return read_folder(source, levels, named=named)
    if not os.path.lexists(source):
        raise UsageError(f"{source} does not exist; give a folder of pictures, a CSV or a Parquet")
    if levels:
        raise UsageError(f"{option('levels')} is for folders of pictures; {source} is none")
    suffix = source.suffix.lower()
    if suffix in _WORKBOOKS:
        raise ManifestError(f"{source} is a workbook; save its sheet as CSV UTF-8 and give that")
    reader = READERS.get(suffix)
    if reader is None:
        raise ManifestError(
            f"{source} is neither a folder nor a table ({', '.join(READERS)}); "
            "give the folder that holds the pictures, or a manifest"
        )
    return reader(source)


def _with_unlisted(table: RawTable, folder: Path, name: str) -> RawTable:
    """Tell which pictures of a folder its own manifest does not list."""
    try:
        path = table.frame.iloc[:, column_names(table.frame.columns).index("path")]
    except (ManifestError, ValueError):  # as the check will say
        return table
    listed = {os.path.normpath(one.strip().replace("\\", "/")) for one in path}
    listed |= {os.path.relpath(one, folder) for one in listed if os.path.isabs(one)}
    others = [picture for picture in Walk(folder).pictures if picture not in listed]
    if not others:
        return table
    count = "1 picture" if len(others) == 1 else f"{len(others)} pictures"
    message = f"{count} in {folder} that {name} does not list, passed over ({some(others)})"
    problem = Problem(0, others[0], message, "note", "not in the manifest")
    return replace(table, problems=[*table.problems, problem])
