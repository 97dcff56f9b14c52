"""Is the database whole? Its structure, its values, and what is derived inside it."""

from __future__ import annotations

from .database import FILE, Database
from .embeddings import damaged_vectors
from .errors import CorruptError
from .schema import SEALED
from .seals import broken_seals, schema_is_whole
from .settings import settings
from .spaces import list_spaces

_RECOVER = "restore a snapshot"

# What belongs to single spaces is compared with its checksum wherever it is read, so that damage
# there keeps no other space from being asked.
_OF_SPACES = ("projections", "calibrations", "canaries")


def unsound(database: Database, *, spaces: bool = True) -> list[str]:
    """Return one sentence for everything that is wrong with the database but the embeddings.

    Args:
        spaces: also with the projections, calibrations and canaries of spaces.
    """
    found = [
        f"{database.folder}: {record[0]}; {_RECOVER}"
        for record in database.read("PRAGMA integrity_check")
        if record[0] != "ok"
    ]
    for table in SEALED:
        if table != "embeddings" and (spaces or table not in _OF_SPACES):
            found += broken_seals(database, table)
    if not schema_is_whole(database):
        found.append(f"{database.folder} has a damaged schema; {_RECOVER}")
    if database.read("PRAGMA foreign_key_check") or _derived_differs(database):
        found.append(f"{database.folder} holds records that do not fit together; {_RECOVER}")
    return found


def damage_of(database: Database) -> list[str]:
    """Return one sentence for everything that is wrong with the database, embeddings too."""
    spaces = [space for space in list_spaces(database) if space.projection_id is None]
    vectors = (sentence for space in spaces for sentence in damaged_vectors(database, space))
    return [*unsound(database), *vectors]


def check_soundness(database: Database) -> None:
    """Refuse a damaged database before anything is answered from it.

    One above `HOLOTYPE_MAX_CHECKED_BYTES` is left to 'holotype collection verify'.

    Raises:
        CorruptError: the first thing that is wrong.
    """
    if (database.folder / FILE).stat().st_size > settings().max_checked_bytes:
        return
    found = unsound(database, spaces=False)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise CorruptError(found[0] + more)


def _derived_differs(database: Database) -> bool:
    """Return whether what is worked out from other tables is not what these give."""
    given_out = "(SELECT seq FROM sqlite_sequence WHERE name = 'embeddings')"
    held = "SELECT space_id, max(seq) AS seq FROM embeddings GROUP BY space_id"
    wrong = (
        _different("SELECT * FROM accepted", "SELECT * FROM accepted_by_history"),
        _different(
            "SELECT space_id, count FROM space_states WHERE count <> 0",
            "SELECT space_id, count(*) FROM embeddings GROUP BY space_id",
        ),
        f"SELECT 1 FROM ({held}) LEFT JOIN space_states USING (space_id) "
        "WHERE seq > coalesce(last_seq, 0)",
        f"SELECT 1 FROM space_states WHERE last_seq > coalesce({given_out}, 0)",
    )
    return any(database.read(query) for query in wrong)


def _different(one: str, other: str) -> str:
    return f"SELECT 1 FROM ({one} EXCEPT {other}) UNION ALL SELECT 1 FROM ({other} EXCEPT {one})"
