"""Images are deleted and replaced by id, in every space, and every reader sees one state."""

from __future__ import annotations

import io
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.errors import MismatchError, NotFoundError
from holotype.index.gallery.index_files import State, state_of
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import search, stored_vector
from holotype.index.upkeep.info import info, verify
from holotype.scripts.bench.faults import plain
from holotype.training.spaces import calibrate_space, tune_space
from tests.conftest import Ask, Cli, Draw

SEED = 5
pytestmark = pytest.mark.both_stores


@pytest.fixture
def simple(tmp_path: Path, store: str) -> Path:
    """A collection of 20 images without pictures."""
    plain.make(tmp_path / "plain", 20, store)
    return tmp_path / "plain"


# Deleting -------------------------------------------------------------------------------------


def test_a_deleted_image_is_gone_from_every_space_and_stays_on_record(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    ingest(Manifest.read(source), collection, load_encoder(tiny.name, views=3), space="three")
    before = collection.gallery("three")
    told = len(collection.history())
    gone = ["0-0.png", "3-9.png", "0-0.png"]
    assert collection.delete(gone, by="A. Tester", remarks="twins") == 2
    with pytest.raises(NotFoundError, match="no image '0-0"):
        collection.image("0-0.png")
    for space in ("base", "three"):
        gallery = collection.gallery(space)
        assert len(gallery) == len(gallery.index) == 38
        near = search(collection, before.index.vectors[0], k=40, space=space)
        assert not {"0-0.png", "3-9.png"} & {hit.image.image_id for hit in near}
    assert len(before) == len(before.index) == 40
    recorded = collection.database.read("SELECT * FROM deletions ORDER BY image_id")
    assert [row["image_id"] for row in recorded] == ["0-0.png", "3-9.png"]
    assert {(row["deleted_by"], row["remarks"]) for row in recorded} == {("A. Tester", "twins")}
    assert len(collection.history()) == told
    assert verify(collection).errors == []


def test_deleting_is_all_or_nothing(collection: Collection) -> None:
    with pytest.raises(NotFoundError, match="no image 'nothing'; nothing was deleted"):
        collection.delete(["0-0.png", "nothing"])
    assert len(collection.gallery()) == 40
    assert collection.database.read("SELECT * FROM deletions") == []


def test_the_record_of_deletions_cannot_be_deleted(collection: Collection) -> None:
    collection.delete(["0-0.png"])
    with (
        pytest.raises(sqlite3.IntegrityError, match="never deleted"),
        collection.database.transaction() as connection,
    ):
        connection.execute("DELETE FROM deletions")


def test_everything_can_be_deleted_and_stored_again(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    vectors = collection.gallery().index.vectors.copy()
    collection.delete([image.image_id for image in collection.images()])
    with pytest.raises(NotFoundError, match="is empty"):
        collection.gallery()
    assert info(collection)["taxa"] == {}
    assert ingest(Manifest.read(source), collection, tiny).embedded == 40
    np.testing.assert_allclose(collection.gallery().index.vectors, vectors, atol=1e-6)


def test_from_the_command_line(
    folder: Path, ask: Ask, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = ask("collection", "delete", folder, "--id", "0-0.png", "--id", "0-1.png")
    assert done == {"deleted": 2, "image_ids": ["0-0.png", "0-1.png"]}
    fish = ("collection", "delete", folder, "--where", "category=Fish")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    code, out, err = cli(*fish)
    assert (code, out.strip()) == (1, "")
    assert "Delete 10 images" in err
    done = ask(*fish, "--yes", "--why", "moved")
    assert done["deleted"] == 10
    assert ask("collection", "info", folder)["images"] == 28
    assert cli("collection", "delete", folder)[0] == 2
    assert cli("collection", "delete", folder, "--id", "x")[0] == 2
    with Collection.open(folder) as collection:
        why = collection.database.read("SELECT DISTINCT remarks FROM deletions ORDER BY 1")
    assert [row[0] for row in why] == ["", "moved"]


# Replacing ------------------------------------------------------------------------------------


def test_other_content_under_an_id_replaces_its_embedding(
    tmp_path: Path, draw: Draw, tiny: Encoder, store: str
) -> None:
    path = draw(tmp_path / "s" / "Xestia baja" / "1.png", 1)
    draw(tmp_path / "s" / "Xestia baja" / "2.png", 2)
    made = Collection.create(tmp_path / "c", store=store)
    with made as collection, Collection.open(tmp_path / "c") as reader:
        ingest(Manifest.read(tmp_path / "s"), collection, tiny)
        old = reader.gallery()
        draw(path, 3)
        report = ingest(Manifest.read(tmp_path / "s"), collection, tiny)
        assert (report.embedded, report.unchanged) == (1, 1)
        new = reader.gallery()
        place = new.places([reader.image("Xestia baja/1.png").row])[0]
        assert not np.allclose(old.index.vectors[place], new.index.vectors[place])
        stored = stored_vector(reader, reader.image("Xestia baja/1.png"))
        np.testing.assert_array_equal(new.index.vectors[place], stored)


def test_a_change_of_specimen_reaches_an_open_gallery(simple: Path) -> None:
    with Collection.open(simple) as collection, Collection.open(simple) as writer:
        before = collection.gallery()
        image = writer.image("image 3")
        writer.store(writer.space(), [(replace(image, specimen_id="specimen image 4"), None)])
        after = collection.gallery()
        assert len(set(before.specimens)) == 20
        assert len(set(after.specimens)) == 19
        np.testing.assert_array_equal(before.index.vectors, after.index.vectors)


@pytest.mark.parametrize("fault", ["nan", "long", "zero"])
def test_what_is_no_unit_vector_is_not_stored(simple: Path, fault: str) -> None:
    vector = plain.vector_of("0" * 64) * {"nan": np.nan, "long": 2, "zero": 0}[fault]
    with Collection.open(simple) as collection:
        with pytest.raises(MismatchError, match="every row must be a finite vector of length 1"):
            collection.store(collection.space(), [(plain.image_of("new"), vector)])
        assert len(plain.stored(collection)) == 20


# One state ------------------------------------------------------------------------------------


def test_no_two_states_of_a_space_are_equal(tmp_path: Path, store: str) -> None:
    """Puts, replacements and deletions at random: one stamp never means two contents."""
    rng = np.random.default_rng(SEED)
    seen: dict[State, dict[str, int]] = {}
    held: dict[str, int] = {}
    with Collection.create(tmp_path / "c", store=store) as collection:
        space = plain.space_of(collection)
        for step in range(300):
            name = f"image {rng.integers(4)}"
            if name in held and rng.random() < 0.5:
                collection.delete([name])
                del held[name]
            else:
                plain.put(collection, [(name, step)])
                held[name] = step
            stamp = state_of(collection.database, space)
            assert seen.setdefault(stamp, dict(held)) == held, f"seed {SEED}, step {step}"


def test_a_delete_and_an_insert_between_two_looks_are_noticed(simple: Path) -> None:
    with Collection.open(simple) as reader, Collection.open(simple) as writer:
        before = reader.gallery()
        writer.delete(["image 19"])  # the last one, so that its number would be free again
        plain.put(writer, [("other", 0)])
        after = reader.gallery()
        assert after.state != before.state
        assert len(after) == len(before)
        assert plain.stored(reader).keys() == {f"image {n}" for n in range(19)} | {"other"}


def test_another_process_sees_what_was_deleted(simple: Path) -> None:
    script = (
        "import sys\n"
        "from holotype.index.collection import Collection\n"
        "with Collection.open(sys.argv[1]) as collection:\n"
        "    for _ in sys.stdin:\n"
        "        print(len(collection.gallery()), flush=True)\n"
    )
    pipe = subprocess.PIPE
    command = [sys.executable, "-c", script, str(simple)]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, bufsize=1) as other:
        assert other.stdin is not None
        assert other.stdout is not None
        with Collection.open(simple) as collection:
            for gone in range(3):
                other.stdin.write("look\n")
                assert int(other.stdout.readline()) == 20 - gone
                collection.delete([f"image {gone}"])
        other.stdin.close()


def test_readers_in_threads_see_whole_transactions(simple: Path) -> None:
    """A writer replaces all images at once, again and again; a gallery is of one version."""
    faults: list[str] = []
    done = threading.Event()

    def read(collection: Collection) -> None:
        versions = {plain.vector_of(plain.content_of("image 0", n)).tobytes(): n for n in range(40)}
        while not done.is_set():
            gallery = collection.gallery()
            version = versions[gallery.index.vectors[0].tobytes()]
            wanted = [plain.vector_of(plain.content_of(f"image {n}", version)) for n in range(20)]
            if not np.array_equal(gallery.index.vectors, wanted):
                faults.append(f"version {version} is mixed")

    with Collection.open(simple) as shared, Collection.open(simple) as own:
        threads = [threading.Thread(target=read, args=(c,)) for c in (shared, shared, own)]
        for thread in threads:
            thread.start()
        with Collection.open(simple) as writer:
            for version in range(1, 40):
                plain.put(writer, [(f"image {n}", version) for n in range(20)])
        done.set()
        for thread in threads:
            thread.join()
    assert faults == []


def test_threads_that_share_one_database_all_get_to_write(simple: Path) -> None:
    with Collection.open(simple) as collection:

        def work(number: int) -> None:
            for step in range(5):
                plain.put(collection, [(f"{number}-{step}", step)])

        threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(plain.stored(collection)) == 40
        with Database(simple).writing():  # and nobody kept the lock
            pass


def test_a_calibration_is_stale_after_a_deletion_and_a_tuned_space_goes_on(
    tmp_path: Path, store: str
) -> None:
    plain.make(tmp_path / "c", 80, store)
    with Collection.open(tmp_path / "c") as collection:
        calibrate_space(collection)
        tune_space(collection)
        kept = kept_calibration(collection, collection.gallery())
        assert kept is not None
        assert not kept.stale
        collection.delete(["image 7"])
        plain.put(collection, [("image 7", 1)])
        kept = kept_calibration(collection, collection.gallery())
        assert kept is not None
        assert kept.stale
        assert len(collection.gallery("tuned")) == 80
        assert verify(collection).errors == []
