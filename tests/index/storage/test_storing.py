"""What is stored in batches is what is stored image by image, checksums included."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holotype.index.collection import Collection
from holotype.index.database.checksums import with_checksums
from holotype.index.database.connection import Database
from holotype.index.database.schema import CHECKED_COLUMNS, checksum_sql
from holotype.index.errors import MismatchError
from holotype.index.storage import images as storing
from holotype.index.storage.images import Entry
from holotype.index.storage.records import Image, Space
from holotype.index.taxonomy import parse_lineage
from holotype.index.upkeep.info import verify
from holotype.scripts.bench.faults import plain

SEED = 21

# A text of SQLite cannot hold a lone surrogate, nor compare what follows a zero byte.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def entries(rng: np.random.Generator, count: int) -> list[Entry]:
    """Images that come again, with other content, another specimen, another name or none."""
    made: list[Entry] = []
    for _ in range(count):
        image = plain.image_of(f"image {rng.integers(12)}", int(rng.integers(2)))
        species = ("Xestia baja", "Salmo trutta", "")[rng.integers(3)]
        specimen = f"specimen {rng.integers(5)}"
        lineage = parse_lineage({"species": species})[0]
        image = replace(image, specimen_id=specimen, lineage=lineage)
        vector = plain.vector_of(image.sha256) if rng.random() < 0.7 else None
        made.append((image, vector))
    return made


def tables(database: Database) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that is stored, but times and sequence numbers."""
    unimportant = {
        "added_at",
        "created_at",
        "determined_at",
        "checksum",
        "seq",
        "last_seq",
        "value",
    }
    found = {}
    for name in (*CHECKED_COLUMNS, "accepted", "space_states"):
        records = map(dict, database.read(f"SELECT * FROM {name}"))
        kept = (tuple(r[c] for c in r if c not in unimportant) for r in records)
        found[name] = sorted(kept, key=repr)
    return found


@pytest.mark.parametrize("batch", [1, 3, 4096])
@pytest.mark.parametrize("seed", range(6))
def test_a_batch_stores_what_its_images_store_one_by_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int, seed: int
) -> None:
    given = entries(np.random.default_rng(SEED + seed), 80)
    monkeypatch.setattr(storing, "_BATCH", batch)
    with Collection.create(tmp_path / "a") as one, Collection.create(tmp_path / "b") as other:
        for part in (given[:40], given[40:]):
            for entry in part:
                one.store(plain.space_of(one), [entry])
            other.store(plain.space_of(other), part)
            for collection in (one, other):
                collection.determine(given[0][0].specimen_id, given[1][0].lineage, by="A. Tester")
        assert tables(one.database) == tables(other.database), f"seed {SEED + seed}"
        assert verify(other).errors == []
        assert np.array_equal(one.gallery().index.vectors, other.gallery().index.vectors)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(texts, texts, texts), min_size=1, max_size=4))
def test_checksums_of_any_text_are_those_of_sqlite(found: list[tuple[str, str, str]]) -> None:
    database = _scratch()
    records = [(n, *parts, "2024", "x", "y", "z") for n, parts in enumerate(found)]
    columns = ", ".join(f'"{name}"' for name in CHECKED_COLUMNS["deletions"])
    asked = ", ".join(f'? AS "{name}"' for name in CHECKED_COLUMNS["deletions"])
    for record in with_checksums("deletions", records):
        query = f"SELECT {checksum_sql('deletions')} FROM (SELECT {columns} FROM (SELECT {asked}))"
        assert database.execute(query, record[:-1]).fetchone()[0] == record[-1], record


def _scratch() -> Any:
    import sqlite3

    from holotype.index.database.checksums import crc32

    connection = sqlite3.connect(":memory:")
    connection.create_function("crc32", -1, crc32, deterministic=True)
    return connection


def test_odd_texts_are_stored_whole(tmp_path: Path) -> None:
    odd = 'a "quoted"\\ \n\t\r\b\f\x01\x1f\x7f\u2028 é 🦋 ]\n['
    image: Image = replace(
        plain.image_of("x"), specimen_id=odd, path=odd, split=odd, metadata={odd: odd}
    )
    with Collection.create(tmp_path / "c") as collection:
        collection.store(plain.space_of(collection), [(image, plain.vector_of(image.sha256))])
        assert verify(collection).errors == []
        (kept,) = collection.images()
        assert replace(kept, row=0) == image


def test_nothing_of_a_batch_with_a_bad_vector_is_stored(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "c") as collection:
        space: Space = plain.space_of(collection)
        good = plain.image_of("good")
        bad = (plain.image_of("bad"), np.ones(3, np.float32))
        with pytest.raises(MismatchError, match=r"shape \(3,\) for space 'base' of 16"):
            collection.store(space, [(good, plain.vector_of(good.sha256)), bad])
        assert list(collection.images()) == []


def test_counts_are_kept_through_everything(tmp_path: Path) -> None:
    """What a space holds is counted as it is stored and deleted, in every space of an image."""
    with Collection.create(tmp_path / "c") as collection:
        base = plain.space_of(collection)
        other = collection.add_space("other", encoder="p", fingerprint="1", views=1, dim=plain.DIM)
        plain.put(collection, [(f"image {n}", 0) for n in range(6)])
        for n in range(4):
            image = plain.image_of(f"image {n}")
            collection.store(other, [(image, plain.vector_of(image.sha256))])
        plain.put(collection, [("image 0", 1)])  # its content changed: gone from `other`
        collection.delete(["image 1", "image 5"])
        moved = replace(plain.image_of("image 2"), specimen_id="moved")
        collection.store(base, [(moved, None)])
        counted = collection.database.read("SELECT space_id, count FROM space_states ORDER BY 1")
        assert [tuple(record) for record in counted] == [(base.space_id, 4), (other.space_id, 2)]
        assert verify(collection).errors == []
