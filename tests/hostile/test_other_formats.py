"""GIF, BMP, AVIF and JPEG 2000 of the user are read as others are, within the same limits."""

from __future__ import annotations

import io
import struct
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from holotype.index.errors import PictureError
from holotype.index.pictures.reading import (
    UPLOADED,
    media_type,
    picture_size,
    read_picture,
    read_with_size,
)
from tests.conftest import Ask, Draw, pace
from tests.hostile.drawing import encoded

FORMATS = {"GIF": "gif", "BMP": "bmp", "AVIF": "avif", "JPEG2000": "jp2"}


def smooth() -> Image.Image:
    x, y = np.meshgrid(np.arange(90), np.arange(60))
    return Image.fromarray(np.stack([2 * x, 3 * y, x + y], axis=2).astype(np.uint8))


@pytest.mark.parametrize("form", FORMATS)
def test_they_look_as_they_did(form: str) -> None:
    data = encoded(smooth(), form)
    seen = np.asarray(read_picture(data), int)
    assert picture_size(data) == (90, 60)
    assert np.abs(seen - np.asarray(smooth(), int)).mean() < 12  # a GIF has 256 colours
    assert media_type(data[:32]) == f"image/{FORMATS[form]}"


@pytest.mark.parametrize("form", FORMATS)
def test_they_are_not_decoded_for_strangers(form: str) -> None:
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or TIFF picture; convert"):
        read_with_size(encoded(smooth(), form), formats=UPLOADED)


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("kept", [0.05, 0.3, 0.6])
def test_one_that_is_cut_short_is_refused_in_a_sentence(form: str, kept: float) -> None:
    data = encoded(smooth(), form)
    with pytest.raises(PictureError) as caught:
        read_picture(data[: int(kept * len(data))], name="x")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("form", FORMATS)
def test_one_that_is_too_large_is_refused_before_it_is_decoded(
    form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "5000")
    with pytest.raises(PictureError, match="HOLOTYPE_MAX_PIXELS"):
        read_picture(encoded(smooth(), form))


def test_damage_anywhere_is_a_sentence() -> None:
    rng = np.random.default_rng(7)
    for form in FORMATS:
        whole = np.frombuffer(encoded(smooth(), form), np.uint8)
        for _ in range(40):
            data = whole.copy()
            places = rng.integers(0, len(data), 4)
            data[places] = rng.integers(0, 256, 4)
            try:
                assert read_picture(data.tobytes()).mode == "RGB"
            except PictureError as error:
                assert "\n" not in str(error)  # noqa: PT017 - either is fine


def test_only_the_first_picture_of_a_gif_is_read() -> None:
    buffer = io.BytesIO()
    smooth().save(buffer, "GIF", save_all=True, append_images=[Image.new("RGB", (90, 60))])
    seen = np.asarray(read_picture(buffer.getvalue()), int)
    assert np.abs(seen - np.asarray(smooth(), int)).mean() < 12


def test_a_gif_of_endless_comments_is_refused_at_once() -> None:
    data = encoded(smooth(), "GIF")
    head = 13 + (3 << (data[10] & 7) + 1)
    comment = b"!\xfe" + 100_000 * (b"\xff" + bytes(255)) + b"\0"
    start = time.perf_counter()
    with pytest.raises(PictureError, match="more blocks before its picture"):
        read_picture(data[:head] + comment + data[head:])
    assert time.perf_counter() - start < pace()


def test_a_packed_bmp_is_refused() -> None:
    data = bytearray(encoded(Image.new("L", (64, 64)), "BMP"))
    data[30:34] = struct.pack("<L", 1)  # runs of bytes
    with pytest.raises(PictureError, match="a BMP with compression"):
        read_picture(bytes(data))


@pytest.mark.parametrize(
    ("place", "value"), [(8, 2**31 - 1), (24, 1), (12, 2**20)], ids=["wide", "tiles", "high"]
)
def test_a_jpeg_2000_whose_inside_is_another_picture_is_refused(place: int, value: int) -> None:
    data = bytearray(encoded(Image.new("RGB", (200, 200)), "JPEG2000"))
    start = data.index(b"\xff\x4f\xff\x51")
    data[start + place : start + place + 4] = struct.pack(">L", value)
    if place == 24:
        data[start + 28 : start + 32] = struct.pack(">L", value)
    begin = time.perf_counter()
    with pytest.raises(PictureError):
        read_picture(bytes(data))
    assert time.perf_counter() - begin < pace()


def test_a_folder_of_them_is_ingested_and_answers(
    tmp_path: Path, draw: Draw, tiny_folder: Path, ask: Ask
) -> None:
    source = tmp_path / "s" / "Salmo trutta"
    draw(source / "1.png", 1)
    for form, suffix in FORMATS.items():
        (source / f"a.{suffix}").write_bytes(encoded(smooth().rotate(len(form) * 7), form))
    command = ("ingest", tmp_path / "s", "--encoder", f"checkpoint:{tiny_folder}", "--to")
    report = ask(*command, tmp_path / "c", "--copy-images")
    assert (report["embedded"], report["left_out"]) == (5, 0)
    answer = ask("identify", source / "a.avif", "--in", tmp_path / "c")
    assert answer["image"].endswith("a.avif")
