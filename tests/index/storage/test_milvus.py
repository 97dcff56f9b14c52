"""A collection whose vectors lie in a Milvus: what is where, what is refused, how it moves."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.arrays import Ids
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import CorruptError, HolotypeError, StoreError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import search
from holotype.index.storage.milvus.client import TEXTS
from holotype.index.storage.milvus.store import MilvusStore
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import info, verify
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.bench.faults import plain
from tests.conftest import Ask, Cli, Shell, table_of

NOBODY = "http://127.0.0.1:9"


@pytest.fixture
def held(tmp_path: Path, milvus: str) -> Path:
    """A collection of 20 images without pictures."""
    plain.make(tmp_path / "c", 20, milvus)
    return tmp_path / "c"


def numbers(collection: Collection) -> Ids:
    found = collection.database.read("SELECT seq FROM embeddings ORDER BY seq")
    return np.array([record[0] for record in found], np.int64)


# What is where --------------------------------------------------------------------------------


def test_the_database_holds_no_vector_and_the_milvus_what_others_may_filter_on(held: Path) -> None:
    with Collection.open(held) as collection:
        sizes = collection.database.read("SELECT DISTINCT length(vector) FROM embeddings")
        assert [tuple(size) for size in sizes] == [(0,)]
        client, table = table_of(collection)
        assert client.keys(table).tolist() == numbers(collection).tolist()
        found = client.connect().query(
            table, filter="species == 'Xestia ax' and split == 'train'", output_fields=["*"]
        )
        wanted = [i for i in collection.images() if i.lineage[-1] == "Xestia ax"]
        assert {row["image_id"]: row["row"] for row in found} == {i.image_id: i.row for i in wanted}
        assert {(row["specimen_id"], row["genus"]) for row in found} == {
            (image.specimen_id, "Xestia") for image in wanted
        }


def test_what_is_replaced_stays_for_a_while_and_then_goes(
    held: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(held) as collection, Collection.open(held) as writer:
        client, table = table_of(collection)
        before = collection.gallery()
        plain.put(writer, [("image 3", 1)])
        writer.delete(["image 4"])
        assert len(client.keys(table)) == 21
        place = int(np.flatnonzero(before.rows == 4)[0])
        asked = plain.vector_of(plain.content_of("image 3", 0))[None]
        assert before.index.search(asked, 20)[1][0, 0] == place
        assert verify(collection).warnings == []
        monkeypatch.setattr("holotype.index.storage.milvus.store._GRACE", 0)
        writer.delete(["image 5"])
        assert client.keys(table).tolist() == numbers(collection).tolist()
        assert collection.database.read("SELECT * FROM leaving") == []


def test_compaction_removes_it_at_once_and_an_older_gallery_says_so(held: Path) -> None:
    with Collection.open(held) as collection:
        before = collection.gallery()
        collection.delete(["image 3"])
        compact(collection)
        assert len(table_of(collection)[0].keys(table_of(collection)[1])) == 19
        with pytest.raises(HolotypeError, match="was compacted while it was searched; repeat"):
            before.index.search(plain.vector_of("0" * 64)[None], 20)
        assert len(search(collection, plain.vector_of("0" * 64), k=20)) == 19


def test_a_new_specimen_takes_its_vector_along(held: Path) -> None:
    with Collection.open(held) as collection:
        compact(collection)  # numbers of its own, so that no earlier vector lies under the new
        image = replace(collection.image("image 3"), specimen_id="another")
        for specimen_id in ("another", "a third"):
            again = replace(image, specimen_id=specimen_id)
            collection.store(collection.space(), [(again, None), (again, None)])
        assert plain.stored(collection)["image 3"] == 0
        assert verify(collection).errors == []


def test_a_graph_gives_as_many_hits_as_are_allowed_with_exact_scores(
    tmp_path: Path, milvus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Filtered, a graph may lose hits, and in Milvus Lite does: it is asked otherwise then."""
    monkeypatch.setenv("HOLOTYPE_MILVUS_INDEX", "HNSW")
    plain.make(tmp_path / "c", 1500, milvus)
    monkeypatch.delenv("HOLOTYPE_MILVUS_INDEX")  # the collection remembers
    with Collection.open(tmp_path / "c") as collection:
        client, table = table_of(collection)
        assert client.connect().describe_index(table, "vector")["index_type"] == "HNSW"
        client.connect().flush(table)  # from here on a graph answers
        index = collection.gallery().index
        assert info(collection)["spaces"][0]["index_recall"] is None
        queries = np.stack([plain.vector_of(f"{seed:064}") for seed in range(5)])
        for share in (1, 2, 10, 100):
            allowed = np.arange(1500) % share == 0
            for k in (1, 10, 1000):
                scores, ids = index.search(queries, k, allowed)
                assert ids.shape == (5, min(k, allowed.sum()))
                assert allowed[ids].all()
                cosines = np.take_along_axis(queries @ index.vectors.T, ids, 1)
                np.testing.assert_allclose(scores, cosines, atol=1e-6)


# What is refused ------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["changed", "missing"])
def test_a_vector_that_is_not_what_was_stored_is_refused_by_name(held: Path, fault: str) -> None:
    with Collection.open(held) as collection:
        client, table = table_of(collection)
        found = collection.database.read("SELECT seq FROM embeddings WHERE row = 8")
        seq = np.array([found[0][0]], np.int64)
        vector = client.read(table, seq)[int(seq[0])]
        if fault == "missing":
            client.delete(table, seq)
        else:
            rows = [{"row": 8} | dict.fromkeys(TEXTS, "")]
            client.put(table, seq.tolist(), np.nextafter(vector, 1)[None], rows)
        said = f"{client.address} holds a damaged vector in space 'base': that of image 'image 7'"
        assert verify(collection).errors[0].startswith(said)
        with pytest.raises(CorruptError, match="'image 7'"):
            search(collection, vector, k=20)
        with pytest.raises(CorruptError, match="'image 7'"):
            collection.vectors(collection.space())


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("somewhere", r"give a server's address.* or a path that ends in \.db"),
        ("ftp://host/x.db", "not understood"),
        ("http://me:secret@host:19530", "HOLOTYPE_MILVUS_TOKEN"),
    ],
)
def test_an_address_that_cannot_be_is_refused(tmp_path: Path, address: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Collection.create(tmp_path / "c", store=address)


def test_a_collection_stays_where_it_is(held: Path, milvus: str, tmp_path: Path) -> None:
    Collection.create(held).close()
    Collection.create(held, store=milvus).close()
    with pytest.raises(UsageError, match=r"keeps its vectors in http.*restore it with --store"):
        Collection.create(held, store=NOBODY)
    plain.make(tmp_path / "local", 1)
    with pytest.raises(UsageError, match="keeps its vectors in its own database"):
        Collection.create(tmp_path / "local", store=milvus)


def test_where_nothing_answers_nothing_is_lost_and_one_sentence_says_so(
    held: Path, tmp_path: Path, source: Path, tiny: Encoder, cli: Cli
) -> None:
    ingested = ("ingest", source, "--to", tmp_path / "new", "--encoder", tiny.name)
    code, out, err = cli(*ingested, "--store", NOBODY)
    assert (code, out) == (1, "")
    assert f"The vector store at {NOBODY} does not answer as it should" in err
    assert cli(*ingested)[0] == 0  # nothing was remembered
    with Collection.open(held) as collection:
        kept = collection.database.store
        collection.database.store = lost = MilvusStore(collection.database, NOBODY, "0", "FLAT")
        for work in (
            lambda: plain.put(collection, [("image 3", 1), ("new", 0)]),
            lambda: search(collection, plain.vector_of("0" * 64)),
        ):
            with pytest.raises(StoreError, match="see that it runs"):
                work()
        lost.close()
        collection.database.store = kept
        assert plain.stored(collection) == {f"image {n}": 0 for n in range(20)}


def test_without_pymilvus_it_says_what_to_install(
    held: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    with (
        Collection.open(held) as collection,
        pytest.raises(StoreError, match=r"pip install 'holotype\[milvus\]'"),
    ):
        collection.gallery().index.search(plain.vector_of("0" * 64)[None], 3)


def test_only_who_has_vectors_in_a_milvus_imports_its_client() -> None:
    script = (
        "import sys, holotype.index.collection, holotype.scripts.main\n"
        "assert not {'pymilvus', 'grpc', 'milvus_lite'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


# Moving ---------------------------------------------------------------------------------------


def test_a_snapshot_needs_no_milvus_and_can_go_back_into_one(
    held: Path, tmp_path: Path, milvus: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(held) as collection:
        vectors = collection.vectors(collection.space())
        snapshot(collection, tmp_path / "snap")
    restore(tmp_path / "snap", tmp_path / "again", store=milvus)
    with Collection.open(tmp_path / "again") as again, Collection.open(held) as collection:
        assert table_of(again)[1] != table_of(collection)[1]
        plain.put(again, [("image 3", 5)])
        assert plain.stored(collection)["image 3"] == 0
        assert plain.stored(again)["image 3"] == 5
    monkeypatch.setitem(sys.modules, "pymilvus", None)
    restore(tmp_path / "snap", tmp_path / "local")
    with Collection.open(tmp_path / "local") as local:
        np.testing.assert_array_equal(local.vectors(local.space()), vectors)
        assert local.database.store.address == ""


@pytest.mark.slow
def test_a_file_inside_the_collection_moves_with_it(
    tmp_path: Path, source: Path, tiny: Encoder, ask: Ask, shell: Shell
) -> None:
    """Milvus Lite in a process of its own, then in another, from another place."""
    pytest.importorskip("milvus_lite")
    folder, options = tmp_path / "c", ("--encoder", tiny.name, "--json")
    made = shell("ingest", source, "--to", folder, "--store", folder / "vectors.db", *options)
    assert made.returncode == 0, made.stderr
    folder = folder.rename(tmp_path / "moved")
    assert ask("collection", "info", folder)["store"] == str(folder.resolve() / "vectors.db")
    told = ask("search", "--id", "0-0.png", "--in", folder, "--k", 3)
    with Collection.open(folder) as collection:
        assert ingest(Manifest.read(source), collection, tiny).unchanged == 40
        assert len(collection.vectors(collection.space())) == 40
        other = shell("search", "--id", "0-0.png", "--in", folder, "--json")
        assert other.returncode == 3
        assert "Milvus Lite serves one process at a time" in other.stderr
        assert "Traceback" not in other.stderr
    snap, back = tmp_path / "snap", tmp_path / "back"
    ask("collection", "snapshot", folder, snap)
    assert not (snap / "vectors.db").exists()
    ask("collection", "restore", snap, back, "--store", back / "v.db")
    assert ask("collection", "verify", back)["ok"]
    assert ask("search", "--id", "0-0.png", "--in", back, "--k", 3) == told
