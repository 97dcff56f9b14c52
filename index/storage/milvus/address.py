"""Addresses of a Milvus: a server's, or a folder's that Milvus Lite works in."""

from __future__ import annotations

from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from ...errors import StoreError, UsageError

LITE = ".db"


def checked(address: str, folder: Path) -> str:
    """Return an address as a collection remembers it.

    Args:
        address: http://host:port, https://…, or a path that ends in .db.
        folder: the collection's; a path inside it is kept relative to it.

    Raises:
        UsageError: it is none of these, or holds a password.

    >>> checked("http://host:19530", Path("moths"))
    'http://host:19530'
    >>> checked("moths/vectors.db", Path("moths"))
    'vectors.db'
    """
    if address.startswith(("http://", "https://")):
        if "@" in urlsplit(address).netloc:
            raise UsageError(
                "A password in the store's address would be kept with the collection; set "
                "HOLOTYPE_MILVUS_TOKEN instead"
            )
        return address
    if "://" in address or not address.endswith(LITE):
        raise UsageError(
            f"Store '{address}' is not understood; give a server's address, such as "
            f"http://host:19530, or a path that ends in {LITE}"
        )
    path, inside = Path(address).resolve(), folder.resolve()
    return path.relative_to(inside).as_posix() if path.is_relative_to(inside) else str(path)


def is_remembered(address: str) -> bool:
    """Return whether an address is one that `checked` returns.

    >>> [is_remembered(a) for a in ("http://host:19530", "vectors.db", "../vectors.db", "ftp://x")]
    [True, True, False, False]
    """
    if not address.isprintable():
        return False
    if address.startswith(("http://", "https://")):
        return "@" not in urlsplit(address).netloc
    return "://" not in address and address.endswith(LITE) and ".." not in Path(address).parts


def check_token(address: str, *, in_clear: bool) -> None:
    """Refuse to send a token to another machine over a connection that is not encrypted.

    Raises:
        StoreError: saying what to do.

    >>> check_token("https://host:19530", in_clear=False)
    >>> check_token("http://127.0.0.1:19530", in_clear=False)
    """
    if in_clear or not address.startswith("http://") or _is_here(urlsplit(address).hostname or ""):
        return
    raise StoreError(
        f"The token (HOLOTYPE_MILVUS_TOKEN) would be sent to {address} in clear; use https, or "
        "allow it with HOLOTYPE_MILVUS_TOKEN_IN_CLEAR=true"
    )


def _is_here(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def resolved(address: str, folder: Path) -> str:
    """Return the address to connect to."""
    return str(folder.resolve() / address) if address.endswith(LITE) else address
