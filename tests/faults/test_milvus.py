"""A writer dies, or is refused, between its Milvus and its database: the old state or the new."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.errors import StoreError
from holotype.index.search.search import search
from holotype.index.storage.milvus.client import Client
from holotype.index.storage.milvus.store import MilvusStore
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.scripts.bench.faults import plain
from tests.conftest import table_of

WRITE = """
import os, signal, sys
from holotype.index.collection import Collection
from holotype.index.storage.milvus import store as milvus
from holotype.scripts.bench.faults import plain

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def then_die(method):
    def run(*values, **options):
        method(*values, **options)
        die()
    return run

_, folder, point, work = sys.argv
with Collection.open(folder) as collection:
    plain.put(collection, [("before", 1)])
    print("acknowledged", flush=True)
    milvus._GRACE = -1
    store, client = milvus.MilvusStore, milvus.Client
    if point == "before sending":
        store.carry = die
    elif point == "half sent":
        client.put = then_die(client.put)
    elif point == "sent":
        store.carry = then_die(store.carry)
    elif point == "committed":
        store.tidy = die
    elif point == "removed":
        client.delete = then_die(client.delete)
    if work == "put":
        plain.put(collection, [("image 1", 1), ("image 2", 1), ("new", 1)])
    else:
        collection.delete(["image 1", "image 2"])
"""
CASES = [
    *(("put", point, "old") for point in ("before sending", "half sent", "sent")),
    *(("delete", point, "old") for point in ("before sending", "sent")),
    *((work, point, "new") for work in ("put", "delete") for point in ("committed", "removed")),
]

OLD = {f"image {number}": 0 for number in range(6)} | {"before": 1}
NEW = {
    "put": OLD | {"image 1": 1, "image 2": 1, "new": 1},
    "delete": {name: version for name, version in OLD.items() if name[-1] not in "12"},
}


@pytest.fixture
def folder(tmp_path: Path, milvus: str) -> Path:
    plain.make(tmp_path / "c", 6, milvus)
    return tmp_path / "c"


@pytest.mark.slow
@pytest.mark.parametrize(("work", "point", "left"), CASES)
def test_a_writer_that_dies_leaves_the_old_state_or_the_new(
    folder: Path, work: str, point: str, left: str
) -> None:
    command = [sys.executable, "-c", WRITE, str(folder), point, work]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "acknowledged\n"), done.stderr
    expected = NEW[work] if left == "new" else OLD
    with Collection.open(folder) as collection:
        assert plain.stored(collection) == expected
        assert verify(collection).errors == []
        query = plain.vector_of(plain.content_of("new", 1))
        hits = search(collection, query, k=20)
        assert sorted(hit.image.image_id for hit in hits) == sorted(expected)
        plain.put(collection, [("after", 1), ("image 1", 2)])
        compact(collection)
        assert plain.stored(collection) == expected | {"after": 1, "image 1": 2}
        client, table = table_of(collection)
        assert len(client.keys(table)) == len(collection.gallery())
        assert verify(collection).warnings == []


def test_what_was_sent_and_not_committed_is_told_and_removed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database refuses to commit: what the Milvus got is never an answer."""
    with Collection.open(folder) as collection:
        client, table = table_of(collection)
        carry = MilvusStore.carry

        def refuse(store: MilvusStore, connection: sqlite3.Connection, *, after: int) -> None:
            carry(store, connection, after=after)
            if connection.in_transaction and len(client.keys(table)) > 6:
                raise sqlite3.OperationalError("disk full")

        with monkeypatch.context() as patched:
            patched.setattr(MilvusStore, "carry", refuse)
            for _ in range(2):
                with pytest.raises(sqlite3.OperationalError):
                    plain.put(collection, [("image 1", 1), ("new", 1)])
        assert len(client.keys(table)) == 6 + 2 * 2  # no number was used twice
        assert "holds 4 vectors of space 'base' that are in no record" in "".join(
            verify(collection).warnings
        )
        assert len(search(collection, plain.vector_of(plain.content_of("new", 1)), k=20)) == 6
        compact(collection)
        assert len(client.keys(table)) == 6
        assert verify(collection).warnings == []


def test_a_milvus_that_refuses_half_of_a_batch_stores_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(folder) as collection:
        client, table = table_of(collection)
        put = Client.put
        sent = 0

        def refuse(self: Client, *values: object) -> None:
            nonlocal sent
            sent += 1
            if sent == 2:
                raise StoreError("full")
            put(self, *values)  # type: ignore[arg-type]

        monkeypatch.setattr(Client, "put", refuse)
        monkeypatch.setattr("holotype.index.storage.milvus.store._AT_ONCE", 2)
        with pytest.raises(StoreError, match="full"):
            plain.put(collection, [(f"image {number}", 3) for number in range(5)])
        assert len(client.keys(table)) == 8
        assert plain.stored(collection) == {f"image {number}": 0 for number in range(6)}


@pytest.mark.slow
def test_kill_9_of_the_process_that_a_milvus_lite_runs_in(tmp_path: Path) -> None:
    pytest.importorskip("milvus_lite", reason="no Milvus Lite; see docs/milvus.md")
    script = (
        "import os, signal, sys\n"
        "from holotype.index.collection import Collection\n"
        "from holotype.scripts.bench.faults import plain\n"
        "with Collection.create(sys.argv[1], store=sys.argv[1] + '/v.db') as collection:\n"
        "    for version in range(5):\n"
        "        plain.put(collection, [(f'image {n}', version) for n in range(4)])\n"
        "    collection.delete(['image 3'])\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    for _ in range(2):  # the second time over what the first has left
        done = subprocess.run([sys.executable, "-c", script, str(tmp_path / "c")], check=False)
        assert done.returncode == -signal.SIGKILL
        with Collection.open(tmp_path / "c") as collection:
            assert plain.stored(collection) == {f"image {n}": 4 for n in range(3)}
            assert verify(collection).errors == []
