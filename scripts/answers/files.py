"""Files that hold answers: none that is there is replaced, unless the user says so."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, TextIO

from holotype.index.errors import UsageError


def require_new(path: Path, *, overwrite: bool) -> None:
    """Refuse a file's name before the long work, where something has it.

    Raises:
        UsageError: a folder has the name; a file has it, and may not be replaced.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name a file")
    if not overwrite and (path.exists() or path.is_symlink()):
        raise UsageError(f"{path} is there already; name another file, or add --overwrite")
    if not path.parent.is_dir():
        raise UsageError(f"{path.parent} is no folder; make it, or name another file")


def opened_new(path: Path, *, overwrite: bool) -> TextIO:
    """Return a text file in UTF-8, opened for writing; see `require_new`.

    What a name of a file holds beyond Unicode is written as an escape.
    """
    require_new(path, overwrite=overwrite)
    mode: Literal["w", "x"] = "w" if overwrite else "x"
    return path.open(mode, encoding="utf-8", errors="backslashreplace", newline="")
