"""Legitimate pictures of every make come out upright, 8-bit and RGB, with the right values."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from holotype.index.pictures.reading import (
    content_hash,
    edge_colour,
    pad_to_square,
    perceptual_hash,
    picture_size,
    read_picture,
    shrink,
    thumbnail,
)

Pixels = NDArray[np.uint8]
ORIENTATION = 0x0112


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> NDArray[np.int64]:
    picture = read_picture(data)
    assert picture.mode == "RGB"
    return np.asarray(picture).astype(np.int64)


@pytest.fixture
def photo() -> Image.Image:
    """A smooth picture of 40 x 20 px, different in every corner: JPEG keeps its values."""
    y, x = np.mgrid[0:20, 0:40]
    return Image.fromarray(np.stack([x * 6, y * 12, 255 - x * 3 - y * 3], -1).astype(np.uint8))


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("PNG", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("WEBP", {"lossless": True}),
    ],
)
def test_lossless_formats_keep_every_value(
    photo: Image.Image, form: str, options: dict[str, Any]
) -> None:
    np.testing.assert_array_equal(pixels(encoded(photo, form, **options)), np.asarray(photo))


@pytest.mark.parametrize(
    ("form", "options"),
    [
        ("JPEG", {"quality": 95}),
        ("JPEG", {"quality": 95, "progressive": True}),
        ("WEBP", {"quality": 95}),
    ],
)
def test_lossy_formats_keep_the_colours(
    photo: Image.Image, form: str, options: dict[str, Any]
) -> None:
    difference = np.abs(pixels(encoded(photo, form, **options)) - np.asarray(photo))
    assert difference.mean() < 5


def turned(photo: Image.Image, orientation: int) -> Image.Image:
    """Store a picture the way a camera held like that does."""
    undo = {
        1: None,
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }[orientation]
    return photo if undo is None else photo.transpose(undo)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG"])
def test_all_eight_orientations_give_the_same_upright_picture(
    photo: Image.Image, form: str, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    quality = {"quality": 100, "subsampling": 0} if form == "JPEG" else {}
    data = encoded(turned(photo, orientation), form, exif=exif, **quality)
    assert np.abs(pixels(data) - np.asarray(photo)).max() <= (8 if form == "JPEG" else 0)


@pytest.mark.parametrize("orientation", [0, 9, 77, 65535])
def test_an_orientation_that_does_not_exist_is_no_orientation(
    photo: Image.Image, orientation: int
) -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    np.testing.assert_array_equal(pixels(encoded(photo, "PNG", exif=exif)), np.asarray(photo))


def test_a_cmyk_jpeg_keeps_its_colours(photo: Image.Image) -> None:
    data = encoded(photo.convert("CMYK"), "JPEG", quality=95)
    assert Image.open(io.BytesIO(data)).mode == "CMYK"
    assert np.abs(pixels(data) - np.asarray(photo)).mean() < 12


def test_a_greyscale_picture_has_three_equal_channels(photo: Image.Image) -> None:
    grey = photo.convert("L")
    for form in ("PNG", "TIFF", "JPEG"):
        found = pixels(encoded(grey, form, **({"quality": 100} if form == "JPEG" else {})))
        assert (found == found[:, :, :1]).all()
        assert np.abs(found[:, :, 0] - np.asarray(grey)).max() <= 2


def test_a_black_and_white_picture_is_black_and_white() -> None:
    bits = Image.fromarray(np.tile([[True, False]], (8, 4)))
    assert set(np.unique(pixels(encoded(bits, "PNG")))) == {0, 255}


def grey_16(peak: int) -> Image.Image:
    """A ramp from 0 to a peak in 16 bits."""
    return Image.fromarray(np.linspace(0, peak, 256).astype(np.uint16).reshape(16, 16))


@pytest.mark.parametrize("form", ["TIFF", "PNG"])
@pytest.mark.parametrize("bits", [16, 14, 12, 10])
def test_16_bit_files_show_10_to_16_bit_values_in_full(form: str, bits: int) -> None:
    found = pixels(encoded(grey_16(2**bits - 1), form))[:, :, 0].ravel()
    np.testing.assert_allclose(found, np.arange(256), atol=1)


def test_a_dark_16_bit_picture_stays_dark() -> None:
    found = pixels(encoded(grey_16(20_000), "TIFF"))
    assert 75 <= found.max() <= 80


def test_a_big_endian_16_bit_tiff_has_the_same_values() -> None:
    values = np.linspace(0, 65535, 256).astype(">u2").reshape(16, 16)
    big = Image.frombytes("I;16B", (16, 16), values.tobytes())
    found = pixels(encoded(big, "TIFF"))[:, :, 0].ravel()
    np.testing.assert_allclose(found, np.arange(256), atol=1)


def test_a_float_tiff_is_stretched_and_its_nan_is_no_harm() -> None:
    values = np.linspace(-2, 7, 256).astype(np.float32).reshape(16, 16)
    found = pixels(encoded(Image.fromarray(values), "TIFF"))[:, :, 0].ravel()
    np.testing.assert_allclose(found, np.arange(256), atol=1)
    values[0, 0] = np.nan
    assert pixels(encoded(Image.fromarray(values), "TIFF")).max() == 255


def test_a_constant_picture_of_any_depth_is_read() -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        flat = Image.fromarray(np.full((4, 4), 7, dtype))
        assert len(np.unique(pixels(encoded(flat, "TIFF")))) == 1


def test_transparent_pixels_are_white_and_half_transparent_ones_half() -> None:
    values = np.zeros((2, 2, 4), np.uint8)
    values[0, 0], values[0, 1], values[1, 0] = (200, 10, 10, 255), (0, 0, 0, 0), (0, 0, 0, 128)
    for form in ("PNG", "TIFF", "WEBP"):
        options = {"lossless": True, "exact": True} if form == "WEBP" else {}
        found = pixels(encoded(Image.fromarray(values), form, **options))
        assert found[0, 0].tolist() == [200, 10, 10]
        assert found[0, 1].tolist() == [255, 255, 255]
        assert found[1, 0].tolist() == [127, 127, 127]


def test_a_palette_keeps_its_colours_and_its_transparency() -> None:
    palette = Image.new("P", (2, 1))
    palette.putpalette([250, 20, 30, 1, 2, 3])
    palette.putdata([0, 1])
    assert pixels(encoded(palette, "PNG")).tolist() == [[[250, 20, 30], [1, 2, 3]]]
    transparent = encoded(palette, "PNG", transparency=1)
    assert pixels(transparent).tolist() == [[[250, 20, 30], [255, 255, 255]]]


def test_of_several_frames_the_first_is_read(photo: Image.Image) -> None:
    other = Image.new("RGB", photo.size, "red")
    for form in ("TIFF", "PNG", "WEBP"):
        options = {"lossless": True} if form == "WEBP" else {}
        data = encoded(photo, form, save_all=True, append_images=[other], **options)
        np.testing.assert_array_equal(pixels(data), np.asarray(photo))


def test_a_smaller_decoding_keeps_at_least_twice_the_target() -> None:
    big = Image.new("RGB", (1600, 1200), (10, 120, 200))
    small = read_picture(encoded(big, "JPEG"), target=100)
    assert 200 <= min(small.size) < 1200
    assert np.abs(np.asarray(small).mean((0, 1)) - (10, 120, 200)).max() < 3


def test_a_smaller_decoding_of_a_turned_jpeg_is_upright() -> None:
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    lying = Image.new("RGB", (1600, 800))
    assert read_picture(encoded(lying, "JPEG", exif=exif), target=64).size[0] < 800
    assert picture_size(encoded(lying, "JPEG")) == (1600, 800)


def test_padding_takes_the_mean_of_the_edges_and_moves_nothing() -> None:
    picture = np.zeros((4, 8, 3), np.uint8)
    picture[0], picture[-1], picture[1:-1] = 100, 200, 150
    picture[1:-1, 1:-1] = (0, 255, 0)
    image = Image.fromarray(picture)
    # 8 pixels of 100, 8 of 200, and the sides' 8 with the corners once more
    assert edge_colour(picture).tolist() == [150, 150, 150]
    square = pad_to_square(image)
    assert square.shape == (8, 8, 3)
    np.testing.assert_array_equal(square[2:6], picture)
    assert (square[:2] == 150).all()
    assert (square[6:] == 150).all()


def test_a_tall_picture_is_padded_left_and_right() -> None:
    image = Image.new("RGB", (3, 8), (9, 8, 7))
    assert pad_to_square(image).tolist() == [[[9, 8, 7]] * 8] * 8


def test_a_square_is_left_as_it_is(photo: Image.Image) -> None:
    square = photo.crop((0, 0, 20, 20))
    np.testing.assert_array_equal(pad_to_square(square), np.asarray(square))


def test_only_pictures_over_the_limit_are_shrunk(photo: Image.Image) -> None:
    assert shrink(photo, 40) is photo
    assert shrink(photo, 39).size == (20, 10)
    assert shrink(Image.new("RGB", (1000, 1)), 100).size == (100, 1)


def test_a_thumbnail_fits_and_forgets_where_it_was_taken(photo: Image.Image) -> None:
    photo.getexif()[ORIENTATION] = 3
    small = Image.open(io.BytesIO(thumbnail(photo, 16)))
    assert small.format == "JPEG"
    assert max(small.size) == 16
    assert not small.getexif()


def test_copies_have_nearly_the_same_perceptual_hash_and_others_have_not() -> None:
    rng = np.random.default_rng(5)
    coarse = [Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)) for _ in "ab"]
    first, second = (image.resize((200, 160), Image.Resampling.BICUBIC) for image in coarse)
    copy = Image.open(io.BytesIO(encoded(first.resize((100, 80)), "JPEG", quality=60)))

    def distance(one: Image.Image, other: Image.Image) -> int:
        return (perceptual_hash(one) ^ perceptual_hash(other)).bit_count()

    assert distance(first, copy) <= 4
    assert distance(first, second) > 12
    assert 0 <= perceptual_hash(first) < 2**64


def test_the_content_hash_is_the_files_sha256(tmp_path: Path) -> None:
    assert content_hash(b"abc").startswith("ba7816bf8f01cfea414140de5dae2223")
