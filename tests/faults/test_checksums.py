"""A value that changed on the disk by itself is refused, whichever it is; nothing is answered."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from holotype.index.clusters.kept_recipe import keep_recipe
from holotype.index.clusters.recipe import Recipe
from holotype.index.collection import Collection
from holotype.index.database.schema import CHECKED_COLUMNS
from holotype.index.encoders import Encoder
from holotype.index.errors import CorruptError
from holotype.index.search.search import stored_vector
from holotype.index.storage.canaries import keep_canaries
from holotype.index.storage.clusters.append import add_clustering
from holotype.index.storage.sources import add_sources
from holotype.index.upkeep.info import verify
from holotype.scripts.bench.faults import plain
from holotype.scripts.bench.faults.corruptions import WRONG, corrupt
from holotype.scripts.bench.faults.indexes import corrupt_indexes
from holotype.training.spaces import calibrate_space, tune_space

SEED = 8


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory, tiny: Encoder) -> bytes:
    """A database with at least one row in every table with checksums."""
    folder = tmp_path_factory.mktemp("full") / "c"
    plain.make(folder, 60)
    with Collection.open(folder) as collection:
        tune_space(collection)
        calibrate_space(collection)
        keep_canaries(collection.database, collection.space(), tiny)
        collection.delete(["image 59"])
        collection.add_space("gone", encoder="external:a", fingerprint="a", views=1, dim=4)
        collection.remove_space("gone")
        add_sources(collection.database, [folder])
        keep_recipe(collection, collection.gallery(), Recipe())
        add_clustering(
            collection.database,
            lambda: [({"name": "Xestia sp. 1"}, ["image 7"])],
            space="base",
            source="a test",
            parameters={},
            by="A",
        )
    return (folder / "collection.sqlite").read_bytes()


@pytest.fixture
def folder(full: bytes, tmp_path: Path) -> Path:
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "collection.sqlite").write_bytes(full)
    return tmp_path / "c"


def test_every_single_bit_of_a_vector_counts(folder: Path) -> None:
    with Collection.open(folder) as collection:
        image = collection.image("image 7")
        whole = stored_vector(collection, image).tobytes()
        for bit in range(8 * len(whole)):
            data = bytearray(whole)
            data[bit // 8] ^= 1 << bit % 8
            change = "UPDATE embeddings SET vector = ? WHERE row = ?"
            collection.database.read(change, (bytes(data), image.row))
            with pytest.raises(CorruptError, match="that of image 'image 7'"):
                stored_vector(collection, image)
        assert verify(collection).errors == [
            f"{folder} holds a damaged vector in space 'base': that of image 'image 7' "
            "(its checksum differs); restore a snapshot"
        ]
        with pytest.raises(CorruptError, match="that of image 'image 7'"):
            collection.gallery()


@pytest.mark.parametrize("table", CHECKED_COLUMNS)
def test_every_column_of_every_table_counts(folder: Path, table: str) -> None:
    with closing(sqlite3.connect(folder / "collection.sqlite")) as raw:
        for name in ("determinations", "decisions", "memberships"):
            raw.execute(f"DROP TRIGGER {name}_unchanged")
        for column in CHECKED_COLUMNS[table][1:]:
            found = raw.execute(
                f'SELECT rowid, "{CHECKED_COLUMNS[table][0]}", "{column}" FROM {table} LIMIT 1'
            ).fetchone()
            assert found is not None, f"{table} is empty"
            row, name, value = found
            other = {int: 0, str: "float16", bytes: b"x", type(None): 1}[type(value)]
            if other == value:
                other = 1
            query = f'UPDATE {table} SET "{column}" = ? WHERE rowid = ?'
            raw.execute("PRAGMA ignore_check_constraints=ON")
            raw.execute(query, (other, row))
            raw.commit()
            with Collection.open(folder) as collection:
                errors = verify(collection).errors
            key = CHECKED_COLUMNS[table][0]
            told = "damaged vector" if table == "embeddings" else f"({key} {name})"
            if table in ("canaries", "embeddings"):
                told = "damaged"
            assert any(told in error for error in errors), f"{table}.{column}: {errors}"
            raw.execute(query, (value, row))
            raw.commit()


@pytest.mark.parametrize(
    "change",
    [
        "DROP TRIGGER determinations_append_only",
        "DELETE FROM accepted WHERE specimen_id = 'specimen image 3'",
        "UPDATE accepted SET taxon_id = 1",
        "UPDATE sqlite_sequence SET seq = 3 WHERE name = 'embeddings'",
        "DELETE FROM meta",
        "DELETE FROM images WHERE row = 5",
    ],
)
def test_what_no_checksum_covers_is_held_against_the_rest(folder: Path, change: str) -> None:
    with closing(sqlite3.connect(folder / "collection.sqlite")) as raw, raw:
        raw.execute(change)
    with Collection.open(folder) as collection:
        assert verify(collection).errors
        with pytest.raises(CorruptError):
            collection.gallery()
        with pytest.raises(CorruptError):
            list(collection.images())


def test_a_database_that_is_too_large_is_left_to_verify(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_CHECKED_BYTES", "1000")
    with closing(sqlite3.connect(folder / "collection.sqlite")) as raw, raw:
        raw.execute("UPDATE images SET locality = 'elsewhere' WHERE row = 3")
    with Collection.open(folder) as collection:
        assert len(collection.gallery()) == 59
        assert "(row 3) in its table 'images'" in verify(collection).errors[0]


def test_random_damage_gives_no_wrong_answer(tmp_path: Path) -> None:
    """More of the same: python -m holotype.scripts.bench.faults."""
    outcomes = corrupt(tmp_path, 60, seed=SEED)
    assert sum(sum(counts.values()) for counts in outcomes.values()) == 60
    wrong = [case for case, counts in outcomes.items() if counts[WRONG]]
    assert wrong == [], f"seed {SEED}"


@pytest.mark.slow
def test_random_damage_to_an_index_of_any_kind_gives_no_wrong_answer(tmp_path: Path) -> None:
    outcomes = corrupt_indexes(tmp_path, 25, seed=SEED)
    assert sum(sum(counts.values()) for counts in outcomes.values()) == 25
    wrong = [case for case, counts in outcomes.items() if counts[WRONG]]
    assert wrong == [], f"seed {SEED}"


def test_a_projection_and_a_calibration_that_changed_are_not_used(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_CHECKED_BYTES", "0")
    from holotype.index.identification.kept_calibration import kept_calibration

    with Collection.open(folder) as collection:
        gallery = collection.gallery()
        for table, read in (
            ("projections", lambda: collection.gallery("tuned")),
            ("calibrations", lambda: kept_calibration(collection, gallery)),
        ):
            data = bytearray(collection.database.read(f"SELECT content FROM {table}")[0][0])
            data[int(np.random.default_rng(SEED).integers(len(data)))] ^= 4
            collection.database.read(f"UPDATE {table} SET content = ?", (bytes(data),))
            with pytest.raises(CorruptError, match=f"damaged {table[:-1]}"):
                read()
