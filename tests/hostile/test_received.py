"""A collection from a stranger is data: nothing in its database or beside it acts."""

from __future__ import annotations

import hashlib
import os
import shutil
import sqlite3
import struct
from contextlib import closing
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.database.schema import MIGRATIONS
from holotype.index.errors import CorruptError, HolotypeError
from holotype.index.upkeep.snapshots import restore
from tests.conftest import Cli
from tests.hostile.forging import ask_everything, forge
from tests.index.database.test_formats import FIXTURES, build

DATABASE = "collection.sqlite"

pytestmark = pytest.mark.usefixtures("stranger")


# What acts by itself ---------------------------------------------------------------------------

ACTORS = {
    "a trigger that writes": "CREATE TRIGGER x AFTER INSERT ON images BEGIN DELETE FROM taxa; END",
    "a trigger on what is written when reading": "CREATE TRIGGER x AFTER INSERT ON index_files "
    "BEGIN INSERT INTO meta VALUES ('x', hex(randomblob(1000000))); END",
    "a trigger in place of ours": "CREATE TRIGGER embeddings_uncounted2 AFTER DELETE ON embeddings "
    "BEGIN UPDATE space_states SET count = 0; END",
    "a view": "CREATE VIEW pictures AS SELECT * FROM images",
    "a view that never ends": "CREATE VIEW x AS WITH RECURSIVE n(i) AS "
    "(SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT * FROM n",
    "a table": "CREATE TABLE x (a)",
    "a table with a computed column": "CREATE TABLE x (a, b AS (hex(zeroblob(1000000000))))",
    "a column that is computed": "ALTER TABLE meta ADD COLUMN x TEXT AS (hex(zeroblob(100000000)))",
    "a column with a check": "ALTER TABLE jobs ADD COLUMN x INTEGER CHECK (x IN (1, 2))",
    "an index on an expression": "CREATE INDEX x ON images (abs(width))",
    "a virtual table": "CREATE VIRTUAL TABLE x USING fts5(a)",
    "a tree": "CREATE VIRTUAL TABLE x USING rtree(a, b, c)",
}


@pytest.mark.parametrize("actor", ACTORS)
def test_what_could_act_by_itself_is_refused_before_anything_is_read(
    folder: Path, cli: Cli, tmp_path: Path, actor: str
) -> None:
    forge(folder, ACTORS[actor])
    before = (folder / DATABASE).read_bytes()
    for code, said in ask_everything(cli, folder, tmp_path).values():
        assert code == 4
        assert "could act by itself" in said
    assert (folder / DATABASE).read_bytes() == before


def test_a_view_in_place_of_a_table_is_refused(folder: Path, cli: Cli, tmp_path: Path) -> None:
    forge(
        folder,
        "ALTER TABLE images RENAME TO hidden",
        "CREATE VIEW images AS SELECT * FROM hidden UNION ALL SELECT * FROM hidden",
    )
    assert {code for code, _ in ask_everything(cli, folder, tmp_path).values()} == {4}


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_old_collection_is_looked_at_before_it_is_brought_up_to_date(
    tmp_path: Path, version: int
) -> None:
    folder = build(FIXTURES / f"format_{version}.sql", tmp_path / "old")
    with closing(sqlite3.connect(folder / DATABASE)) as raw, raw:
        raw.execute("CREATE TRIGGER x AFTER UPDATE ON images BEGIN DELETE FROM determinations; END")
    with pytest.raises(CorruptError, match="trigger 'x'"):
        Collection.open(folder)


def test_undos_in_a_circle_do_not_keep_an_old_collection_busy_for_ever(tmp_path: Path) -> None:
    folder = build(FIXTURES / "format_1.sql", tmp_path / "old")
    with closing(sqlite3.connect(folder / DATABASE)) as raw, raw:
        raw.execute("DROP TRIGGER IF EXISTS determinations_unchanged")
        raw.execute("UPDATE determinations SET undoes = determination_id WHERE undoes IS NOT NULL")
    with pytest.raises(CorruptError):
        Collection.open(folder)


@pytest.mark.parametrize("version", [-1, 0, len(MIGRATIONS) + 1, 2**31 - 1])
def test_a_format_that_does_not_exist_is_refused(folder: Path, version: int) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as raw:
        raw.execute(f"PRAGMA user_version={version}")
    with pytest.raises(CorruptError):
        Collection.open(folder)


def test_statistics_that_somebody_let_sqlite_count_do_no_harm(folder: Path) -> None:
    with closing(sqlite3.connect(folder / DATABASE)) as raw:
        raw.execute("ANALYZE")
    with Collection.open(folder) as collection:
        assert len(collection.gallery()) == 40


# Files beside the database ---------------------------------------------------------------------


def journal_that_names(victim: Path) -> bytes:
    """A rollback journal after which SQLite removes a file elsewhere: its 'super-journal'."""
    magic, page, name = bytes.fromhex("d9d505f920a163d7"), 16384, str(victim).encode()
    head = (magic + struct.pack(">5I", 0, 1, 0, 512, page)).ljust(512, b"\0")
    total = sum(name) & 0xFFFFFFFF
    return (
        head
        + struct.pack(">I", (1 << 30) // page + 1)
        + name
        + (struct.pack(">2I", len(name), total) + magic)
    )


def test_a_journal_cannot_have_a_file_elsewhere_removed(folder: Path, tmp_path: Path) -> None:
    victim = tmp_path / "precious"
    victim.write_text("mine")
    (folder / f"{DATABASE}-journal").write_bytes(journal_that_names(victim))
    with pytest.raises(CorruptError, match="names a file outside"):
        Collection.open(folder)
    assert victim.read_text() == "mine"


@pytest.mark.parametrize("ending", ["-wal", "-shm", "-journal"])
@pytest.mark.parametrize("what", ["a link", "a pipe", "a folder"])
def test_files_beside_the_database_are_plain_files(
    folder: Path, tmp_path: Path, ending: str, what: str
) -> None:
    odd, elsewhere = folder / f"{DATABASE}{ending}", tmp_path / "elsewhere"
    elsewhere.write_bytes(b"mine")
    odd.unlink(missing_ok=True)
    {"a link": lambda: odd.symlink_to(elsewhere), "a pipe": lambda: os.mkfifo(odd)}.get(
        what, odd.mkdir
    )()
    with pytest.raises(CorruptError, match="no plain file"):
        Collection.open(folder)
    assert elsewhere.read_bytes() == b"mine"


# Snapshots -------------------------------------------------------------------------------------


def test_a_snapshot_that_names_a_store_is_no_snapshot(ready_snapshot: Path, tmp_path: Path) -> None:
    snap = Path(shutil.copytree(ready_snapshot, tmp_path / "snap"))
    with closing(sqlite3.connect(snap / DATABASE)) as raw, raw:
        raw.execute("INSERT INTO meta VALUES ('store', 'http://127.0.0.1:1')")
        raw.execute("INSERT INTO meta VALUES ('store_id', ?)", ("0" * 32,))
        raw.execute("INSERT INTO meta VALUES ('store_index', 'FLAT')")
    digest = hashlib.sha256((snap / DATABASE).read_bytes()).hexdigest()
    lines = (snap / "SHA256SUMS").read_text().splitlines(keepends=True)
    kept = [line for line in lines if DATABASE not in line]
    (snap / "SHA256SUMS").write_text("".join([f"{digest}  {DATABASE}\n", *kept]))
    with pytest.raises(CorruptError, match="names a store"):
        restore(snap, tmp_path / "back")
    assert not (tmp_path / "back").exists()


@pytest.mark.parametrize(
    "line",
    ["{0}  ../outside\n", "{0}  /etc/passwd\n", "{0}  collection.sqlite\n", "x" * 1000, "\0\n"],
)
def test_a_list_of_checksums_leads_nowhere_else(
    ready_snapshot: Path, tmp_path: Path, line: str
) -> None:
    snap = Path(shutil.copytree(ready_snapshot, tmp_path / "snap"))
    with (snap / "SHA256SUMS").open("a") as sums:
        sums.write(line.format("0" * 64))
    with pytest.raises(HolotypeError):
        restore(snap, tmp_path / "back")
    assert not (tmp_path / "back").exists()
