"""The pictures that a source names, for whoever wants the files and no labels."""

from __future__ import annotations

import os
from pathlib import Path

from ..errors import PictureError
from .columns import column_names, path_column
from .paths import Paths
from .problems import Problem
from .readers import READERS, read_source
from .readers.walk import Walk, shown_name


def picture_files(source: Path) -> tuple[list[Path], list[Problem]]:
    """Return the pictures of a source, and what of it is left out or passed over, and why.

    Args:
        source: a folder, of which all pictures below it are taken, whatever their folders are
            called; a manifest; or any other file, which is taken as it is.

    Raises:
        ManifestError: a manifest cannot be read or has no column `path`.
        UsageError: nothing is there.
    """
    if source.is_dir():
        walk = Walk(source)
        return [source / name for name in walk.pictures], walk.problems
    if source.suffix.lower() not in READERS:
        return [source], []
    return _of_table(source)


def _of_table(source: Path) -> tuple[list[Path], list[Problem]]:
    raw = read_source(source)
    problems = list(raw.problems)
    paths = Paths(os.path.realpath(raw.root))
    names = path_column(column_names(raw.frame.columns))
    numbers = raw.numbers or range(2, len(raw.frame) + 2)
    files = []
    for number, written in zip(numbers, raw.frame.iloc[:, names].str.strip(), strict=True):
        file = paths.plain(written)
        try:
            files.append(Path(file if os.path.exists(file) else paths.find(written).file))
        except (PictureError, ValueError) as error:
            problems.append(Problem(number, shown_name(written), str(error), reason="missing file"))
    return files, problems
