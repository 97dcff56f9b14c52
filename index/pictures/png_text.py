"""Texts and profiles in a PNG that are longer than Pillow takes: pictures are read without them.

Editors write their history into a PNG, which may take megabytes. Nothing of it is needed but which
way up the picture is.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator

from .depth import UnclearError

_TAKEN = 1 << 20  # bytes of a text, unpacked, that Pillow takes
_LONGEST = 16 << 20  # of all that are left out together
_RATIO = 1032  # at most, of what is unpacked to what is packed
_PIECE = 1 << 16
_KINDS = (b"zTXt", b"iTXt", b"iCCP")
_XMP = b"XML:com.adobe.xmp"
_ORIENTATION = re.compile(rb"tiff:Orientation(?:=\"|>)([1-8])")


def without_long_text(data: bytes) -> bytes:
    """Return a PNG without its long texts and profiles; the file itself where it has none.

    Raises:
        UnclearError: they are longer than any program writes.
    """
    left = [(start, end, text) for start, end, text in _long(data)]
    if not left:
        return data
    parts, place = [], 0
    for start, end, instead in left:
        parts += [data[place:start], instead]
        place = end
    return b"".join([*parts, data[place:]])


def _long(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield where chunks that are too long begin and end, and what takes their place."""
    place, total = 8, 0
    while place + 8 <= len(data):
        length, kind = struct.unpack_from(">L4s", data, place)
        end = place + 12 + length
        if kind == b"IEND" or end > len(data):
            return
        if kind in _KINDS and length > _TAKEN // _RATIO:
            body = data[place + 8 : end - 4]
            unpacked, orientation = _length(kind, body, _LONGEST - total)
            if unpacked > _TAKEN:
                total += unpacked if unpacked > length else 0  # others take no work
                if total > _LONGEST:
                    raise UnclearError(
                        f"holds texts of more than {_LONGEST >> 20} MB beside its pixels; save it "
                        "without metadata"
                    )
                yield place, end, _xmp(orientation) if orientation else b""
        place = end


def _length(kind: bytes, body: bytes, most: int) -> tuple[int, bytes]:
    """Return how long a chunk's text is, just above `most` at most, and an orientation in it."""
    packed, keyword = _packed(kind, body)
    if packed is None:  # not packed, so that its length is known
        found = _ORIENTATION.search(body) if keyword == _XMP else None
        return len(body), found[1] if found else b""
    unpacker, length, rest, orientation, tail = zlib.decompressobj(), 0, packed, b"", b""
    while rest and length <= most and not unpacker.eof:
        try:
            piece = unpacker.decompress(rest, _PIECE)
        except zlib.error:
            break
        rest = unpacker.unconsumed_tail
        length += len(piece)
        if keyword == _XMP and not orientation:
            found = _ORIENTATION.search(tail + piece)
            orientation, tail = found[1] if found else b"", piece[-40:]
    return length, orientation


def _packed(kind: bytes, body: bytes) -> tuple[bytes | None, bytes]:
    """Return the packed text of a chunk, None where it is not packed, and its keyword."""
    keyword, _, rest = body.partition(b"\0")
    if kind != b"iTXt":
        return rest[1:], keyword
    if rest[:1] != b"\1":
        return None, keyword
    return rest[2:].split(b"\0", 2)[-1], keyword


def _xmp(orientation: bytes) -> bytes:
    """Return a chunk with nothing but an orientation."""
    body = b"iTXt" + _XMP + b"\0\0\0\0\0" + b'<x tiff:Orientation="' + orientation + b'"/>'
    return struct.pack(">L", len(body) - 4) + body + struct.pack(">L", zlib.crc32(body))
