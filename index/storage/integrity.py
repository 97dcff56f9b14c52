"""The integrity of a database: its structure, its values, and the tables derived from others."""

from __future__ import annotations

from ..database.checksums import SCHEMA_SUM
from ..database.connection import Database
from ..database.schema import CHECKED_COLUMNS, MIGRATIONS, checksum_sql
from ..database.untrusted import expected_items, items
from ..errors import CorruptError
from ..settings import settings
from .embeddings import damaged_vectors
from .images import MOST_NUMBERS
from .spaces import list_spaces

_RECOVER = "restore a snapshot"

# Values that this program never writes. A checksum is no help: a forger can compute it, too.
_IMPOSSIBLE = (
    "SELECT 1 FROM determinations WHERE root NOT NULL AND undoes >= determination_id LIMIT 1",
    "SELECT 1 FROM decisions WHERE undoes >= decision_id OR (undoes IS NULL) <> (root IS NULL) "
    "OR root > undoes LIMIT 1",
    f"SELECT 1 FROM sqlite_sequence WHERE typeof(seq) <> 'integer' OR seq > {MOST_NUMBERS} LIMIT 1",
    "SELECT 1 FROM (SELECT min(taxon_id) AS first, max(taxon_id) AS last, count(*) AS n FROM taxa) "
    "WHERE first < 1 OR last > 1000 + 16 * n",
    "SELECT 1 FROM images WHERE NOT CASE WHEN json_valid(metadata) "
    "THEN json_type(metadata) = 'object' ELSE 0 END LIMIT 1",
    "SELECT 1 FROM spaces WHERE base_space_id = space_id",
)

# Rows of these are checked when they are read, so damage to one space leaves the others usable.
_OF_SPACES = ("projections", "calibrations", "recipes", "canaries")


def database_damage(database: Database, *, spaces: bool = True) -> list[str]:
    """Return one sentence for everything that is wrong with a database, embeddings apart.

    Args:
        spaces: also with the projections, calibrations and canaries of spaces.
    """
    found = [
        f"{database.folder}: {record[0]}; {_RECOVER}"
        for record in database.read("PRAGMA integrity_check")
        if record[0] != "ok"
    ]
    for table in CHECKED_COLUMNS:
        if table != "embeddings" and (spaces or table not in _OF_SPACES):
            found += damaged_rows(database, table)
    if not _schema_is_whole(database):
        found.append(f"{database.folder} has a damaged schema; {_RECOVER}")
    misfits = database.read("PRAGMA foreign_key_check") or any(map(database.read, _IMPOSSIBLE))
    if misfits or _derived_differs(database):
        found.append(f"{database.folder} holds records that do not fit together; {_RECOVER}")
    return found


def damaged_rows(database: Database, table: str) -> list[str]:
    """Return one sentence for every row of a table whose checksum differs."""
    key = CHECKED_COLUMNS[table][0]
    found = database.read(
        f"SELECT {key} FROM {table} WHERE checksum <> {checksum_sql(table)} ORDER BY rowid"
    )
    return [
        f"{database.folder} holds a damaged row ({key} {record[0]}) in its table '{table}'; "
        f"{_RECOVER}"
        for record in found
    ]


def _schema_is_whole(database: Database) -> bool:
    """Return whether tables, triggers and views are all there and read as they were made."""
    unchanged = database.read(f"SELECT 1 FROM meta WHERE key = 'schema' AND value = ({SCHEMA_SUM})")
    return bool(unchanged) and expected_items(len(MIGRATIONS)) <= items(database.read)


def all_damage(database: Database) -> list[str]:
    """Return one sentence for everything that is wrong with a database, embeddings included."""
    found = database_damage(database)
    try:
        spaces = [space for space in list_spaces(database) if space.projection_id is None]
    except CorruptError as error:
        return [*found, str(error)]
    return found + [sentence for space in spaces for sentence in damaged_vectors(database, space)]


def require_intact(database: Database) -> None:
    """Refuse a damaged database before anything is answered from it.

    One above `HOLOTYPE_MAX_CHECKED_BYTES` is left to 'holotype collection verify'.

    Raises:
        CorruptError: the first thing that is wrong.
    """
    size = database.read("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size")
    if size[0][0] > settings().max_checked_bytes:
        return
    found = database_damage(database, spaces=False)
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise CorruptError(found[0] + more)


def _derived_differs(database: Database) -> bool:
    """Return whether a table that is derived from others differs from what they give."""
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
