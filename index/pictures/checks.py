"""What a picture's file says of itself, checked before any of it is decoded.

A few bytes can ask for much work: a thousand scans over the same pixels, a million empty chunks, a
tile many times the size of its picture. Each check is linear in the file's length at worst, and
takes microseconds on a usual picture.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

from PIL import BmpImagePlugin, Image, TiffImagePlugin

from ..errors import PictureError
from ..files.regular import Limit
from .other_formats import check_bitmap, check_blocks, work_of_jpeg_2000

_MOST_SEGMENTS = 20_000  # of a JPEG before its pixels; cameras write 10 to 100
_MOST_EXIF = 20  # segments of 64 kB, which Pillow joins one by one
_MOST_CHUNKS = 20_000  # of a PNG that is small; of a large one in proportion
_CHUNK = 512  # bytes, the least that a PNG's chunks have on average
_MOST_PIECES = 200_000  # strips or tiles of a TIFF

# Between segments of a JPEG, some writers leave a few bytes.
_MARKER = re.compile(rb"(?:[^\xff]|\xff\x00){0,4096}\xff{1,64}([\x01-\xfe])", re.DOTALL)
_SCAN, _END = 0xDA, 0xD9
_ALONE = frozenset((0x01, *range(0xD0, 0xDA)))  # markers that no length follows
_AFTER_PIXELS = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_STRAY = 1 << 17  # bytes after the last segment that a file cut short may have

_YCBCR = 6  # a TIFF's colours


class Limits(NamedTuple):
    """The most that decoding one picture may take.

    Attributes:
        pixels: of the picture, and of each of its tiles.
        scans: of a JPEG; one of the most pixels may have a fifth of it.
        memory: bytes of what is decoded and of what decoding needs besides.
    """

    pixels: Limit
    scans: Limit
    memory: Limit


def check_file(data: bytes, name: str) -> None:
    """Refuse a file whose structure alone would be work, whatever its pixels are.

    Raises:
        PictureError: more segments, chunks, strips or tiles than any real picture has.
    """
    if data.startswith(b"\xff\xd8"):
        _check_segments(data, name)
    elif data.startswith(b"\x89PNG"):
        _check_chunks(data, name)
    elif data[:2] in (b"II", b"MM"):
        _check_counts(data, name)
    elif data.startswith(b"GIF8"):
        check_blocks(data, name)


def check_work(
    image: Image.Image,
    data: bytes,
    size: tuple[int, int],
    name: str,
    limits: Limits,
    *,
    whole: bool,
    besides: int = 0,
) -> None:
    """Refuse an opened picture that would take too much time or memory to decode.

    Args:
        image: opened and not yet decoded; `draft` may have been called.
        data: its file.
        size: its width and height in the file.
        name: what messages call it.
        limits: the most of everything.
        whole: it is kept as RGB at this size, which counts, too.
        besides: bytes that are taken already.

    Raises:
        PictureError: it is over one of the limits.
    """
    area = size[0] * size[1]
    working = besides
    if image.format in ("JPEG", "MPO"):
        scans = _scans(image, data, _most_scans(area, limits), name, limits.scans)
        working += 2 * len(image.getbands()) * area if scans > 1 else 0  # their coefficients
    elif image.format == "WEBP":
        working += 12 * area  # two canvases and a copy, all with alpha
    elif isinstance(image, TiffImagePlugin.TiffImageFile):
        working += _piece(image, len(data), name, limits.pixels)
    else:
        working += _work_of_others(image, data, area, name, limits.pixels)
    kept = _depth(image.mode) + (4 if whole and image.mode != "RGB" else 0)
    needed, memory = working + kept * image.width * image.height, limits.memory
    if needed > memory.size:
        raise PictureError(
            f"{name} takes {needed / 1e6:.0f} MB to decode; the limit is "
            f"{memory.size / 1e6:.0f} MB ({memory.setting}). Resize it, save it as a plain JPEG, "
            "or raise the limit."
        )


def _work_of_others(image: Image.Image, data: bytes, area: int, name: str, pixels: Limit) -> int:
    if image.format == "JPEG2000":
        return work_of_jpeg_2000(data, name, pixels)
    if isinstance(image, BmpImagePlugin.BmpImageFile):
        check_bitmap(image, name)
    return 12 * area if image.format == "AVIF" else 0  # planes of up to 16 bits, and RGBA


def _depth(mode: str) -> int:
    """Return how many bytes Pillow keeps of a pixel."""
    if mode in ("1", "L", "P"):
        return 1
    return 2 if mode.startswith("I;16") else 4


# JPEG -------------------------------------------------------------------------------------------


def _markers(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the markers of a JPEG and where each ends."""
    place = 2
    while found := _MARKER.match(data, place):
        marker, place = found[1][0], found.end()
        yield marker, place
        if marker not in _ALONE:
            place += max(2, int.from_bytes(data[place : place + 2], "big"))
        if marker == _SCAN:
            after = _AFTER_PIXELS.search(data, place)
            place = len(data) if after is None else after.start()


def _check_segments(data: bytes, name: str) -> None:
    place, exif = 2, 0
    for number, (marker, place) in enumerate(_markers(data)):
        if marker == _SCAN:
            return
        exif += marker == 0xE1 and data.startswith(b"Exif\0\0", place + 2)
        if number > _MOST_SEGMENTS or exif > _MOST_EXIF:
            raise PictureError(
                f"{name} has more segments before its pixels than any camera writes; save it anew"
            )
    if len(data) - place > _STRAY:
        raise PictureError(f"{name} is damaged (no picture follows its header); save it anew")


def _most_scans(area: int, limits: Limits) -> int:
    """Return how many scans a JPEG may have: every one takes time for all of its pixels."""
    scans, pixels = limits.scans.size, limits.pixels.size
    return scans if 5 * area <= pixels else max(1, scans * pixels // (5 * area))


def _scans(image: Image.Image, data: bytes, most: int, name: str, limit: Limit) -> int:
    """Return how many scans a JPEG has."""
    scans = 0
    for number, (marker, place) in enumerate(_markers(data)):
        scans += marker == _SCAN
        if marker == _SCAN and scans == 1 and _in_one_scan(image, data, place):
            return 1  # nearly every JPEG; libjpeg refuses a second scan of it
        if scans > most or number > _MOST_SEGMENTS:
            raise PictureError(
                f"{name} is a JPEG of more than {most} scans; that is the limit at its size "
                f"({limit.setting} is {limit.size}). Save it anew, or raise the limit."
            )
        if marker == _END:
            break
    return scans


def _in_one_scan(image: Image.Image, data: bytes, place: int) -> bool:
    """Return whether the first scan, whose header is there, holds all of a picture."""
    components = data[place + 2 : place + 3]
    return "progressive" not in image.info and components == bytes([getattr(image, "layers", 0)])


# PNG --------------------------------------------------------------------------------------------


def _check_chunks(data: bytes, name: str) -> None:
    most = max(_MOST_CHUNKS, len(data) // _CHUNK)
    place, number = 8, 0
    while place + 8 <= len(data) and data[place + 4 : place + 8] != b"IEND":
        place += 12 + int.from_bytes(data[place : place + 4], "big")
        number += 1
        if number > most:
            raise PictureError(
                f"{name} has more than {most} chunks, more than a PNG of its length needs; "
                "save it anew"
            )


# TIFF -------------------------------------------------------------------------------------------

# The tags that Pillow reads, as far as they may hold more than a few values.
_READ = frozenset(
    (
        TiffImagePlugin.BITSPERSAMPLE,
        TiffImagePlugin.STRIPOFFSETS,
        TiffImagePlugin.STRIPBYTECOUNTS,
        TiffImagePlugin.TILEOFFSETS,
        TiffImagePlugin.TILEBYTECOUNTS,
        TiffImagePlugin.EXTRASAMPLES,
        TiffImagePlugin.SAMPLEFORMAT,
        TiffImagePlugin.COLORMAP,
    )
)


def _check_counts(data: bytes, name: str) -> None:
    """Refuse a TIFF whose first directory lists too many strips or tiles; others are not read."""
    order = "<" if data.startswith(b"II") else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    head, number, entry = ("8xQ", "Q", "HHQ8s") if big else ("4xL", "H", "HHL4s")
    try:
        (place,) = struct.unpack_from(order + head, data)
        (entries,) = struct.unpack_from(order + number, data, place)
        place += struct.calcsize(order + number)
        size = struct.calcsize(order + entry)
        for start in range(place, min(place + entries * size, len(data) - size + 1), size):
            tag, _, count, _ = struct.unpack_from(order + entry, data, start)
            if tag in _READ and count > _MOST_PIECES:
                raise PictureError(
                    f"{name} is a TIFF of {count} strips or tiles; {_MOST_PIECES} are the limit. "
                    "Save it anew with larger ones."
                )
    except (struct.error, OverflowError):
        return  # cut short, or beyond any file: Pillow says so in its own words


def _piece(image: TiffImagePlugin.TiffImageFile, length: int, name: str, pixels: Limit) -> int:
    """Return the bytes of a strip or tile as libtiff unpacks it; 0 where nothing is packed.

    Raises:
        PictureError: it has more pixels than a picture may, or the file's bytes come again and
            again.
    """
    tags = image.tag_v2

    def number(tag: int, otherwise: int) -> int:
        value = tags.get(tag)
        return value if isinstance(value, int) else otherwise

    width, height = number(TiffImagePlugin.IMAGEWIDTH, 0), number(TiffImagePlugin.IMAGELENGTH, 0)
    height = min(height, number(TiffImagePlugin.ROWSPERSTRIP, height))
    width = number(TiffImagePlugin.TILEWIDTH, width)
    height = number(TiffImagePlugin.TILELENGTH, height)
    if width * height > pixels.size:
        raise PictureError(
            f"{name} holds a tile of {width} x {height} px ({width * height / 1e6:.0f} MP); the "
            f"limit is {pixels.size / 1e6:.0f} MP ({pixels.setting}). Save it with smaller tiles."
        )
    counts = tags.get(TiffImagePlugin.STRIPBYTECOUNTS) or tags.get(TiffImagePlugin.TILEBYTECOUNTS)
    if isinstance(counts, tuple) and sum(counts) > 2 * length:
        raise PictureError(f"{name} is damaged (its strips overlap); save it anew")
    if not image.tile or image.tile[0].codec_name == "raw":
        return 0
    bits = tags.get(TiffImagePlugin.BITSPERSAMPLE) or (1,)
    samples = max(len(bits), number(TiffImagePlugin.SAMPLESPERPIXEL, 1))
    depth = samples * max(bits) // 8
    if number(TiffImagePlugin.PHOTOMETRIC_INTERPRETATION, 0) == _YCBCR:
        depth = max(4, depth)  # unpacked as RGBA
    return width * height * depth
