"""Snapshots: a collection as it was at one moment, in a folder of its own, with checksums."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..collection import Collection
from ..database.connection import FILE, LOCKS, Database
from ..database.own_folder import own_names
from ..errors import CorruptError, NotFoundError, ReadOnlyError
from ..files.durable import (
    copy_durably,
    digest_of,
    new_folder,
    refuse_unfinished,
    sync,
    write_durably,
)
from ..storage.files_beside import INDEX, files_to_copy, missing_copies
from ..storage.integrity import all_damage
from ..storage.milvus.address import checked
from ..storage.moving import copy_vectors_into, move_vectors_to
from ..storage.opening import named_store, open_database

SUMS = "SHA256SUMS"

_MOST_SUMS = 256 << 20  # bytes: of millions of files
_LINE = re.compile(r"^([0-9a-f]{64})  (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Copied:
    """What a snapshot or a restored collection holds.

    Attributes:
        missing: copied pictures that the collection had lost.
    """

    images: int
    files: int
    size: int
    missing: list[str]


def snapshot(collection: Collection, to: Path) -> Copied:
    """Copy a collection as it stands at one moment, while others read it and write to it.

    The copy holds the database, copied pictures, thumbnails and checkpoints, and `SHA256SUMS` over
    all of them; indexes are built again from it. Vectors that lie elsewhere are written into it. It
    is checked and appears whole or not at all.

    Args:
        to: a folder that does not exist yet.

    Raises:
        CorruptError: the collection is damaged.
        LockedError: it is being compacted, or another snapshot of it is being made.
        UsageError: `to` is there already.
    """
    with new_folder(to) as folder, _keeping(collection.database):
        _back_up(collection.database, folder / FILE)
        copy_vectors_into(collection.database, folder / FILE)
        sync(folder / FILE)
        with _checked(folder) as copy:
            own = files_to_copy(copy, collection.folder)
            missing = missing_copies(copy, collection.folder)
            count = copy.read("SELECT count(*) FROM images")[0][0]
        sums = {Path(FILE): digest_of(folder / FILE)}
        for path in own:
            sums[path] = copy_durably(collection.folder / path, folder / path)
        write_durably(folder / SUMS, _as_text(sums))
        _read_sums(folder)
        collection.database.require_same()  # the files beside it were copied by their paths
        size = sum((folder / path).stat().st_size for path in sums)
    return Copied(count, len(sums), size, [path.as_posix() for path in missing])


def restore(source: Path, to: Path, *, store: str = "") -> Copied:
    """Make a collection of a snapshot, after every byte of it was compared with its checksum.

    Args:
        to: a folder that does not exist yet.
        store: the Milvus that gets the vectors; see `Collection.create`.

    Raises:
        CorruptError: a file of the snapshot is missing, damaged, or does not belong to it.
        NotFoundError: the folder is not a snapshot.
        StoreError: the store does not answer.
        UsageError: `to` is there already, the snapshot was never finished, or the store is not
            understood.
    """
    refuse_unfinished(source)
    address = checked(store, to) if store else ""
    sums = _read_sums(source)
    with new_folder(to) as folder:
        for path, digest in sums.items():
            if copy_durably(source / path, folder / path) != digest:
                raise CorruptError(
                    f"{source / path} is damaged (its checksum differs); use another snapshot"
                )
        with _checked(folder) as copy:
            copy.connection().execute("PRAGMA journal_mode=WAL")
            copy.take_new_id()
            count = copy.read("SELECT count(*) FROM images")[0][0]
            missing = missing_copies(copy, folder)
            if address:
                move_vectors_to(copy, address)
        sync(folder / FILE)
        size = sum((folder / path).stat().st_size for path in sums)
    return Copied(count, len(sums), size, [path.as_posix() for path in missing])


@contextmanager
def _keeping(database: Database) -> Iterator[None]:
    """Keep others from removing files; in a folder that is read-only nobody can."""
    with ExitStack() as stack:
        with suppress(ReadOnlyError):
            stack.enter_context(database.keeping())
        yield


def _back_up(database: Database, to: Path) -> None:
    """Copy the committed state of a database into one file, without what it says of indexes."""
    with closing(sqlite3.connect(to, isolation_level=None)) as copy:
        database.connection().backup(copy)
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("DELETE FROM index_files")
        copy.execute("DELETE FROM column_files")
        copy.execute(f"DELETE FROM files WHERE path GLOB '{INDEX}/*'")


@contextmanager
def _checked(folder: Path) -> Iterator[Database]:
    """Open the database of a copy, having refused a damaged one."""
    with closing(open_database(folder)) as database:
        if named_store(database) is not None:
            raise CorruptError("It names a store of vectors, which no snapshot does; use another")
        damage = all_damage(database)
        if damage:
            raise CorruptError(damage[0])
        yield database


def _refuse_others(source: Path, listed: set[Path], there: set[Path]) -> None:
    """Refuse a snapshot that lacks files of its list, or holds others."""
    used = sorted(path for path in there - listed if _is_of_use(path))
    if used:
        raise CorruptError(
            f"{source} was used as a collection after it was made ({used[0]} is no part of the "
            "snapshot), so it may hold something else by now. It can still be searched; to keep "
            f"it, take a snapshot of it: holotype collection snapshot {source} NEW. Or use another"
        )
    for path in sorted(listed ^ there):
        if path in listed:
            raise CorruptError(f"{source / path} is missing; the snapshot is damaged, use another")
        raise CorruptError(
            f"{source / path} is no part of it; move that file elsewhere if you put it there, or "
            "use another snapshot"
        )


def _is_of_use(path: Path) -> bool:
    """Return whether a file is one that a search or a write puts into a collection."""
    ours = {*own_names(), *(f"{lock}.{end}" for lock in LOCKS for end in ("lock", "json"))}
    return path.parts[0] == INDEX or str(path) in ours


def _as_text(sums: dict[Path, str]) -> bytes:
    """Return checksums as `sha256sum --check` reads them."""
    return "".join(f"{digest}  {path.as_posix()}\n" for path, digest in sums.items()).encode()


def _read_sums(source: Path) -> dict[Path, str]:
    """Return the checksums of a snapshot's files, having refused one with other files.

    Nothing is read or written outside of the two folders: only names that were found inside of the
    snapshot can be in the list.
    """
    if not (source / SUMS).is_file():
        raise NotFoundError(f"{source} is not a snapshot (it holds no {SUMS})")
    if (source / SUMS).stat().st_size > _MOST_SUMS:
        raise CorruptError(f"{source / SUMS} is larger than any; use another snapshot")
    content = (source / SUMS).read_bytes()
    sums = {Path(name): digest for digest, name in _LINE.findall(content.decode(errors="replace"))}
    if _as_text(sums) != content:
        raise CorruptError(f"{source / SUMS} is damaged; use another snapshot")
    found = {p.relative_to(source): p for p in source.rglob("*") if p.is_symlink() or p.is_file()}
    _refuse_others(source, set(sums), set(found) - {Path(SUMS)})
    for path in found.values():
        if path.is_symlink():
            raise CorruptError(f"{path} is a link, which no snapshot holds; use another snapshot")
    if Path(FILE) not in sums:
        raise CorruptError(f"{source} holds no {FILE}; the snapshot is damaged, use another")
    return sums
