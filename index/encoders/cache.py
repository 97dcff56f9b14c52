"""What takes long to make and can be made again, kept in a folder of the user's between runs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from ..files.durable import write_durably
from ..files.regular import Limit, read_regular
from ..settings import settings

_DIGEST_BYTES = hashlib.sha256().digest_size
_LONGEST = Limit(4 << 30, "of what is kept")
_UNUSABLE = (OSError, RuntimeError)  # the second where a user has no home


def read_cached(key: str) -> bytes | None:
    """Return what was kept under a key; None where nothing is, or it is damaged or another's."""
    try:
        kept = read_regular(_file(key), _LONGEST)
    except _UNUSABLE:
        return None
    digest, data = kept[:_DIGEST_BYTES], kept[_DIGEST_BYTES:]
    return data if digest == _digest(key, data) else None


def keep_cached(key: str, data: bytes) -> None:
    """Keep data under a key, in place of what was there; in a folder that cannot be written, not.

    The key is in the checksum, so that a file under another's name is not taken for its own.
    """
    try:
        file = _file(key)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_durably(file, _digest(key, data) + data)
    except _UNUSABLE:  # a cache that cannot be kept costs time at the next start, nothing else
        return


def _file(key: str) -> Path:
    name = hashlib.sha256(key.encode()).hexdigest()[:32]
    return settings().cache.expanduser() / f"{name}.bin"


def _digest(key: str, data: bytes) -> bytes:
    digest = hashlib.sha256(key.encode())
    digest.update(data)
    return digest.digest()
