"""A collection keeps what it was given, space by space, and knows which name counts."""

from __future__ import annotations

import shutil
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.errors import MismatchError, NotFoundError, PictureError, UsageError
from holotype.index.gallery import loading
from holotype.index.gallery.index_files import load_index
from holotype.index.identification.identify import identify
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import picture_vector, search, stored_vector
from holotype.index.taxonomy import name_at
from holotype.index.upkeep.info import info, verify
from tests.conftest import Draw

pytestmark = pytest.mark.both_stores


@pytest.fixture
def three_views(tiny: Encoder) -> Encoder:
    return load_encoder(tiny.name, views=3)


# Spaces ---------------------------------------------------------------------------------------


def test_two_spaces_hold_two_encoders_and_each_answers_for_itself(
    collection: Collection, source: Path, tiny: Encoder, three_views: Encoder
) -> None:
    ingest(Manifest.read(source), collection, three_views, space="three")
    assert [space.name for space in collection.spaces()] == ["base", "three"]
    assert collection.space().name == "base"
    one, three = collection.gallery("base"), collection.gallery("three")
    assert len(one) == len(three) == 40
    assert not np.allclose(one.index.vectors, three.index.vectors)
    np.testing.assert_array_equal(one.rows, three.rows)
    np.testing.assert_array_equal(one.taxon, three.taxon)
    shown = info(collection)["spaces"]
    assert [(space["name"], space["views"], space["embeddings"]) for space in shown] == [
        ("base", 1, 40),
        ("three", 3, 40),
    ]


def test_another_encoder_is_refused_by_ingest_identify_and_search(
    collection: Collection, source: Path, three_views: Encoder
) -> None:
    picture = source.parent / "0-0.png"
    with pytest.raises(MismatchError, match=r"use that encoder, or another space"):
        ingest(Manifest.read(source), collection, three_views)
    with pytest.raises(MismatchError):
        identify(collection, three_views, [picture])
    with pytest.raises(MismatchError):
        picture_vector(collection, three_views, [picture])
    assert len(collection.gallery()) == 40


def test_a_vector_of_another_length_is_refused(collection: Collection) -> None:
    with pytest.raises(MismatchError, match="The vector has 3 values"):
        search(collection, np.ones(3, np.float32))


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_a_vector_that_has_no_direction_is_refused(collection: Collection, value: float) -> None:
    vector = np.full(collection.space().dim, value, np.float32)
    with pytest.raises(UsageError, match="zero or holds NaN or infinity"):
        search(collection, vector)


def test_a_space_that_is_not_there_is_named_with_those_that_are(collection: Collection) -> None:
    with pytest.raises(NotFoundError, match="no space 'tuned'; it has base"):
        collection.gallery("tuned")


@pytest.mark.parametrize("name", ["", "a/b", "../x", "a b", "x" * 65, ".hidden"])
def test_a_space_cannot_have_a_name_that_is_no_file_name(
    collection: Collection, source: Path, tiny: Encoder, name: str
) -> None:
    with pytest.raises(UsageError, match="Space name"):
        ingest(Manifest.read(source), collection, tiny, space=name)


# What was given -------------------------------------------------------------------------------


def test_every_column_of_the_manifest_is_kept(collection: Collection) -> None:
    image = collection.image("0-0.png")
    assert image.specimen_id == "Xestia_baja_0"
    assert image.split == "test"
    assert image.metadata == {"sex": "f"}
    assert (image.width, image.height) == (48, 36)
    assert name_at(image.lineage, "family") == "Noctuidae"
    assert name_at(image.lineage, "species") == "Xestia baja"
    assert Path(image.path).is_file()


def test_what_is_stored_is_what_the_encoder_gives(
    collection: Collection, source: Path, tiny: Encoder
) -> None:
    for image_id in ("0-0.png", "3-9.png"):
        vector, specimens = picture_vector(collection, tiny, [source.parent / image_id])
        stored = stored_vector(collection, collection.image(image_id))
        np.testing.assert_allclose(stored, vector, atol=1e-6)
        assert specimens == {collection.image(image_id).specimen_id}


def test_a_collection_answers_the_same_when_it_was_closed_copied_and_opened(
    folder: Path, tmp_path: Path
) -> None:
    with Collection.open(folder) as collection:
        vector = stored_vector(collection, collection.image("1-1.png"))
        before = [hit.to_dict() for hit in search(collection, vector, k=40)]
    copy = shutil.copytree(folder, tmp_path / "elsewhere")
    with Collection.open(copy) as collection:
        assert [hit.to_dict() for hit in search(collection, vector, k=40)] == before


def test_info_counts_images_specimens_taxa_and_splits(collection: Collection, store: str) -> None:
    found = info(collection)
    assert (found["images"], found["specimens"]) == (40, 20)
    assert found["taxa"] == {"category": 2, "family": 3, "genus": 3, "species": 4}
    assert found["splits"] == {"test": 8, "train": 32}
    assert (found["store"], found["spaces"][0]["index"]) == (store, "milvus" if store else "flat")


def test_a_new_collection_is_whole_and_empty(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "new") as collection:
        assert info(collection)["images"] == 0
        assert verify(collection).errors == []
        with pytest.raises(NotFoundError, match="holds no embeddings yet"):
            collection.gallery()


def test_an_image_that_is_not_there_is_named(collection: Collection) -> None:
    with pytest.raises(NotFoundError, match="no image 'nothing'"):
        collection.image("nothing")


def test_a_thumbnail_is_made_once_and_survives_its_original(
    collection: Collection, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    path = draw(tmp_path / "s" / "Xestia baja" / "big.png", 1, size=(900, 600))
    ingest(Manifest.read(tmp_path / "s"), collection, tiny)
    image = collection.image("Xestia baja/big.png")
    first = collection.thumbnail(image)
    path.unlink()
    assert collection.thumbnail(image) == first
    shutil.rmtree(collection.folder / "thumbnails")
    with pytest.raises(PictureError, match="does not exist"):
        collection.thumbnail(image)


# One committed state --------------------------------------------------------------------------


def test_a_gallery_read_while_somebody_writes_is_of_one_state(
    collection: Collection,
    tmp_path: Path,
    draw: Draw,
    tiny: Encoder,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The writer commits between the reading of the records and that of the vectors."""
    draw(tmp_path / "s" / "Xestia baja" / "late.png", 999)
    first = draw(tmp_path / "t" / "Xestia baja" / "replaced.png", 998)
    ingest(Manifest.read(tmp_path / "t"), collection, tiny)
    shutil.rmtree(collection.folder / "index", ignore_errors=True)  # a Milvus has its own

    def write_between(*arguments: object) -> object:
        draw(first, 997)
        with Collection.open(collection.folder) as writer:
            ingest(Manifest.read(tmp_path / "t"), writer, tiny)
            ingest(Manifest.read(tmp_path / "s"), writer, tiny)
        return load_index(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(loading, "load_index", write_between)
        gallery = collection.gallery()
    assert len(gallery) == len(gallery.index) == 41
    assert len(collection.gallery()) == len(collection.gallery().index) == 42
    stored = stored_vector(collection, collection.image("Xestia baja/replaced.png"))
    place = collection.gallery().places([collection.image("Xestia baja/replaced.png").row])
    np.testing.assert_array_equal(collection.gallery().index.vectors[place[0]], stored)


def test_damage_is_looked_for_once_however_many_ask_at_once(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    checks: list[Database] = []

    def check(database: Database) -> None:
        checks.append(database)
        time.sleep(0.1)

    monkeypatch.setattr("holotype.index.collection.require_intact", check)
    with ThreadPoolExecutor(3) as pool:
        for asked in [pool.submit(collection.require_intact) for _ in range(3)]:
            asked.result()
    assert len(checks) == 1


def test_a_failed_transaction_leaves_nothing_behind(collection: Collection) -> None:
    def half() -> None:
        with collection.database.transaction() as connection:
            connection.execute("DELETE FROM embeddings")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        half()
    assert len(collection.gallery()) == 40
    with collection.database.transaction() as connection:
        connection.execute("UPDATE images SET locality = 'here'")
    assert {image.details["locality"] for image in collection.images()} == {"here"}


def test_foreign_keys_hold(collection: Collection) -> None:
    with (
        pytest.raises(sqlite3.IntegrityError),
        collection.database.transaction() as connection,
    ):
        connection.execute(
            "INSERT INTO embeddings (space_id, row, sha256, vector) VALUES (99, 1, '', x'00')"
        )


def test_a_vector_of_a_wrong_length_is_not_stored(collection: Collection) -> None:
    image = collection.image("0-0.png")
    wrong: NDArray[np.float32] = np.ones(3, np.float32)
    with pytest.raises(MismatchError, match="use the space's own encoder"):
        collection.store(collection.space(), [(image, wrong)])
    assert verify(collection).errors == []
