"""Collections that earlier versions wrote are brought up to date when they are opened."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.database.schema import MIGRATIONS
from holotype.index.errors import LockedError
from holotype.index.upkeep.info import info, verify

FIXTURES = Path(__file__).parents[2] / "fixtures"
SCRIPTS = sorted(FIXTURES.glob("format_*.sql"))


def build(script: Path, folder: Path) -> Path:
    """Make a collection's folder by the statements that its version ran."""
    folder.mkdir()
    with closing(sqlite3.connect(folder / "collection.sqlite")) as connection:
        connection.executescript(script.read_text())
    return folder


@pytest.fixture(params=SCRIPTS, ids=lambda script: script.stem)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return build(request.param, tmp_path / "old")


def test_there_is_a_fixture_of_every_earlier_format() -> None:
    assert [path.stem for path in SCRIPTS] == [f"format_{n}" for n in range(1, len(MIGRATIONS))]


def test_an_old_collection_answers_as_it_did(old: Path) -> None:
    with Collection.open(old) as collection:
        assert verify(collection).errors == []
        names = {image.image_id: image.lineage[-1] for image in collection.images()}
        assert names == {
            **dict.fromkeys(("a1", "a2"), "Xestia baja"),
            **dict.fromkeys(("b1", "b2"), "Xestia baja"),
            "c1": "Salmo trutta",
            "d1": "",
        }
        gallery = collection.gallery()
        assert (gallery.state.last_seq, gallery.state.count) == (6, 6)
        first = [-0.493978, -0.815786, -0.152987, 0.258988]
        np.testing.assert_allclose(gallery.index.vectors[0], first, atol=1e-6)
        assert info(collection)["images"] == 6
        assert collection.database.read("PRAGMA user_version")[0][0] == len(MIGRATIONS)


def test_the_history_of_an_old_collection_goes_on(old: Path) -> None:
    with Collection.open(old) as collection:
        changes = [event for event in collection.history("A") if event.origin != "import"]
        assert [(event.undoes, event.stands, event.after) for event in changes] == [
            (None, False, "Xestia c-nigrum"),
            (5, True, "Xestia baja"),
        ]
        collection.undo(6, by="A. Tester")
        assert collection.image("a1").lineage[-1] == "Xestia c-nigrum"


def test_an_old_vector_is_sealed(old: Path) -> None:
    with Collection.open(old) as collection:
        collection.database.read("UPDATE embeddings SET vector = zeroblob(16) WHERE row = 3")
        assert "that of image 'b1'" in verify(collection).errors[0]


def test_damage_is_not_sealed_by_bringing_a_collection_up_to_date(tmp_path: Path) -> None:
    old = build(FIXTURES / "format_2.sql", tmp_path / "old")
    with closing(sqlite3.connect(old / "collection.sqlite")) as raw, raw:
        raw.execute("UPDATE embeddings SET vector = zeroblob(16) WHERE row = 3")
        raw.execute("UPDATE images SET locality = 'elsewhere' WHERE row = 2")
    with Collection.open(old) as collection:
        records, vectors = verify(collection).errors
        assert "(row 2) in its table 'images'" in records
        assert "that of image 'b1'" in vectors


def test_processes_that_open_an_old_collection_at_once_migrate_it_once(old: Path) -> None:
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from holotype.index.database.connection import Database\n"
        "from holotype.index.errors import LockedError\n"
        "for attempt in range(200):\n"
        "    try:\n"
        "        print(Database(Path(sys.argv[1])).read('SELECT count(*) FROM accepted')[0][0])\n"
        "        break\n"
        "    except LockedError:\n"
        "        time.sleep(0.01)\n"
    )
    command = [sys.executable, "-c", script, str(old)]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    assert [process.communicate()[0] for process in started] == ["4\n"] * 3


def test_an_old_collection_that_another_process_writes_to_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = build(FIXTURES / "format_1.sql", tmp_path / "old")
    with monkeypatch.context() as patched:
        for module in ("connection", "migrations"):
            patched.setattr(f"holotype.index.database.{module}.MIGRATIONS", MIGRATIONS[:-1])
        writer = Database(old)
    with writer.writing(), pytest.raises(LockedError):
        Collection.open(old)
    writer.close()
    Collection.open(old).close()
