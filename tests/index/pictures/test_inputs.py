"""A picture may be a path, bytes, a Pillow image or an array; a string is never several."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import holotype
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import MismatchError, PictureError, UsageError
from holotype.index.identification.identify import identify_all, identify_vector
from holotype.index.pictures.inputs import as_pictures, read_input
from tests.conftest import Draw

ORIENTATION = 0x0112


@pytest.fixture
def file(tmp_path: Path, draw: Draw) -> Path:
    return draw(tmp_path / "asked.png", 771, like=2)


def forms(file: Path) -> dict[str, Any]:
    image = Image.open(file)
    pixels = np.asarray(image)
    opaque = np.full((*pixels.shape[:2], 1), 255, np.uint8)
    return {
        "str": str(file),
        "Path": file,
        "bytes": file.read_bytes(),
        "bytearray": bytearray(file.read_bytes()),
        "memoryview": memoryview(file.read_bytes()),
        "Pillow": image,
        "array": pixels,
        "array with alpha": np.concatenate([pixels, opaque], axis=2),
        "array in another order": np.asfortranarray(pixels),
    }


FORMS = (
    "str",
    "Path",
    "bytes",
    "bytearray",
    "memoryview",
    "Pillow",
    "array",
    "array with alpha",
    "array in another order",
)


@pytest.mark.parametrize("form", FORMS)
def test_every_form_alone_or_in_a_list_gives_the_same_answer(
    collection: Collection, tiny: Encoder, file: Path, form: str
) -> None:
    expected = holotype.identify(collection, tiny, [file], name="x").to_dict()
    given = forms(file)[form]
    assert holotype.identify(collection, tiny, given, name="x").to_dict() == expected
    assert holotype.identify(collection, tiny, [given], name="x").to_dict() == expected
    assert identify_all(collection, tiny, [given, [given]], names=["x", "x"])[1].to_dict() == (
        expected
    )
    vector, _ = holotype.picture_vector(collection, tiny, given)
    assert holotype.search(collection, vector, k=1)[0].score == pytest.approx(
        expected["neighbours"][0]["score"]
    )


def test_grey_arrays_and_orientation() -> None:
    grey = np.arange(12, dtype=np.uint8).reshape(3, 4)
    assert np.array_equal(np.asarray(read_input(grey)[0])[:, :, 1], grey)
    image = Image.fromarray(grey)
    image.getexif()[ORIENTATION] = 6
    buffer = io.BytesIO()
    image.save(buffer, "TIFF", exif=image.getexif())
    opened = Image.open(io.BytesIO(buffer.getvalue()))
    assert read_input(opened)[0].size == read_input(buffer.getvalue())[0].size == (3, 4)


def test_transparent_pixels_of_an_array_are_white() -> None:
    clear = np.zeros((2, 2, 4), np.uint8)
    assert np.asarray(read_input(clear)[0]).min() == 255


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (np.zeros((4, 4, 3), np.float32), "float32"),
        (np.zeros((4, 4, 3), np.uint16), "uint16"),
        (np.zeros((2, 4, 4, 3), np.uint8), "[2, 4, 4, 3]"),
        (np.zeros((4, 4, 2), np.uint8), "[4, 4, 2]"),
        (np.zeros((0, 4, 3), np.uint8), "[0, 4, 3]"),
        (np.zeros(7, np.uint8), "[7]"),
        (None, "NoneType"),
        (3, "int"),
        ([3.5], "float"),
        ([["a.png"]], "list"),
        (io.BytesIO(b"a\nb"), "BytesIO"),
        ({"a.png": 1}, "dict"),
    ],
)
def test_anything_else_is_told_in_one_sentence(
    collection: Collection, tiny: Encoder, given: Any, words: str
) -> None:
    with pytest.raises(UsageError, match="give") as caught:
        holotype.identify(collection, tiny, given)
    assert words in str(caught.value)


@pytest.mark.parametrize("given", [None, 3, io.BytesIO(b"a\nb"), {"a.png": 1}])
def test_what_holds_no_pictures_is_not_taken_for_many(
    collection: Collection, tiny: Encoder, given: Any
) -> None:
    with pytest.raises(UsageError, match="is no picture; give"):
        list(holotype.identify_each(collection, tiny, given))


@pytest.mark.parametrize("form", FORMS)
def test_a_picture_given_where_many_are_taken_is_one_specimen(
    collection: Collection, tiny: Encoder, file: Path, form: str
) -> None:
    (outcome,) = holotype.identify_each(collection, tiny, forms(file)[form])
    assert outcome.answer is not None


def test_a_string_is_a_path_and_not_counted_by_letters(
    collection: Collection, tiny: Encoder
) -> None:
    assert as_pictures("moth.jpg") == ["moth.jpg"]
    with pytest.raises(PictureError, match=r"^a/moth\.jpg does not exist"):
        holotype.identify(collection, tiny, "a/moth.jpg")
    with pytest.raises(UsageError, match="0 pictures"):
        holotype.identify(collection, tiny, [])


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.jpg", b"", "is an empty file; copy it again"),
        ("phone.heic", b"\0\0\0\x18ftypheic" + b"\0" * 40, "a HEIC picture, which is not read"),
        ("camera.nef", b"II*\0" + b"\0" * 40, "a camera raw picture, which is not read"),
        ("page.jpg", b"<html>not found</html>", "is not a JPEG, PNG, WebP or TIFF picture"),
    ],
)
def test_a_file_that_is_named_is_refused_for_its_true_reason(
    tmp_path: Path, name: str, data: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(PictureError, match=words):
        read_input(tmp_path / name)


def test_a_specimen_and_an_ingest_take_a_string_as_a_path(
    tmp_path: Path, draw: Draw, collection: Collection, tiny: Encoder
) -> None:
    assert holotype.Specimen("moth.jpg").pictures == ["moth.jpg"]
    draw(tmp_path / "more" / "Salmo salar" / "a.png", 4242)
    assert holotype.ingest(str(tmp_path / "more"), collection, tiny).embedded == 1
    file = str(tmp_path / "more" / "Salmo salar" / "a.png")
    (outcome,) = holotype.identify_each(collection, tiny, [file])
    assert outcome.answer is not None
    assert outcome.answer.image == file


def test_pixels_have_the_limits_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "100")
    for given in (np.zeros((11, 10), np.uint8), Image.new("RGB", (11, 10))):
        with pytest.raises(PictureError, match="HOLOTYPE_MAX_PIXELS"):
            read_input(given)


def test_a_row_of_a_table_of_vectors_is_a_vector(collection: Collection) -> None:
    vector = np.ones(collection.space().dim, np.float32)
    expected = [hit.to_dict() for hit in holotype.search(collection, vector)]
    given: Any
    for given in (vector[None], vector.tolist(), vector.astype(np.float64)):
        assert [hit.to_dict() for hit in holotype.search(collection, given)] == expected
    assert identify_vector(collection, vector[None], name="x").neighbours
    with pytest.raises(UsageError, match=r"shape \[2, "):
        holotype.search(collection, np.stack([vector, vector]))
    with pytest.raises(UsageError, match="picture_vector"):
        holotype.search(collection, "moth.jpg")  # type: ignore[arg-type]
    with pytest.raises(MismatchError, match="has 3 values"):
        holotype.search(collection, np.ones(3, np.float32))
