"""A store is connected only where this user said so; it gets a token only where that is safe."""

from __future__ import annotations

import io
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.errors import CorruptError, StoreError
from holotype.index.settings import settings
from holotype.index.storage.milvus.connection import connected
from holotype.index.upkeep.trust_requests import trust_requests
from tests.conftest import Cli
from tests.hostile.forging import Listener, ask_everything, forge

STORE_ID = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def _impatient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("HOLOTYPE_MILVUS_TIMEOUT", "1")
    monkeypatch.setenv("HOLOTYPE_MILVUS_TOKEN", "me:secret")


def naming(folder: Path, address: str, store_id: str = STORE_ID, kind: str = "FLAT") -> Path:
    """Let a collection say that its vectors lie in a store."""
    said = {"store": address, "store_id": store_id, "store_index": kind}
    with closing(sqlite3.connect(folder / "collection.sqlite")) as raw, raw:
        raw.execute("DELETE FROM meta WHERE key LIKE 'store%'")
        raw.executemany("INSERT INTO meta VALUES (?, ?)", said.items())
    return forge(folder, "UPDATE embeddings SET vector = x''")


def test_a_received_store_is_not_connected_and_gets_no_token(
    folder: Path, cli: Cli, tmp_path: Path, listener: Listener
) -> None:
    naming(folder, listener.address)
    for code, said in ask_everything(cli, folder, tmp_path).values():
        assert code == 1
        assert listener.address in said
        assert "collection trust" in said
    picture = tmp_path / "x.png"
    for command in (
        ("identify", picture, "--in", folder),
        ("tune", folder, "--as", "t"),
        ("calibrate", folder),
        ("eval", folder),
        ("collection", "compact", folder),
        ("collection", "delete", folder, "--id", "0-0.png"),
    ):
        assert cli(*command)[0] == 1, command
    assert listener.visits == 0


@pytest.mark.parametrize(
    "address",
    [
        "../elsewhere.db",
        "inside/../../elsewhere.db",
        "ftp://127.0.0.1",
        "unix:/tmp/socket",
        "http://me:secret@127.0.0.1:1",
        "http://127.0.0.1:1\n",
        "",
    ],
)
def test_what_no_collection_names_as_its_store_is_damage(folder: Path, address: str) -> None:
    naming(folder, address)
    with pytest.raises(CorruptError, match="as no collection does"):
        Collection.open(folder)


def test_other_sayings_about_a_store_are_damage(folder: Path, listener: Listener) -> None:
    for store_id, kind in (("x", "FLAT"), (STORE_ID, "IVF"), ("../" * 11, "HNSW")):
        naming(folder, listener.address, store_id, kind)
        with pytest.raises(CorruptError):
            Collection.open(folder)
    forge(folder, "DELETE FROM meta WHERE key IN ('store_id', 'store_index')")
    with pytest.raises(CorruptError):
        Collection.open(folder)
    assert listener.visits == 0


def test_a_store_in_a_file_makes_nothing_outside(folder: Path, tmp_path: Path) -> None:
    for address in (str(tmp_path / "new" / "elsewhere.db"), "vectors.db"):
        naming(folder, address)
        with pytest.raises(StoreError, match="collection trust"):
            Collection.open(folder)
    assert not (tmp_path / "new").exists()
    assert not (folder / "vectors.db").exists()


def test_who_trusts_a_store_is_asked_first_and_then_served(
    folder: Path, cli: Cli, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    naming(folder, listener.address)
    asked = trust_requests(folder)
    assert asked.store is not None
    assert asked.store.address == listener.address
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert cli("collection", "trust", folder)[0] == 1
    assert not asked.store.is_trusted
    code, _, err = cli("collection", "trust", folder, "--yes")
    assert code == 0, err
    assert trust_requests(folder).store is None
    assert listener.visits == 0
    file = settings().config / "trust.json"
    assert file.stat().st_mode & 0o077 == 0
    assert cli("search", "--id", "0-0.png", "--in", folder)[0] == 1
    assert listener.visits > 0


def test_trust_is_of_one_collection_at_one_address(
    folder: Path, tmp_path: Path, cli: Cli, listener: Listener
) -> None:
    other = Path(shutil.copytree(folder, tmp_path / "copy"))  # of the same collection_id
    naming(folder, "http://127.0.0.1:1")
    assert cli("collection", "trust", folder, "--yes")[0] == 0
    for store_id in (STORE_ID, STORE_ID[::-1]):
        naming(other, listener.address, store_id)
        with pytest.raises(StoreError, match="collection trust"):
            Collection.open(other)
    naming(other, "http://127.0.0.1:1", STORE_ID[::-1])
    with pytest.raises(StoreError, match="collection trust"):
        Collection.open(other)
    assert listener.visits == 0


def test_a_server_names_its_stores_in_a_setting(
    folder: Path, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    naming(folder, listener.address)
    monkeypatch.setenv("HOLOTYPE_TRUSTED_STORES", f"https://x:1, {listener.address}")
    Collection.open(folder).close()


@pytest.mark.parametrize("kept", ["", "[]", "{", '{"stores": 7}', "[" * 100_000])
def test_a_damaged_memory_trusts_nothing(folder: Path, kept: str) -> None:
    naming(folder, "http://127.0.0.1:1")
    settings().config.mkdir()
    (settings().config / "trust.json").write_text(kept)
    with pytest.raises(StoreError, match="collection trust"):
        Collection.open(folder)


def test_a_token_goes_to_no_other_machine_in_clear(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("http://192.0.2.1:19530", "http://127.0.0.1.example:1", "http://[2001:db8::1]"):
        with pytest.raises(StoreError, match="in clear"):
            connected(address)
    monkeypatch.setenv("HOLOTYPE_MILVUS_TOKEN", "")
    settings.cache_clear()
    with pytest.raises(StoreError, match="does not answer"):
        connected("http://127.0.0.1:1")
