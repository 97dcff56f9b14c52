"""What GIF, BMP and JPEG 2000 files say of themselves, checked before any of it is decoded."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from PIL import ImageFile

from ..errors import PictureError
from ..files.regular import Limit

JPEG_2000 = b"\0\0\0\x0cjP  "
CODESTREAM = b"\xff\x4f\xff\x51"

_MOST_BLOCKS = 20_000  # of a GIF before its first picture; Pillow joins comments one by one
_MOST_TILES = 4096  # of a JPEG 2000, which takes kilobytes for each before it reads one
_MOST_COMPONENTS = 4


def check_blocks(data: bytes, name: str) -> None:
    """Refuse a GIF with more blocks before its first picture than any real one has.

    Raises:
        PictureError: it has.
    """
    flags = data[10] if len(data) > 10 else 0
    place = 13 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
    blocks = 0
    while data[place : place + 1] == b"!":  # an extension, which is a chain of blocks
        place += 2
        while place < len(data) and data[place]:
            place += 1 + data[place]
            blocks += 1
            if blocks > _MOST_BLOCKS:
                raise PictureError(
                    f"{name} has more blocks before its picture than any program writes; save it "
                    "anew"
                )
        place += 1


def check_bitmap(image: ImageFile.ImageFile, name: str) -> None:
    """Refuse a BMP that is packed: Pillow would unpack it run by run in Python.

    Raises:
        PictureError: it is.
    """
    if image.tile and image.tile[0].codec_name == "bmp_rle":
        raise PictureError(f"{name} is a BMP with compression, which is not read; save it as PNG")


def work_of_jpeg_2000(data: bytes, name: str, pixels: Limit) -> int:
    """Return the bytes that decoding takes besides the picture.

    Raises:
        PictureError: the part that is decoded says otherwise than a picture may; what the file
            says before it, which Pillow believes, is no matter here.
    """
    start = next((place for kind, place in _boxes(data) if kind == b"jp2c"), None)
    try:
        if start is None or not data.startswith(CODESTREAM, start):
            raise PictureError(f"{name} is damaged (it holds no codestream); save it anew")
        right, bottom, _, _, width, height, left, top, components = struct.unpack_from(
            ">8LH", data, start + 8
        )
    except struct.error:
        raise PictureError(f"{name} is damaged (its header is cut short)") from None
    tiles = -(-(right - left) // max(1, width)) * -(-(bottom - top) // max(1, height))
    if right * bottom > pixels.size or tiles > _MOST_TILES or components > _MOST_COMPONENTS:
        raise PictureError(
            f"{name} is a JPEG 2000 of {right} x {bottom} px in {tiles} tiles and {components} "
            f"channels; {pixels.size / 1e6:.0f} MP ({pixels.setting}), {_MOST_TILES} and "
            f"{_MOST_COMPONENTS} are the limits. Save it anew."
        )
    return 8 * int(components) * int(right) * int(bottom)


def _boxes(data: bytes) -> Iterator[tuple[bytes, int]]:
    """Yield the kind of every box of a JPEG 2000 and where its content begins."""
    if data.startswith(CODESTREAM):
        yield b"jp2c", 0
        return
    place = 0
    while place + 8 <= len(data):
        length, head = int.from_bytes(data[place : place + 4], "big"), 8
        if length == 1:
            length, head = int.from_bytes(data[place + 8 : place + 16], "big"), 16
        yield data[place + 4 : place + 8], place + head
        if length < head:  # to the end of the file, or damaged
            return
        place += length
