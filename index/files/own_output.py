"""Files that a command writes where the user says; a file of somebody else is never replaced."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..errors import UsageError
from .durable import digest_of, write_durably
from .plain_json import read_json
from .regular import Limit, read_regular

RECORD = ".holotype.json"  # in the folder: {name: sha256} of what was written there

_LONGEST = Limit(1 << 20, "of a record")


def require_own(folder: Path, names: Iterable[str]) -> None:
    """Refuse a folder where files of these names are not as an earlier command wrote them.

    Call it before long work.

    Raises:
        UsageError: the folder is a file; one of the files is somebody else's, or was changed.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file; name a folder")
    written = _written(folder)
    for path in (folder / name for name in (*names, RECORD)):
        if not path.is_symlink() and not path.exists():
            continue
        if path.is_symlink() or not path.is_file() or not _is_own(path, written):
            raise UsageError(
                f"{path} is there already and is not what this command wrote; move it away, or "
                "name another folder"
            )


def write_own(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write files into a folder, in place of those that an earlier command wrote there.

    Raises:
        OSError: the folder cannot be written to.
        UsageError: see `require_own`.
    """
    require_own(folder, files)
    folder.mkdir(parents=True, exist_ok=True)
    written = _written(folder) | {
        name: hashlib.sha256(data).hexdigest() for name, data in files.items()
    }
    write_durably(folder / RECORD, json.dumps(written, indent=2).encode())
    for name, data in files.items():
        write_durably(folder / name, data)


def _written(folder: Path) -> dict[str, object]:
    try:
        return read_json(read_regular(folder / RECORD, _LONGEST), dict)
    except (OSError, ValueError):
        return {}


def _is_own(path: Path, written: Mapping[str, object]) -> bool:
    return bool(written) if path.name == RECORD else written.get(path.name) == digest_of(path)
