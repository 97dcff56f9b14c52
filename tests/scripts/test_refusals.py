"""What the machine refuses is one sentence: which file, why, and what to do."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.files.refusals import sentence_of
from tests.conftest import Cli, Draw


@pytest.fixture
def table(tmp_path: Path, draw: Draw) -> Path:
    for number in range(6):
        draw(tmp_path / f"{number}.png", number)
    table = tmp_path / "t.csv"
    table.write_text("path,species\n" + "".join(f"{n}.png,Xestia baja\n" for n in range(6)))
    return table


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.EROFS, "a.csv lies on a disk that can only be read; name a place that can be"),
        (errno.EACCES, "a.csv may not be used by this user; change its rights"),
        (errno.ENAMETOOLONG, "a.csv has a name that is too long"),
        (errno.EISDIR, "a.csv is a folder, not a file"),
        (errno.ENOTDIR, "a.csv leads through a file as if it were a folder"),
        (errno.ENOSPC, "The disk is full at a.csv; make room"),
        (errno.EIO, "a.csv cannot be used (Input/output error); look at its disk"),
    ],
)
def test_a_refusal_names_the_file_of_the_user(number: int, said: str) -> None:
    error = OSError(number, os.strerror(number), "a.csv.0123456789abcdef.tmp")
    assert sentence_of(error).startswith(said)


def test_outputs_that_cannot_be_written_are_told_in_words(
    tmp_path: Path, table: Path, tiny_folder: Path, cli: Cli
) -> None:
    code, _, err = cli(
        "ingest", table, "--to", tmp_path / "c", "--encoder", f"checkpoint:{tiny_folder}"
    )
    assert code == 0, err
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    long = "n" * 300
    ask = ("identify", tmp_path / "0.png", "--in", tmp_path / "c")
    commands = [
        (*ask, "--csv", tmp_path / "folder"),
        (*ask, "--csv", tmp_path / "file" / "a.csv"),
        (*ask, "--csv", tmp_path / f"{long}.csv"),
        ("ingest", table, "--to", tmp_path / "file", "--encoder", f"checkpoint:{tiny_folder}"),
        ("ingest", table, "--to", tmp_path / "file" / "c"),
        ("ingest", table, "--to", tmp_path / long),
        ("ingest", tmp_path / f"{long}.csv", "--to", tmp_path / "d"),
        ("eval", tmp_path / "c", "--out", tmp_path / "file"),
        ("eval", tmp_path / "c", "--out", tmp_path / "file" / "r"),
        ("eval", tmp_path / "c", "--out", tmp_path / long),
        ("export", tmp_path / "c", "--to", tmp_path / "file" / "a.parquet"),
        ("collection", "snapshot", tmp_path / "c", tmp_path / "file" / "s"),
    ]
    for command in commands:
        code, _, err = cli(*command)
        assert code in (1, 2), command
        print(err)
        assert "[Errno" not in err, command
        assert ".tmp" not in err, command


def test_a_disk_that_fills_up_tells_how_much_is_stored(
    tmp_path: Path, table: Path, tiny_folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL
    store = Collection.store

    def fails(self: Collection, *args: object, **named: object) -> None:
        raise full

    monkeypatch.setattr(Collection, "store", fails)
    command = ("ingest", table, "--to", tmp_path / "c", "--encoder", f"checkpoint:{tiny_folder}")
    code, _, err = cli(*command)
    assert code == 1
    assert "The disk of the collection is full; make room, and do the same again. " in err
    assert "0 of 6 pictures are stored; done again, it goes on with the others" in err
    monkeypatch.setattr(Collection, "store", store)
    code, out, _ = cli(*command)
    assert code == 0
    assert "Stored 6 new pictures" in out
