"""The spaces of a collection: embeddings of one encoder, or a projection of another space."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ..database.checksums import intact_rows, write_checksum
from ..database.connection import Database
from ..errors import CorruptError, HolotypeError, MismatchError, NotFoundError, UsageError
from ..vectors.projection import Projection
from ..ways import way
from .files_beside import MODELS
from .records import Space, now, read_space
from .space_checks import check_spaces

EXTERNAL = "external:"  # begins the name of an encoder that is not at hand

_LONGEST_ENCODER = 1000
# Spaces that hold no vector and that none is tuned from.
_UNUSED = (
    "projection_id IS NULL "
    "AND NOT EXISTS (SELECT 1 FROM embeddings AS e WHERE e.space_id = spaces.space_id) "
    "AND space_id NOT IN (SELECT base_space_id FROM spaces WHERE base_space_id IS NOT NULL)"
)
_NEXT_ID = (
    "(SELECT 1 + coalesce(max(space_id), 0) FROM "
    "(SELECT space_id FROM spaces UNION SELECT space_id FROM removed_spaces))"
)

_CHECKPOINT = "checkpoint:"
_OWN = f"{_CHECKPOINT}{MODELS}/"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def list_spaces(database: Database) -> list[Space]:
    """Return the spaces, oldest first.

    Raises:
        CorruptError: one of them is none that this program makes.
    """
    spaces = [
        read_space(record) for record in database.read("SELECT * FROM spaces ORDER BY space_id")
    ]
    check_spaces(database.folder, spaces)
    return [replace(space, encoder=_found_here(database, space.encoder)) for space in spaces]


def _found_here(database: Database, encoder: str) -> str:
    """Return an encoder's name with the place where a checkpoint of the collection's own lies."""
    own = encoder.removeprefix(_OWN)
    if own == encoder or Path(own).name != own or own in ("", ".."):
        return encoder
    return f"{_CHECKPOINT}{os.path.realpath(database.folder / MODELS / own)}"


def _kept_here(database: Database, encoder: str) -> str:
    """Return the name that is written down: a collection with its checkpoints may be moved."""
    place = Path(encoder.removeprefix(_CHECKPOINT))
    home = os.path.realpath(database.folder / MODELS)
    if not encoder.startswith(_CHECKPOINT) or os.path.realpath(place.parent) != home:
        return encoder
    return _OWN + place.name


def find_space(database: Database, name: str | None) -> Space:
    """Return a space by name; without a name, the oldest that has vectors.

    Where none has any it is the oldest: an ingest may not have come to its first picture yet.

    Raises:
        NotFoundError: there is none of that name.
    """
    spaces = list_spaces(database)
    if name is None and len(spaces) > 1:
        filled = _filled(database)
        spaces = [space for space in spaces if space.source_id in filled] or spaces
    for space in spaces:
        if name in (None, space.name):
            return space
    if not spaces:
        raise NotFoundError(
            f"{database.folder} holds no embeddings yet; add pictures with {way('ingest')}"
        )
    known = ", ".join(space.name for space in spaces)
    raise NotFoundError(f"{database.folder} has no space '{name}'; it has {known}")


def _filled(database: Database) -> set[int]:
    """Return the ids of the spaces that hold vectors."""
    found = database.read("SELECT space_id FROM space_states WHERE count > 0")
    return {record[0] for record in found}


def filled_spaces(database: Database) -> set[str]:
    """Return the names of the spaces that show any vector."""
    filled = _filled(database)
    return {space.name for space in list_spaces(database) if space.source_id in filled}


def source_of(database: Database, space: Space) -> Space:
    """Return the space that holds the embeddings which a space shows."""
    if space.base_space_id is None:
        return space
    return next(found for found in list_spaces(database) if found.space_id == space.source_id)


def projection_of(database: Database, space: Space) -> Projection | None:
    """Return the projection that a space shows its source through, if any.

    Raises:
        CorruptError: it is damaged, or does not fit the space.
    """
    if space.projection_id is None:
        return None
    found = intact_rows(database.read, "projections", "projection_id", space.projection_id)
    if not found:
        raise CorruptError(
            f"{database.folder} holds a damaged projection (that of space '{space.name}'); "
            "tune the space again"
        )
    projection = Projection.from_bytes(found[0]["content"])
    if (projection.dim, projection.out) != (source_of(database, space).dim, space.dim):
        raise CorruptError(
            f"{database.folder} holds a projection of {projection.dim} to {projection.out} "
            f"dimensions, which space '{space.name}' has not; tune the space again"
        )
    return projection


def add_space(
    database: Database, name: str, *, encoder: str, fingerprint: str, views: int, dim: int
) -> Space:
    """Return the space of that name, making it where there is none.

    One that another encoder left behind without a vector is replaced.

    Raises:
        MismatchError: it exists, with vectors of another encoder.
        UsageError: the name is not allowed, or belongs to a projected space.
    """
    check_name(name)
    with database.writing(), database.transaction() as connection:
        connection.execute(
            f"DELETE FROM spaces WHERE name = ? AND (fingerprint, dim) <> (?, ?) AND {_UNUSED}",
            (name, fingerprint, dim),
        )
        cursor = connection.execute(
            "INSERT OR IGNORE INTO spaces "
            "(space_id, name, encoder, fingerprint, views, dim, dtype, created_at) "
            f"VALUES ({_NEXT_ID}, ?, ?, ?, ?, ?, 'float32', ?)",
            (name, _kept_here(database, encoder), fingerprint, views, dim, now()),
        )
        if cursor.rowcount:
            write_checksum(connection, "spaces", cursor.lastrowid)
    space = find_space(database, name)
    if space.projection_id is not None:
        raise UsageError(
            f"Space '{name}' shows another space through a projection; ingest into that one"
        )
    check_fingerprint(space, fingerprint, encoder)
    return space


def check_target(database: Database, name: str, base: Space, *, moves: bool = False) -> list[Space]:
    """Return the space that one tuned from `base` would replace, if any.

    Args:
        moves: whether that may be a projection of another space.

    Raises:
        UsageError: see `add_projected_space`.
    """
    check_name(name)
    if base.projection_id is not None:
        raise UsageError(f"Space '{base.name}' is a projection already; tune the one it shows")
    taken = [space for space in list_spaces(database) if space.name == name]
    if taken and moves and taken[0].projection_id is not None:
        return taken
    if taken and taken[0].base_space_id != base.space_id:
        raise UsageError(f"Space '{name}' exists and is not tuned from '{base.name}'")
    return taken


def add_projected_space(
    database: Database, name: str, base: Space, projection: Projection, *, moves: bool = False
) -> Space:
    """Return the space of that name that shows `base` through a projection.

    A projected space of that name gets the new projection, all or nothing.

    Args:
        moves: whether a projection of another space may be replaced.

    Raises:
        UsageError: the base is projected itself, or the name belongs to a space that holds
            embeddings or shows another base.
        MismatchError: the projection was fitted on vectors of another length.
    """
    taken = check_target(database, name, base, moves=moves)
    if projection.dim != base.dim:
        raise MismatchError(
            f"The projection takes {projection.dim} dimensions; space '{base.name}' has {base.dim}"
        )
    with database.writing(), database.transaction() as connection:
        fit = projection.fitted_on
        told = {} if fit is None else {"fitted_on": fit.to_dict()}
        card = json.dumps({"arguments": projection.arguments, **projection.card, **told})
        projection_id = connection.execute(
            "INSERT INTO projections (kind, dim, content, card, created_at) VALUES (?, ?, ?, ?, ?)",
            (projection.kind, projection.out, projection.to_bytes(), card, now()),
        ).lastrowid
        write_checksum(connection, "projections", projection_id)
        for old in taken:  # only now, so that the new projection has a number of its own
            connection.execute("DELETE FROM spaces WHERE space_id = ?", (old.space_id,))
            connection.execute(
                "DELETE FROM projections WHERE projection_id = ?", (old.projection_id,)
            )
        digest = hashlib.sha256(f"{base.fingerprint} {projection.fingerprint}".encode())
        shown = (_kept_here(database, base.encoder), digest.hexdigest(), base.views, projection.out)
        cursor = connection.execute(
            "INSERT INTO spaces (space_id, name, encoder, fingerprint, views, dim, dtype, "
            "base_space_id, projection_id, created_at) "
            f"VALUES ({_NEXT_ID}, ?, ?, ?, ?, ?, 'float32', ?, ?, ?)",
            (name, *shown, base.space_id, projection_id, now()),
        )
        write_checksum(connection, "spaces", cursor.lastrowid)
    return find_space(database, name)


def is_unused(database: Database, name: str) -> bool:
    """Return whether a space of that name holds no vector, and none is tuned from it."""
    return bool(database.read(f"SELECT 1 FROM spaces WHERE name = ? AND {_UNUSED}", (name,)))


@contextmanager
def dropped_if_unused(database: Database, name: str, *, made: bool) -> Iterator[None]:
    """Remove a space that was made for work that ends without having stored any vector."""
    try:
        yield
    finally:
        if made:
            with suppress(HolotypeError, sqlite3.Error), database.transaction() as connection:
                connection.execute(f"DELETE FROM spaces WHERE name = ? AND {_UNUSED}", (name,))


def external_encoder(name: str) -> tuple[str, str]:
    """Return name and fingerprint of an encoder that made vectors elsewhere.

    That they are really its own nothing here can tell, so no encoder ever has this fingerprint.

    >>> external_encoder("dinov2")[0]
    'external:dinov2'

    Raises:
        UsageError: it is none that can be shown in a line.
    """
    if not name.isprintable() or len(name) > _LONGEST_ENCODER:
        raise UsageError(
            f"Encoder name {name[:80]!r} must be of one line, of at most {_LONGEST_ENCODER} letters"
        )
    name = name if name.startswith(EXTERNAL) else EXTERNAL + name
    return name, hashlib.sha256(name.encode()).hexdigest()


def require_encoder(space: Space) -> None:
    """Refuse to compare a picture with vectors that were made elsewhere.

    Raises:
        MismatchError: saying how such a space can be asked.
    """
    if space.encoder.startswith(EXTERNAL):
        raise MismatchError(
            f"Space '{space.name}' holds vectors that were made elsewhere ('{space.encoder}'), so "
            "no picture or text can be compared with them; ask with a stored image or a vector"
        )


def check_name(name: str) -> None:
    """Refuse a name that no space can have.

    Raises:
        UsageError: it holds other characters, or is too long.
    """
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"Space name '{name}' may hold letters, digits, '_', '.' and '-' only (at most 64)"
        )


def check_fingerprint(space: Space, fingerprint: str, encoder: str) -> None:
    """Refuse vectors of another encoder than the space's.

    Raises:
        MismatchError: the fingerprints differ.
    """
    if fingerprint != space.fingerprint:
        raise MismatchError(
            f"Space '{space.name}' was made with encoder '{space.encoder}' and {space.views} "
            f"view(s) (fingerprint {space.fingerprint[:12]}), not with '{encoder}' "
            f"({fingerprint[:12]}); use that encoder, or another space"
        )
