"""Only regular files of bounded size are opened.

A pipe would be waited for without end, a device has no end, and a sparse file of a few bytes can
claim any size. What is wrong is an `OSError` whose `strerror` says it, as of any file that cannot
be read.
"""

from __future__ import annotations

import errno
import os
import stat
from io import BufferedReader
from pathlib import Path
from typing import NamedTuple

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)  # a pipe without a writer is opened at once, and then refused
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_KINDS = (
    (stat.S_ISFIFO, "It is a pipe, not a file"),
    (stat.S_ISCHR, "It is a device, not a file"),
    (stat.S_ISBLK, "It is a device, not a file"),
    (stat.S_ISSOCK, "It is a socket, not a file"),
)


class Limit(NamedTuple):
    """The most bytes of something, and the setting that says so."""

    size: int
    setting: str


def open_regular(path: Path, limit: Limit | None = None) -> BufferedReader:
    """Open a file for reading in binary, if it is a regular one.

    Links are followed: what counts is what they lead to.

    Args:
        path: the file.
        limit: the largest that is opened; None opens any, for what is read in parts.

    Raises:
        OSError: it is not there, is no regular file, is over the limit, or cannot be opened.
        ValueError: no file can have that name.
    """
    _require_regular(os.stat(path), path, limit)  # opening some devices acts on them
    descriptor = os.open(path, _FLAGS)
    try:
        _require_regular(os.fstat(descriptor), path, limit)
        return open(descriptor, "rb")
    except BaseException:
        os.close(descriptor)
        raise


def read_regular(path: Path, limit: Limit) -> bytes:
    """Return the bytes of a regular file; of one that grows meanwhile no more than the limit.

    Raises:
        OSError, ValueError: as `open_regular` does.
    """
    with open_regular(path, limit) as file:
        size = os.fstat(file.fileno()).st_size
        data = file.read(size + 1)
        if data is None:  # a virtual file, with nothing to read at the moment
            raise OSError(errno.EAGAIN, "There is nothing to read in it", str(path))
        if len(data) > size:  # it has grown, or is a virtual file of no stated size
            data += file.read(limit.size + 1 - size) or b""
    if len(data) > limit.size:
        raise _too_large(len(data), path, limit)
    return data


def _require_regular(about: os.stat_result, path: Path, limit: Limit | None) -> None:
    if stat.S_ISDIR(about.st_mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    if not stat.S_ISREG(about.st_mode):
        kind = next((words for is_it, words in _KINDS if is_it(about.st_mode)), "It is not a file")
        raise OSError(errno.EINVAL, kind, str(path))
    if limit is not None and about.st_size > limit.size:
        raise _too_large(about.st_size, path, limit)


def _too_large(size: int, path: Path, limit: Limit) -> OSError:
    words = f"{size} bytes are more than the limit of {limit.size}, {limit.setting}"
    return OSError(errno.EFBIG, words, str(path))
