"""The pictures that a source names, for whoever wants the files and no labels."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from ..errors import PictureError
from .columns import column_names, path_column
from .paths import Paths
from .problems import Problem
from .readers import READERS, read_source
from .readers.walk import Walk, shown_name


class Listed(NamedTuple):
    """A picture that a source names, and the specimen that it shows; empty where none is named."""

    file: Path
    specimen_id: str = ""


def listed_pictures(source: Path) -> tuple[list[Listed], list[Problem]]:
    """Return the pictures of a source, and what of it is left out or passed over, and why.

    Args:
        source: a folder, of which all pictures below it are taken, whatever their folders are
            called; a manifest, which may name specimens in a column `specimen_id`; or any other
            file, which is taken as it is.

    Raises:
        ManifestError: a manifest cannot be read or has no column `path`.
        UsageError: nothing is there.
    """
    if source.is_dir():
        walk = Walk(source)
        return [Listed(source / name) for name in walk.pictures], walk.problems
    if source.suffix.lower() not in READERS:
        return [Listed(source)], []
    return _of_table(source)


def _of_table(source: Path) -> tuple[list[Listed], list[Problem]]:
    raw = read_source(source)
    problems = list(raw.problems)
    paths = Paths(os.path.realpath(raw.root))
    names = column_names(raw.frame.columns)
    written = raw.frame.iloc[:, path_column(names, raw.frame, asks=False)].str.strip()
    own = [""] * len(written)
    if "specimen_id" in names:
        own = raw.frame.iloc[:, names.index("specimen_id")].str.strip().tolist()
    numbers = raw.numbers or range(2, len(raw.frame) + 2)
    listed = []
    blank = (raw.frame == "").all(axis=1)
    for number, path, specimen_id, skip in zip(numbers, written, own, blank, strict=True):
        if skip:
            continue
        try:
            listed.append(Listed(_file(paths, path), specimen_id))
        except (PictureError, ValueError) as error:
            problems.append(Problem(number, shown_name(path), str(error), reason="missing file"))
    return listed, problems


def _file(paths: Paths, path: str) -> Path:
    if not path:
        raise PictureError("the path is empty; name a picture file")
    file = paths.plain(path)
    return Path(file if os.path.exists(file) else paths.find(path).file)
