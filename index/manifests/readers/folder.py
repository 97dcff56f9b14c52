"""A folder tree as a manifest: `root/<species>/*.jpg` or `root/<category>/<species>/*.jpg`."""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePath

import pandas as pd

from ...database.connection import FILE as DATABASE
from ...errors import ManifestError
from ...pictures.reading import SUFFIXES

_BY_CONTENT = re.compile("[0-9a-f]{64}")  # how a collection names its files


def read_folder(root: Path) -> pd.DataFrame:
    """List the pictures below a folder, labelled by the folders that they lie in.

    A picture directly in `root` is unlabelled. Links to folders are not followed. The copies and
    thumbnails of a collection that lies in `root` are no new pictures, and are passed over.

    Raises:
        ManifestError: no file below `root` has a picture's suffix.
    """
    rows = [_row(path, root) for path in _pictures(root)]
    if not rows:
        raise ManifestError(
            f"{root} holds no pictures (looked for {', '.join(sorted(SUFFIXES))} in it and below); "
            "give the folder that holds them"
        )
    return pd.DataFrame(rows)


def _pictures(root: Path) -> list[Path]:
    found, collections = [], set()
    for folder, subfolders, files in os.walk(root):
        if DATABASE in files:
            collections.add(Path(folder))
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        found += [Path(folder, name) for name in sorted(files) if not name.startswith(".")]
    return [
        path
        for path in found
        if path.suffix.lower() in SUFFIXES
        and not (_BY_CONTENT.match(path.name) and collections.intersection(path.parents))
    ]


def _row(path: Path, root: Path) -> dict[str, str]:
    inside = PurePath(os.fsencode(path.relative_to(root)).decode(errors="replace"))
    folders = inside.parts[:-1]
    return {
        "path": inside.as_posix(),
        "category": folders[0] if len(folders) > 1 else "",
        "species": folders[-1] if folders else "",
    }
