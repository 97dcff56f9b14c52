"""Pictures that must not be read are refused before they cost anything, in one sentence."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from holotype.index.encoders import Encoder
from holotype.index.errors import PictureError
from holotype.index.pictures import picture_size, read_bytes, read_picture, thumbnail

SEED = 77


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(width: int = 64, height: int = 48) -> Image.Image:
    rng = np.random.default_rng(SEED)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))


def png_header(width: int, height: int) -> bytes:
    """A PNG that claims a size and holds next to nothing."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + body))
        return struct.pack(">I", len(body)) + kind + body + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = chunk(b"IDAT", zlib.compress(bytes(100)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + data + chunk(b"IEND", b"")


def refused(data: bytes, *words: str) -> str:
    """Refused by both doors, in one sentence or two, without the library's own jargon."""
    with pytest.raises(PictureError) as caught:
        read_picture(data, name="x.jpg")
    message = str(caught.value)
    assert message.startswith("x.jpg ")
    assert "\n" not in message
    for word in words:
        assert word in message
    return message


def test_a_text_file_named_jpg() -> None:
    refused(b"Dear curator, the specimens are in the post.", "not a JPEG, PNG, WebP or TIFF")


def test_an_empty_file() -> None:
    refused(b"", "not a JPEG, PNG, WebP or TIFF")


@pytest.mark.parametrize("form", ["GIF", "BMP", "ICO", "PPM", "TGA", "PDF", "EPS"])
def test_other_formats_are_refused_whatever_pillow_can_read(form: str) -> None:
    refused(encoded(noise(), form), "not a JPEG, PNG, WebP or TIFF")


def test_a_vector_graphic_is_refused() -> None:
    refused(b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a JPEG, PNG, WebP or TIFF")


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_a_picture_that_is_cut_short(form: str, kept: float) -> None:
    whole = encoded(noise(), form)
    refused(whole[: int(kept * len(whole))])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_12000_x_12000_png_bomb_is_refused_before_it_is_decoded() -> None:
    bomb = encoded(Image.new("1", (12000, 12000)), "PNG")
    assert len(bomb) < 100_000
    tracemalloc.start()
    refused(bomb, "12000 x 12000 px (144 MP)", "40 MP", "HOLOTYPE_MAX_PIXELS")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()
    with pytest.raises(PictureError):
        picture_size(bomb)


@pytest.mark.parametrize("side", [6325, 20_000, 100_000, 2**31 - 1])
def test_a_header_that_claims_too_much_is_refused(side: int) -> None:
    message = refused(png_header(side, side), "HOLOTYPE_MAX_PIXELS", "Resize it")
    assert "DOS" not in message


def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = encoded(noise(20, 10), "PNG")
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "200")
    assert read_picture(picture).size == (20, 10)


def test_a_picture_over_a_lowered_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "199")
    refused(encoded(noise(20, 10), "PNG"), "20 x 10 px")


@pytest.mark.parametrize("size", [(30_000, 1000), (1000, 30_000), (1_000_000, 1)])
def test_a_very_long_picture_is_embedded_without_a_square_of_its_length(
    tiny: Encoder, size: tuple[int, int]
) -> None:
    picture = read_picture(encoded(Image.new("RGB", size, (10, 200, 30)), "PNG"))
    views = tiny.preprocess(picture)
    assert views.shape == (1, 32, 32, 3)
    assert np.abs(views.astype(int) - (10, 200, 30)).max() <= 1
    assert len(thumbnail(picture, 256)) < 10_000


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_exif_that_cannot_be_read_does_not_lose_the_picture() -> None:
    """Cameras and editors write much that Pillow cannot read, or not write again."""
    rng = np.random.default_rng(SEED)
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x011A] = 6, "Maker", 72.5
    sound = exif.tobytes()
    for _ in range(300):
        damaged = bytearray(sound)
        for _ in range(rng.integers(1, 8)):
            damaged[rng.integers(6, len(damaged))] = rng.integers(0, 256)
        for form in ("JPEG", "PNG", "WEBP"):
            picture = read_picture(encoded(noise(8, 8), form, exif=bytes(damaged)))
            assert picture.size == (8, 8), f"seed {SEED}"


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_files_are_read_or_refused_and_nothing_else() -> None:
    rng = np.random.default_rng(SEED)
    image = noise(30, 20)
    whole = [
        encoded(image, "JPEG"),
        encoded(image, "PNG"),
        encoded(image, "WEBP"),
        encoded(image, "TIFF"),
        encoded(image.convert("P"), "PNG", transparency=3),
        encoded(image.convert("RGBA"), "WEBP"),
        encoded(image.convert("CMYK"), "TIFF"),
        encoded(image.convert("L"), "TIFF", compression="tiff_adobe_deflate"),
    ]
    outcomes = set()
    for number in range(1200):
        data = bytearray(whole[number % len(whole)])
        for _ in range(rng.integers(1, 6)):
            data[rng.integers(0, len(data))] = rng.integers(0, 256)
        try:
            outcomes.add(read_picture(bytes(data)).mode)
        except PictureError:
            outcomes.add("refused")
        except Exception as error:
            pytest.fail(f"{error!r} (seed {SEED}, trial {number})")
    assert outcomes == {"RGB", "refused"}


def test_a_missing_file_a_folder_and_an_impossible_name(tmp_path: Path) -> None:
    with pytest.raises(PictureError, match="does not exist; correct the path"):
        read_bytes(tmp_path / "none.jpg")
    with pytest.raises(PictureError, match="Is a directory"):
        read_bytes(tmp_path)
    with pytest.raises(PictureError, match="not a file name"):
        read_bytes(tmp_path / "a\0b.jpg")
    with pytest.raises(PictureError, match="cannot be read"):
        read_bytes(tmp_path / ("x" * 300 + ".jpg"))
    loop = tmp_path / "loop.jpg"
    loop.symlink_to(loop)
    with pytest.raises(PictureError, match="cannot be read"):
        read_bytes(loop)
