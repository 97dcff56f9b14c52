"""Which files this user's own program wrote: a keyed checksum that nobody else can make.

FAISS reads what it is given without looking: an index file with ids out of range ends the process,
and one of another kind may open files elsewhere. So index files are opened only where this user
wrote them; the others are built anew from the vectors, which are checked. The key never leaves the
user's folder.
"""

from __future__ import annotations

import hmac
import os
import secrets
from contextlib import suppress
from functools import cache
from pathlib import Path

from ..files.durable import sync
from ..files.regular import Limit, read_regular
from ..settings import settings
from ..trust import own_folder

FILE = "signing.key"

_BYTES = 32


def signature(content: bytes) -> str:
    """Return this user's signature of some content, as hex."""
    return hmac.new(_key(settings().config), content, "sha256").hexdigest()


def is_own(content: bytes, signed: object) -> bool:
    """Return whether this user's program signed some content, or the user believes everybody.

    Args:
        content: what is signed.
        signed: what is given as its signature.
    """
    if settings().trusted_indexes:
        return True
    return isinstance(signed, str) and hmac.compare_digest(
        signature(content).encode(), signed.encode(errors="replace")
    )


@cache
def _key(config: Path) -> bytes:
    """Return the user's key, made when first asked for.

    Where none can be kept, one is made for this process: index files are then built once in it.
    """
    try:
        file = own_folder() / FILE
        if not file.exists():
            _make(file)
        key = read_regular(file, Limit(_BYTES, "of a key"))
    except (OSError, RuntimeError):
        key = b""
    return key if len(key) == _BYTES else secrets.token_bytes(_BYTES)


def _make(file: Path) -> None:
    """Write a key, unless another process does at the same moment."""
    own = file.with_name(f"{FILE}.{os.getpid()}-{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as opened:
            opened.write(secrets.token_bytes(_BYTES))
            opened.flush()
            os.fsync(opened.fileno())
        with suppress(FileExistsError):
            os.link(own, file)
    finally:
        own.unlink(missing_ok=True)
    sync(file.parent)
