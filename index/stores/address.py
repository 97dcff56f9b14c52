"""Addresses of a Milvus: a server's, or a folder's that Milvus Lite works in."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from ..errors import UsageError

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


def resolved(address: str, folder: Path) -> str:
    """Return the address to connect to."""
    return str(folder.resolve() / address) if address.endswith(LITE) else address
