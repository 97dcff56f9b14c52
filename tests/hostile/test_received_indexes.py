"""Index files that somebody else wrote are not opened: FAISS would believe whatever they say."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import faiss
import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import CorruptError
from holotype.index.gallery import label_files as columns
from holotype.index.settings import settings
from holotype.index.storage.files_beside import index_file
from holotype.index.upkeep.info import verify
from holotype.index.vectors.file import open_arrays, pack_arrays, read_header
from holotype.index.vectors.signature import is_own, signature
from holotype.scripts.bench.faults import plain
from tests.hostile.forging import forge

_ROWS = 1200  # with fewer the approximate kinds have no codes

_ASK = """
import os, sys
from pathlib import Path
from holotype.index.collection import Collection
from holotype.index.search.search import search, stored_vector
from holotype.index.settings import settings
for folder in sys.argv[1:]:
    os.environ["HOLOTYPE_INDEX_KIND"] = Path(folder).name
    settings.cache_clear()
    with Collection.open(folder) as collection:
        vector = stored_vector(collection, collection.image("image 7"))
        hits = search(collection, vector, k=50)
        print(Path(folder).name, hits[0].image.image_id, len(hits), flush=True)
"""


@pytest.fixture
def as_somebody_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Become another user: what was written before is a stranger's."""
    monkeypatch.setenv("HOLOTYPE_CONFIG", str(tmp_path / "stranger"))
    settings.cache_clear()

    def become() -> None:
        monkeypatch.setenv("HOLOTYPE_CONFIG", str(tmp_path / "me"))
        settings.cache_clear()

    return become


def repack(folder: Path, change: Callable[[str, np.ndarray], np.ndarray]) -> None:
    """Write the index file of a collection with other arrays, every digest and signature right."""
    with Collection.open(folder) as collection:
        record = collection.database.read("SELECT file, sha256 FROM index_files")[0]
    path = folder / "index" / record["file"]
    header, arrays = open_arrays(path, record["sha256"])
    about = {name: header[name] for name in ("kind", "why", "count", "card")}
    changed = {name: change(name, np.array(array)) for name, array in arrays.items()}
    pieces, digest = pack_arrays(about, changed)
    path.write_bytes(b"".join(bytes(piece) for piece in pieces))
    forge(folder, "UPDATE index_files SET sha256 = ?", values=(digest,))


def out_of_range(name: str, array: np.ndarray) -> np.ndarray:
    """Ids far outside, wherever FAISS keeps some."""
    if name != "codes":
        return array
    index = faiss.deserialize_index(array)
    if isinstance(index, faiss.IndexIVF):
        for number in range(index.nlist):
            size = index.invlists.list_size(number)
            if size:
                faiss.rev_swig_ptr(index.invlists.get_ids(number), size)[:] += 1 << 40
    elif isinstance(index, faiss.IndexHNSW):
        faiss.copy_array_to_vector(
            np.full(index.hnsw.neighbors.size(), 1 << 30, np.int32), index.hnsw.neighbors
        )
    else:
        index.sq.trained.resize(1)
    return np.array(faiss.serialize_index(index))


def test_an_index_with_ids_out_of_range_ends_no_process(
    tmp_path: Path, as_somebody_else: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    plain.make(tmp_path / "made", _ROWS)
    folders = []
    for kind in ("ivf", "hnsw", "sq8"):
        monkeypatch.setenv("HOLOTYPE_INDEX_KIND", kind)
        settings.cache_clear()
        folder = Path(shutil.copytree(tmp_path / "made", tmp_path / kind))
        with Collection.open(folder) as collection:
            assert collection.gallery().index.kind == kind
        repack(folder, out_of_range)
        folders.append(str(folder))
    as_somebody_else()
    command = [sys.executable, "-c", _ASK, *folders]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (done.returncode, done.stdout, done.stderr)
    assert done.stdout.splitlines() == [f"{Path(folder).name} image 7 50" for folder in folders]


def test_verify_says_whose_an_index_is_and_the_next_search_makes_an_own_one(
    folder: Path, as_somebody_else: Callable[[], None]
) -> None:
    shutil.rmtree(folder / "index")
    with Collection.open(folder) as collection:
        collection.gallery()
    as_somebody_else()
    with Collection.open(folder) as collection:
        (told,) = verify(collection).warnings
        assert "was not written by you" in told
        collection.gallery()
        assert verify(collection).warnings == []


def test_who_knows_all_writers_may_open_their_index_files(
    folder: Path, as_somebody_else: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.rmtree(folder / "index")
    with Collection.open(folder) as collection:
        collection.gallery()
    as_somebody_else()
    monkeypatch.setenv("HOLOTYPE_TRUSTED_INDEXES", "true")
    settings.cache_clear()
    with Collection.open(folder) as collection:
        assert verify(collection).warnings == []


NAMES = ("../../elsewhere", "/etc/passwd", "", ".", "..", "a/b", "a\0b")


@pytest.mark.parametrize("name", NAMES)
def test_an_index_file_lies_in_its_folder(folder: Path, name: str) -> None:
    with pytest.raises(CorruptError, match="is missing or lies behind a link"):
        index_file(folder, name)
    forge(folder, "UPDATE index_files SET file = ?", values=(name,))
    with Collection.open(folder) as collection:
        assert len(collection.gallery()) == 40


@pytest.mark.parametrize("what", ["a pipe", "a link", "a folder"])
def test_an_index_file_is_a_plain_file(folder: Path, tmp_path: Path, what: str) -> None:
    (path,) = (folder / "index").iterdir()
    kept = path.rename(tmp_path / "kept")
    make = {"a pipe": lambda: os.mkfifo(path), "a link": lambda: path.symlink_to(kept)}
    make.get(what, path.mkdir)()
    with pytest.raises(CorruptError, match="no plain file"):
        read_header(path, "")


@pytest.mark.parametrize("text", [b"[" * 100_000, b"[]", b"{}", b"{", b'{"signature": 7}'])
def test_a_header_that_is_none_is_refused(tmp_path: Path, text: bytes) -> None:
    data = b"HOLOTYPE INDEX 1" + len(text).to_bytes(8, "little") + text
    (tmp_path / "i").write_bytes(data)
    with pytest.raises(CorruptError, match="was not written by you"):
        read_header(tmp_path / "i", hashlib.sha256(data).hexdigest())


def test_columns_that_somebody_else_wrote_are_not_believed(
    folder: Path, as_somebody_else: Callable[[], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_KEPT_FROM", 1)
    with Collection.open(folder) as collection:
        rows = collection.gallery().rows
        record = collection.database.read("SELECT file, sha256, count FROM column_files")[0]
    path = folder / "index" / record["file"]
    _, arrays = open_arrays(path, record["sha256"])
    changed = {name: np.array(array) + (1 << 50) for name, array in arrays.items()}
    pieces, digest = pack_arrays({"kind": "columns", "count": record["count"]}, changed)
    path.write_bytes(b"".join(bytes(piece) for piece in pieces))
    forge(folder, "UPDATE column_files SET sha256 = ?", values=(digest,))
    as_somebody_else()
    with Collection.open(folder) as collection:
        np.testing.assert_array_equal(collection.gallery().rows, rows)


def test_a_key_is_the_users_alone_and_stays(
    tmp_path: Path, as_somebody_else: Callable[[], None]
) -> None:
    theirs = signature(b"x")
    key = tmp_path / "stranger" / "signing.key"
    assert key.stat().st_mode & 0o077 == 0
    assert [path.name for path in key.parent.iterdir()] == ["signing.key"]
    as_somebody_else()
    assert signature(b"x") != theirs
    assert not is_own(b"x", theirs)
    assert is_own(b"x", signature(b"x"))
    assert not is_own(b"x", json.loads("null"))
