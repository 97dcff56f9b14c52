"""Pictures that must not be read are refused before they cost anything, in one sentence."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from holotype.index.encoders import Encoder
from holotype.index.errors import PictureError
from holotype.index.pictures.reading import picture_size, read_bytes, read_picture, thumbnail
from tests.conftest import Ask, Draw

from . import drawing

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
    refused(b"", "is an empty file")


@pytest.mark.parametrize("form", ["ICO", "PPM", "TGA", "PDF", "EPS"])
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
    assert f"({side**2 / 1e6:.0f} MP)" in message or f" is {side**2 / 1e6:.0f} MP;" in message


def test_the_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = encoded(noise(20, 10), "PNG")
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", "200")
    assert read_picture(picture).size == (20, 10)


def test_a_limit_above_pillows_own_is_obeyed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 90)
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


# Work that only decoding would show ------------------------------------------------------------

_EXIF = b"Exif\0\0"
_EMPTY = drawing.segment(0xFE, b"")

REFUSED: dict[str, Callable[[], bytes]] = {
    "1,000 scans": lambda: drawing.of_scans(1000, 6400, 6200, progressive=True),
    "10,000 scans": lambda: drawing.of_scans(10_000, 6400, 6200, progressive=True),
    "30 scans of the largest": lambda: drawing.of_scans(30, 6400, 6200, "RGB", progressive=True),
    "comments without end": lambda: drawing.jpeg_with(_EMPTY * 500_000),
    "comments after an end": lambda: drawing.jpeg_with(b"\xff\xd9" + _EMPTY * 500_000),
    "fill bytes": lambda: drawing.jpeg_with(b"\xff" * 5_000_000),
    "stray bytes": lambda: drawing.jpeg_with(bytes(5_000_000)),
    "stray pairs": lambda: drawing.jpeg_with(b"\xff\0" * 2_000_000),
    "EXIF in parts": lambda: drawing.jpeg_with(drawing.segment(0xE1, _EXIF + bytes(60_000)) * 100),
    "empty chunks": lambda: drawing.png(64, 64, extra=drawing.chunk(b"abCd") * 300_000),
    "empty pixels": lambda: drawing.png(64, 64, extra=drawing.chunk(b"IDAT") * 300_000),
    "a text of 100 MB": lambda: drawing.png(
        64, 64, extra=drawing.chunk(b"zTXt", b"C\0\0" + drawing.deflated(100_000_000))
    ),
    "a profile of 100 MB": lambda: drawing.png(
        64, 64, extra=drawing.chunk(b"iCCP", b"x\0\0" + drawing.deflated(100_000_000))
    ),
    "a tile of 676 MP": lambda: drawing.tile(26_000),
    "a tile of 49 MP": lambda: drawing.tile(7000),
    "strips without end": lambda: drawing.raw_strips(300_000),
    "overlapping strips": lambda: drawing.overlapping_strips(60_000, 2_000_000),
    "samples without end": lambda: drawing.tiff(
        {**drawing.tags(64, 64, 1, t273=(4, [-1])), 258: (3, [8] * 500_000)}, bytes(64 * 64 * 3)
    ),
    "a canvas of 268 MP": lambda: drawing.with_canvas(drawing.animated_webp(3), 16_383),
}


@pytest.mark.parametrize("case", REFUSED)
def test_work_that_no_picture_needs_is_refused_before_it_is_done(case: str) -> None:
    data = REFUSED[case]()
    tracemalloc.start()
    refused(data)
    assert tracemalloc.get_traced_memory()[1] < 80_000_000
    tracemalloc.stop()


READ: dict[str, tuple[Callable[[], bytes], int]] = {
    "20 scans of a large one": (lambda: drawing.of_scans(10, 6400, 6200, progressive=True), 6400),
    "many scans of a small one": (lambda: drawing.of_scans(80, 640, 480, progressive=True), 640),
    "restarts": (lambda: drawing.jpeg_with(drawing.segment(0xDD, b"\0\1")), 64),
    "EXIF that shares its bytes": (
        lambda: drawing.jpeg_with(drawing.segment(0xE1, _EXIF + drawing.shared_tags(2000, 30_000))),
        64,
    ),
    "the same in a PNG": (
        lambda: drawing.png(
            64, 64, extra=drawing.chunk(b"eXIf", drawing.shared_tags(5000, 5_000_000))
        ),
        64,
    ),
    "a tile that is larger than the picture": (lambda: drawing.tile(1024), 100),
    "a strip of more rows than there are": (lambda: drawing.strips(100, 90, 2**31 - 1), 100),
    "15,000 tags": (lambda: drawing.directory_of(15_000), 64),
    "a directory that leads to itself": (
        lambda: drawing.tiff(
            drawing.tags(64, 64, 1, t273=(4, [-1]), t278=(4, [64]), t279=(4, [12288])),
            bytes(12288),
            next_ifd=8,
        ),
        64,
    ),
    "1,000 frames": (lambda: drawing.animated_webp(1000), 16),
}


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("case", READ)
def test_what_is_only_odd_is_read(case: str) -> None:
    draw, width = READ[case]
    assert read_picture(draw()).size[0] == width


@pytest.mark.parametrize(
    ("mode", "form", "options"),
    [
        ("I;16", "PNG", {}),
        ("I;16", "TIFF", {"compression": "tiff_lzw"}),
        ("F", "TIFF", {"compression": "tiff_adobe_deflate"}),
        ("I", "TIFF", {"compression": "zstd"}),
        ("RGBA", "PNG", {}),
        ("CMYK", "JPEG", {}),
        ("P", "PNG", {"transparency": 0}),
    ],
)
def test_depth_is_taken_away_block_by_block(mode: str, form: str, options: dict[str, Any]) -> None:
    """16 bits in doubles, and transparency in four whole copies, took a gigabyte of 40 MP."""
    data = encoded(Image.new(mode, (3000, 2000)), form, **options)
    tracemalloc.start()
    assert read_picture(data, target=100).size == (1500, 1000)
    assert tracemalloc.get_traced_memory()[1] < 30_000_000
    tracemalloc.stop()


def test_blocks_make_the_picture_that_the_whole_would() -> None:
    rng = np.random.default_rng(SEED)
    values = rng.integers(0, 4000, (1300, 2100), dtype=np.uint16)
    wanted = np.rint(values / 4095 * 255).astype(np.uint8)
    found = np.asarray(read_picture(encoded(Image.fromarray(values), "PNG")))
    np.testing.assert_array_equal(found, np.repeat(wanted[:, :, None], 3, axis=2))
    rgba = Image.fromarray(rng.integers(0, 256, (1300, 2100, 4), dtype=np.uint8))
    white = Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("RGB")
    found = np.asarray(read_picture(encoded(rgba, "PNG")))
    np.testing.assert_array_equal(found, np.asarray(white))
    small = np.asarray(read_picture(encoded(rgba, "PNG"), target=40))
    np.testing.assert_array_equal(small, np.asarray(white.reduce(4)))


def test_scans_are_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_SCANS", "5")
    refused(drawing.of_scans(10, 64, 48, progressive=True), "HOLOTYPE_MAX_SCANS is 5")


def test_memory_is_a_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_DECODED_BYTES", "1000000")
    assert read_picture(drawing.png(400, 400)).size == (400, 400)
    refused(drawing.png(600, 600), "takes 1 MB", "HOLOTYPE_MAX_DECODED_BYTES")
    refused(encoded(noise(300, 300), "WEBP"), "HOLOTYPE_MAX_DECODED_BYTES")


def test_what_pillow_thinks_of_tags_is_not_printed() -> None:
    code = (
        "import sys; from holotype.index.pictures.reading import read_picture; "
        "read_picture(sys.stdin.buffer.read())"
    )
    data = drawing.jpeg_with(drawing.segment(0xE1, _EXIF + drawing.shared_tags(2000, 30_000)))
    done = subprocess.run(
        [sys.executable, "-c", code], input=data, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert done.stderr == b""


BEYOND = {
    "first directory": b"II+\0\x08\0\0\0" + b"\xff" * 8,
    "first directory, other order": b"MM\0+\0\x08\0\0" + b"\xff" * 8,
    "entries": b"II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0" + b"\xff" * 8,
    "count": b"II+\0\x08\0\0\0\x10" + bytes(7) + b"\x01" + bytes(7) + b"\0\1\4\0" + b"\xff" * 16,
}


@pytest.mark.parametrize("where", BEYOND)
def test_a_place_beyond_any_file_is_one_problem(
    tmp_path: Path, draw: Draw, tiny_folder: Path, ask: Ask, where: str
) -> None:
    draw(tmp_path / "s" / "Xestia baja" / "good.png", 1)
    (tmp_path / "s" / "Xestia baja" / "x.tif").write_bytes(BEYOND[where])
    encoder = f"checkpoint:{tiny_folder}"
    report = ask("ingest", tmp_path / "s", "--to", tmp_path / "c", "--encoder", encoder)
    assert report["embedded"] == 1
    assert len(report["problems"]) == 1
