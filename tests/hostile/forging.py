"""What a stranger can do to a collection: change it and make every checksum anew."""

from __future__ import annotations

import socket
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from holotype.index.database.checksums import crc32, write_row_checksums, write_schema_checksum
from holotype.index.database.schema import CHECKED_COLUMNS
from tests.conftest import Cli

Outcome = tuple[int, str]


def forge(folder: Path, *statements: str, values: tuple[object, ...] = ()) -> Path:
    """Run statements on a collection's database, and write all checksums anew as if it were whole.

    Args:
        folder: the collection's.
        statements: of SQL; the first takes the values.
    """
    with closing(sqlite3.connect(folder / "collection.sqlite", isolation_level=None)) as raw:
        raw.create_function("crc32", -1, crc32, deterministic=True)
        guards = [record[0] for record in raw.execute(_GUARDS)]
        raw.execute("DROP TRIGGER determinations_unchanged")
        raw.execute("DROP TRIGGER determinations_append_only")
        raw.execute("PRAGMA ignore_check_constraints=ON")
        for number, statement in enumerate(statements):
            raw.execute(statement, () if number else values)
        tables = {record[0] for record in raw.execute("SELECT name FROM sqlite_master")}
        if CHECKED_COLUMNS.keys() <= tables:
            with suppress(sqlite3.OperationalError):  # what has no checksum cannot get one
                write_row_checksums(raw)
        for guard in guards:
            raw.execute(guard)
        write_schema_checksum(raw)
    return folder


def ask_everything(
    cli: Cli, folder: Path, scratch: Path, only: tuple[str, ...] = ()
) -> dict[str, Outcome]:
    """Run what reads a collection; each must end by itself, with an answer or a sentence.

    Returns:
        exit code and what was said, by the command's name.
    """
    commands: dict[str, tuple[object, ...]] = {
        "info": ("collection", "info", folder, "--json"),
        "verify": ("collection", "verify", folder, "--json"),
        "log": ("collection", "log", folder, "--imports", "--json"),
        "search": ("search", "--id", "0-0.png", "--in", folder, "--where", "sex=f", "--json"),
        "export": ("export", folder, "--out", scratch / "out.parquet"),
        "snapshot": ("collection", "snapshot", folder, scratch / "snap"),
    }
    outcomes = {}
    for name in only or commands:
        code, out, err = cli(*commands[name])
        assert "Traceback" not in err, err
        assert code in range(5), (code, err)
        assert code == 0 or len(err.strip().splitlines()) == 1 or name == "verify", err
        outcomes[name] = (code, out + err)
    return outcomes


_GUARDS = (
    "SELECT sql FROM sqlite_master WHERE name IN "
    "('determinations_unchanged', 'determinations_append_only') ORDER BY rowid"
)


class Listener:
    """A server that only counts who comes."""

    def __init__(self) -> None:
        self.visits = 0
        self.heard = b""
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                visitor, _ = self._socket.accept()
                self.visits += 1
                with visitor:
                    visitor.settimeout(1)
                    with suppress(OSError):
                        self.heard += visitor.recv(65536)

    def close(self) -> None:
        self._socket.close()


@contextmanager
def listening() -> Iterator[Listener]:
    listener = Listener()
    try:
        yield listener
    finally:
        listener.close()
