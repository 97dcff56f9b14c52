"""What the machine refuses to do with a file, in one sentence: which file, why, and the way out."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from .durable import TEMPORARY

_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_WHY = {
    errno.EROFS: "lies on a disk that can only be read; name a place that can be written to",
    errno.EACCES: "may not be used by this user; change its rights, or name another place",
    errno.EPERM: "may not be used by this user; change its rights, or name another place",
    errno.ENAMETOOLONG: "has a name that is too long; name a shorter one",
    errno.EISDIR: "is a folder, not a file; name a file",
    errno.ENOTDIR: "leads through a file as if it were a folder; name a folder",
    errno.ENOENT: "does not exist; correct the path",
}
_SHOWN = 200  # characters of a name; those that are too long have thousands


def sentence_of(error: OSError) -> str:
    """Return what an error of the machine says of the file that the user means.

    >>> sentence_of(OSError(errno.EROFS, "Read-only file system", "a.csv.0123456789abcdef.tmp"))
    'a.csv lies on a disk that can only be read; name a place that can be written to'
    >>> sentence_of(OSError(errno.ENOSPC, "No space left on device"))
    'The disk is full; make room, and do the same again'
    """
    name = _name_of(error)
    if error.errno in _NO_ROOM:
        return f"The disk is full{f' at {name}' if name else ''}; make room, and do the same again"
    if not name or error.errno is None:
        return str(error)
    if error.errno == errno.EEXIST:
        kind = "file" if os.path.isfile(name) else "folder" if os.path.isdir(name) else "thing"
        return f"{name} is there already, as a {kind}; name another place"
    return f"{name} {_WHY.get(error.errno, f'cannot be used ({error.strerror}); look at its disk')}"


def _name_of(error: OSError) -> str:
    """Return the file, called as it is when it is whole."""
    if not isinstance(error.filename, str | bytes | Path):
        return ""
    name = TEMPORARY.sub("", os.fsdecode(error.filename))
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
