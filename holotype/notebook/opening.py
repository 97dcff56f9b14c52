"""Opening a collection on this machine."""

from __future__ import annotations

from pathlib import Path

from holotype.index.collection import Collection
from holotype.index.database.own_folder import is_collection
from holotype.index.errors import NotFoundError

from .door.guard import guarding
from .local.backend import LocalBackend
from .opened import OpenCollection


@guarding
def open(
    folder: str | Path, *, create: bool = False, store: str = "", into_existing: bool = False
) -> OpenCollection:
    """Open a collection on this machine.

    Args:
        folder: its folder.
        create: make it where there is none; otherwise nothing is made, as a name may be misspelt.
        store: with `create`, the Milvus that a new one keeps its vectors in.
        into_existing: with `create`, make it in a folder that holds other files; they stay.

    Raises:
        NotFoundError: there is no collection, and none was to be made.
        CorruptError: its database is damaged.
        StoreError: its vectors lie where this user has not said that they may.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, open(f"{folder}/moths", create=True) as moths:
    ...     print(moths.info()["images"])
    0
    """
    place = Path(folder).expanduser()
    if create:
        return OpenCollection(
            LocalBackend(Collection.create(place, store=store, into_existing=into_existing))
        )
    if not is_collection(place):
        raise NotFoundError(
            f"{folder} is not a collection yet; holotype.open({str(folder)!r}, create=True) makes "
            "one there"
        )
    return OpenCollection(LocalBackend(Collection.open(place)))
