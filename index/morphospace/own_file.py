"""Files that `holotype map` wrote, which it may write anew."""

from __future__ import annotations

from pathlib import Path

from ..errors import UsageError

MARK = "Holotype map"  # stands in every figure and table, in plain letters

_MOST = 256 << 20  # bytes that are looked through


def refuse_foreign(path: Path) -> None:
    """Refuse to write over what is no map: a picture or a table of somebody's own.

    Raises:
        UsageError: there is something of that name that does not say that it is one.
    """
    if not path.exists() and not path.is_symlink():
        return
    if path.is_file() and not path.is_symlink():
        with path.open("rb") as file:
            if MARK.encode() in file.read(_MOST):
                return
    raise UsageError(
        f"{path} is there already and no map that this program wrote; name another file"
    )
