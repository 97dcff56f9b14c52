"""Deep values, inverted scales, fractions, bands and profiles: seen as a viewer shows them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageCms
from PIL.PngImagePlugin import PngInfo

from holotype.index.errors import PictureError
from holotype.index.pictures.inputs import read_input
from holotype.index.pictures.reading import picture_size, read_picture
from tests.hostile import drawing

SEED = 31
Values = NDArray[Any]


def photo(height: int = 21, width: int = 34) -> NDArray[np.uint8]:
    """A picture with every value from black to white, noisy, so that no two bands are alike."""
    rng = np.random.default_rng(SEED)
    pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    pixels[0, 0], pixels[0, 1] = 0, 255
    return pixels


def grey() -> NDArray[np.uint8]:
    return photo()[:, :, 1].copy()


def deep(pixels: NDArray[np.uint8], bits: int) -> NDArray[np.uint16]:
    """The same in more bits: 255 becomes the largest value."""
    wide = np.rint(pixels.astype(np.float64) / 255 * (2**bits - 1))
    made: NDArray[np.uint16] = wide.astype(np.uint16)
    return made


def tiff(values: Values, *, packing: int = 1, photometric: int = 2, **more: Any) -> bytes:
    """A TIFF of one strip a plane; `tags` are set besides, `planes` and `big` say how it lies."""
    bands = 1 if values.ndim == 2 else values.shape[2]
    kind = {"u": 1, "i": 2, "f": 3}[values.dtype.kind]
    bits = 8 * values.dtype.itemsize
    planes = [values[:, :, band] for band in range(bands)] if more.get("planes") else [values]
    parts = [np.ascontiguousarray(plane).tobytes() for plane in planes]
    if packing == 8:
        parts = [zlib.compress(part) for part in parts]
    tags: drawing.Tags = {
        256: (4, [values.shape[1]]),
        257: (4, [values.shape[0]]),
        258: (3, [bits] * bands),
        259: (3, [packing]),
        262: (3, [photometric]),
        273: (4, [-1] * len(parts)),
        277: (3, [bands]),
        278: (4, [values.shape[0]]),
        279: (4, [len(part) for part in parts]),
        284: (3, [2 if more.get("planes") else 1]),
        339: (3, [kind] * bands),
        **more.get("tags", {}),
    }
    data = drawing.tiff(tags, b"".join(parts))
    return _placed(data, [len(part) for part in parts]) if len(parts) > 1 else data


def _placed(data: bytes, lengths: list[int]) -> bytes:
    """Set the places of several strips, which `drawing.tiff` all lets begin at the first."""
    first = len(data) - sum(lengths)
    places = [first + sum(lengths[:number]) for number in range(len(lengths))]
    same = struct.pack(f"<{len(lengths)}I", *[first] * len(lengths))
    assert data.count(same) == 1
    return data.replace(same, struct.pack(f"<{len(lengths)}I", *places))


def png_16(values: NDArray[np.uint16], extra: bytes = b"") -> bytes:
    height, width, bands = values.shape
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in values)
    colour = {1: 0, 2: 4, 3: 2, 4: 6}[bands]
    header = struct.pack(">IIBBBBB", width, height, 16, colour, 0, 0, 0)
    parts = drawing.chunk(b"IHDR", header), extra, drawing.chunk(b"IDAT", zlib.compress(rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts) + drawing.chunk(b"IEND")


def seen(data: bytes) -> NDArray[np.int64]:
    return np.asarray(read_picture(data, name="x.tif")).astype(np.int64)


def shown(data: bytes, expected: Values, off: int = 1) -> None:
    """What is seen differs from the picture as it was drawn by so much at most."""
    wanted = expected if expected.ndim == 3 else np.repeat(expected[:, :, None], 3, axis=2)
    assert np.abs(seen(data) - wanted).max() <= off
    assert picture_size(data) == (expected.shape[1], expected.shape[0])


# Depth ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize("packing", [1, 8])
def test_colours_of_any_depth_in_a_tiff(bits: int, packing: int) -> None:
    shown(tiff(deep(photo(), bits), packing=packing), photo())
    alpha = np.full((*photo().shape[:2], 1), 2**bits - 1, np.uint16)
    whole = np.concatenate([deep(photo(), bits), alpha], axis=2)
    shown(tiff(whole, packing=packing, tags={338: (3, [2])}), photo())
    shown(tiff(whole, packing=packing, tags={338: (3, [0])}), photo())


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_colours_of_any_depth_in_a_png(bits: int) -> None:
    shown(png_16(deep(photo(), bits)), photo())
    alpha = np.full((*photo().shape[:2], 1), 65535, np.uint16)
    shown(png_16(np.concatenate([deep(photo(), bits), alpha], axis=2)), photo())
    marked = drawing.chunk(b"tRNS", struct.pack(">3H", 1, 2, 3))
    shown(png_16(deep(photo(), bits), marked), photo())


def test_a_difference_predictor_and_the_other_byte_order_keep_their_depth() -> None:
    values = deep(photo(), 12)
    steps = np.diff(values, axis=1, prepend=np.zeros((len(values), 1, 3), np.uint16))
    shown(tiff(steps.astype(np.uint16), packing=8, tags={317: (3, [2])}), photo())


def test_half_transparent_deep_colours_are_laid_on_white() -> None:
    values = np.zeros((1, 3, 4), np.uint16)
    values[0, 0], values[0, 1, 3], values[0, 2] = 4095, 2048, 0
    assert seen(tiff(values, tags={338: (3, [2])}))[0].tolist() == [
        [255] * 3,
        [127] * 3,
        [255] * 3,
    ]


def test_full_16_bits_are_the_same_to_the_bit_as_ever() -> None:
    values = np.random.default_rng(SEED).integers(0, 65536, (20, 30, 3), dtype=np.uint16)
    values[0, 0] = 65535
    np.testing.assert_array_equal(seen(tiff(values)), values >> 8)


def test_a_dark_picture_of_full_depth_stays_dark() -> None:
    values = deep(photo(), 16) // 3
    assert 80 <= seen(tiff(values)).max() <= 86


def test_a_file_that_says_its_depth_is_taken_at_its_word() -> None:
    dark = (deep(grey(), 12) // 8).astype(np.uint16)
    for tag in (341, 281):
        data = tiff(dark, photometric=1, tags={tag: (3, [4095])})
        assert 30 <= seen(data).max() <= 33
        assert seen(tiff(dark, photometric=1)).max() > 120
        dark_colours = np.repeat(dark[:, :, None], 3, axis=2)
        assert 30 <= seen(tiff(dark_colours, tags={tag: (3, [4095] * 3)})).max() <= 33
    shown(tiff(deep(grey(), 12), photometric=1, tags={341: (3, [255])}), grey())  # it cannot be


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_white_may_be_zero(bits: int) -> None:
    for packing in (1, 8):
        inverted = 2**bits - 1 - deep(grey(), bits)
        inverted[0, 1], inverted[0, 0] = 0, 2**bits - 1
        shown(tiff(inverted, photometric=0, packing=packing), grey())
    shown(tiff(255 - grey(), photometric=0), grey())


def test_white_may_be_zero_in_one_bit() -> None:
    bits = np.packbits(np.tile([[1, 0]], (8, 4)), axis=1)
    tags: drawing.Tags = {
        256: (4, [8]), 257: (4, [8]), 258: (3, [1]), 259: (3, [1]), 262: (3, [0]),
        273: (4, [-1]), 277: (3, [1]), 278: (4, [8]), 279: (4, [8]),
    }  # fmt: skip
    assert seen(drawing.tiff(tags, bits.tobytes()))[0, :, 0].tolist() == [0, 255] * 4


def test_signed_values_reach_white_where_theirs_ends() -> None:
    values = (deep(grey(), 15)).astype(np.int16)
    shown(tiff(values, photometric=1), grey())


# Fractions --------------------------------------------------------------------------------------


@pytest.mark.parametrize("packing", [1, 8])
@pytest.mark.parametrize("white", [1.0, 255.0, 4095.0, 65535.0])
def test_fractions_of_colours_by_what_their_white_is(packing: int, white: float) -> None:
    shown(tiff((photo() / 255 * white).astype(np.float32), packing=packing), photo())


def test_fractions_within_0_and_1_are_not_stretched() -> None:
    dim = (grey() / 255 / 2).astype(np.float32)
    shown(tiff(dim, photometric=1), grey() / 2)
    shown(tiff(1 - (grey() / 255).astype(np.float32), photometric=0), grey())
    over = (photo() / 255 * 1.02 - 0.01).astype(np.float32)
    shown(tiff(over), photo(), off=3)


def test_what_is_no_number_is_black_and_harms_nothing() -> None:
    values = (photo() / 255).astype(np.float32)
    values[1, 1], values[2, 2], values[3, 3] = np.nan, np.inf, -np.inf
    wanted = photo()
    wanted[1, 1] = wanted[2, 2] = wanted[3, 3] = 0
    shown(tiff(values), wanted)
    assert not seen(tiff(np.full((4, 4, 3), np.nan, np.float32))).any()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.linspace(-3, 7, 60).reshape(4, 5, 3).astype(np.float32), "from -3 to 7"),
        (np.zeros((4, 5, 3), np.float64), "64-bit fractions"),
        (np.zeros((4, 5, 3), np.float16), "16-bit fractions"),
        (np.zeros((4, 5), np.float64), "64-bit fractions"),
        (np.zeros((4, 5, 3), np.uint64), "64-bit whole numbers"),
        (np.zeros((4, 5, 2), np.uint16), "not RGB"),
    ],
)
def test_what_cannot_be_shown_is_refused_for_what_it_is(values: Values, words: str) -> None:
    with pytest.raises(PictureError) as caught:
        read_picture(tiff(values), name="x.tif")
    message = str(caught.value)
    assert message.startswith("x.tif ")
    assert words in message
    assert "save it" in message or "scale them" in message
    assert "not a JPEG" not in message


# Bands ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
@pytest.mark.parametrize("bands", [5, 7, 9])
def test_the_first_three_of_many_bands_are_the_colours(dtype: str, bands: int) -> None:
    kinds: dict[str, Values] = {"u1": photo(), "u2": deep(photo(), 12)}
    rgb = kinds.get(dtype, (photo() / 255).astype(np.float32))
    more = np.repeat(rgb[:, :, :1], bands - 3, axis=2)
    whole = np.concatenate([rgb, more], axis=2)
    for packing in (1, 8):
        shown(tiff(whole, packing=packing, tags={338: (3, [0] * (bands - 3))}), photo())


@pytest.mark.parametrize("packing", [1, 8])
@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_bands_in_planes_of_their_own(packing: int, bits: int) -> None:
    shown(tiff(deep(photo(), bits), packing=packing, planes=True), photo())
    fractions = (photo() / 255).astype(np.float32)
    shown(tiff(fractions, packing=packing, planes=True), photo())


def test_a_picture_of_bands_may_be_wide() -> None:
    wide = np.tile((photo() / 255).astype(np.float32), (1, 700, 1))
    shown(tiff(wide, packing=8), np.tile(photo(), (1, 700, 1)))


def test_there_are_limits_to_bands() -> None:
    with pytest.raises(PictureError, match="a TIFF of 900 bands of 8-bit whole numbers; 64 bands"):
        read_picture(tiff(np.zeros((4, 4, 900), np.uint8)))


def test_grey_with_more_bands_is_grey() -> None:
    whole = np.stack([deep(grey(), 12), np.full(grey().shape, 4095, np.uint16)], axis=2)
    shown(tiff(whole, photometric=1, tags={338: (3, [2])}), grey())


def test_a_picture_of_bands_is_turned_and_shrunk_as_any() -> None:
    fractions = (photo() / 255).astype(np.float32)
    turned = tiff(fractions, tags={274: (3, [6])})
    np.testing.assert_allclose(seen(turned), np.rot90(photo(), -1), atol=1)
    wide = np.repeat(np.repeat(fractions, 20, axis=0), 20, axis=1)
    small = read_picture(tiff(wide), target=10)
    assert max(small.size) <= 160
    assert abs(float(np.asarray(small).mean()) - float(photo().mean())) < 3


@pytest.mark.parametrize("less", [0, 1])
def test_bands_have_the_limits_of_pixels(monkeypatch: pytest.MonkeyPatch, less: int) -> None:
    data = tiff((photo() / 255).astype(np.float32))
    monkeypatch.setenv("HOLOTYPE_MAX_PIXELS", str(21 * 34 - less))
    if not less:
        assert read_picture(data).size == (34, 21)
        return
    with pytest.raises(PictureError, match="34 x 21 px"):
        read_picture(data)


# Profiles ---------------------------------------------------------------------------------------


def profile(red: tuple[float, float], green: tuple[float, float], gamma: float = 2.2) -> bytes:
    """An ICC profile, version 2, of primaries (xy) at the white point D65."""
    blue = (0.15, 0.06)

    def xyz(x: float, y: float) -> Values:
        return np.array([x / y, 1, (1 - x - y) / y])

    primaries = np.stack([xyz(*red), xyz(*green), xyz(*blue)], axis=1)
    d65, d50 = xyz(0.3127, 0.3290), np.array([0.9642, 1, 0.8249])
    columns = primaries * np.linalg.solve(primaries, d65)
    cone = np.array(
        [[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]]
    )
    columns = np.linalg.inv(cone) @ np.diag((cone @ d50) / (cone @ d65)) @ cone @ columns

    def fixed(values: Values) -> bytes:
        return struct.pack(f">{len(values)}i", *(round(float(value) * 65536) for value in values))

    curve = b"curv" + bytes(4) + struct.pack(">IHxx", 1, round(gamma * 256))
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 5) + b"mine\0" + bytes(78),
        b"wtpt": b"XYZ " + bytes(4) + fixed(d50),
        **{
            name: b"XYZ " + bytes(4) + fixed(columns[:, place])
            for place, name in enumerate((b"rXYZ", b"gXYZ", b"bXYZ"))
        },
        **dict.fromkeys((b"rTRC", b"gTRC", b"bTRC"), curve),
    }
    place, table, body = 128 + 4 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", place + len(body), len(data))
        body += data
    head = bytes(4) + struct.pack(">I", 0x02100000) + b"mntrRGB XYZ " + bytes(12) + b"acsp"
    head = (head + bytes(28) + fixed(d50)).ljust(124, b"\0")
    size = struct.pack(">I", 4 + len(head) + 4 + len(table) + len(body))
    return size + head + struct.pack(">I", len(tags)) + table + body


P3 = profile((0.680, 0.320), (0.265, 0.690))
ADOBE = profile((0.64, 0.33), (0.21, 0.71), 563 / 256)
PROFILES = {"P3": P3, "Adobe": ADOBE}


def with_profile(image: Image.Image, form: str, icc: bytes, **options: Any) -> bytes:
    return drawing.encoded(image, form, icc_profile=icc, **options)


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("PNG", {}),
    ("TIFF", {}),
    ("WEBP", {"lossless": True}),
    ("JPEG", {"quality": 100, "subsampling": 0}),
]


@pytest.mark.parametrize(("form", "options"), FORMS)
@pytest.mark.parametrize("space", PROFILES)
def test_a_wider_space_is_brought_to_srgb(form: str, options: dict[str, Any], space: str) -> None:
    colour = (200, 60, 40)
    found = seen(with_profile(Image.new("RGB", (16, 16), colour), form, PROFILES[space], **options))
    red, green, _ = found.reshape(-1, 3).mean(axis=0)
    assert red > 210  # the same numbers mean a stronger red there
    assert green < 60
    white = seen(
        with_profile(Image.new("RGB", (16, 16), "white"), form, PROFILES[space], **options)
    )
    assert white.min() >= 254


def test_srgb_by_any_maker_changes_no_bit() -> None:
    own = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    image = Image.fromarray(photo())
    for icc in (own, profile((0.64, 0.33), (0.30, 0.60), 2.2)[:0]):
        data = with_profile(image, "PNG", icc)
        np.testing.assert_array_equal(seen(data), photo())


@pytest.mark.parametrize(
    "icc",
    [b"no profile", P3[:200], b"\0" * 500, P3[:-30] + b"x" * 30, P3.replace(b"RGB ", b"CMYK")],
)
def test_a_profile_that_cannot_be_used_is_ignored(icc: bytes) -> None:
    for form in ("PNG", "TIFF"):
        data = with_profile(Image.fromarray(photo()), form, icc)
        assert np.abs(seen(data) - photo()).max() <= 60
    grey_data = with_profile(Image.fromarray(grey()), "PNG", P3)  # of another kind of colours
    np.testing.assert_array_equal(seen(grey_data)[:, :, 0], grey())


def test_transparency_and_depth_keep_their_profile() -> None:
    clear = Image.new("RGBA", (4, 4), (200, 60, 40, 0))
    assert seen(with_profile(clear, "PNG", P3)).min() >= 254
    values = np.full((4, 4, 3), (200 * 16, 60 * 16, 40 * 16), np.uint16)
    values[0, 0] = 4095
    packed = drawing.chunk(b"iCCP", b"x\0\0" + zlib.compress(P3))
    found = seen(png_16(values, packed))[2, 2]
    eight = seen(with_profile(Image.new("RGB", (4, 4), (200, 60, 40)), "PNG", P3))[2, 2]
    assert np.abs(found - eight).max() <= 2


def test_an_image_in_memory_is_shown_by_its_profile_and_stays_as_it_is() -> None:
    data = with_profile(Image.new("RGB", (8, 8), (200, 60, 40)), "PNG", P3)
    opened = Image.open(io.BytesIO(data))
    np.testing.assert_array_equal(np.asarray(read_input(opened)[0]), seen(data))
    assert opened.getpixel((0, 0)) == (200, 60, 40)


# Metadata ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("size", [1_600_000, 7_000_000])
def test_a_long_history_is_no_damage(packed: bool, size: int) -> None:
    text = PngInfo()
    text.add_itxt("XML:com.adobe.xmp", f"<x>{'history ' * (size // 8)}</x>", zip=packed)
    text.add_text("Comment", "n" * size, zip=True)
    data = drawing.encoded(Image.fromarray(photo()), "PNG", pnginfo=text)
    np.testing.assert_array_equal(seen(data), photo())


def test_which_way_is_up_survives_a_long_history() -> None:
    for filler in ("history " * 10, "history " * 300_000):
        text = PngInfo()
        xmp = f'<x>{filler}<y tiff:Orientation="6"/>{filler}</x>'
        text.add_itxt("XML:com.adobe.xmp", xmp, zip=True)
        data = drawing.encoded(Image.fromarray(photo()), "PNG", pnginfo=text)
        np.testing.assert_array_equal(seen(data), np.rot90(photo(), -1))


def test_more_text_than_any_program_writes_is_refused_for_that() -> None:
    body = b"C\0\0" + drawing.deflated(30_000_000)
    data = drawing.png(64, 64, extra=drawing.chunk(b"zTXt", body))
    with pytest.raises(PictureError, match="texts of more than 16 MB"):
        read_picture(data)
