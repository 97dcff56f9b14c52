"""Pictures that are small on disk and large in work: drawn here, never kept."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image

Tags = dict[int, tuple[int, list[int]]]  # tag: type (3 SHORT, 4 LONG), values


def encoded(image: Image.Image, form: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def flat(width: int, height: int, mode: str = "RGB") -> Image.Image:
    return Image.new(mode, (width, height))


# JPEG -------------------------------------------------------------------------------------------


def segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg(width: int = 64, height: int = 48, mode: str = "RGB", **options: Any) -> bytes:
    return encoded(flat(width, height, mode), "JPEG", **options)


def jpeg_with(inserted: bytes) -> bytes:
    """A small JPEG with something right after its first marker."""
    whole = jpeg()
    return whole[:2] + inserted + whole[2:]


def of_scans(count: int, width: int, height: int, mode: str = "L", *, progressive: bool) -> bytes:
    """A JPEG whose last scan comes again and again."""
    whole = jpeg(width, height, mode, progressive=progressive, quality=50)
    last, end = whole.rindex(b"\xff\xda"), whole.rindex(b"\xff\xd9")
    return whole[:end] + whole[last:end] * (count - 1) + whole[end:]


# PNG --------------------------------------------------------------------------------------------


def chunk(kind: bytes, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(
    width: int,
    height: int,
    depth: int = 8,
    colour: int = 2,
    *,
    interlace: int = 0,
    extra: bytes = b"",
) -> bytes:
    """A PNG of zeros, which deflate to nothing."""
    samples = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}[colour]
    row = bytes(1 + -(-width * samples * depth // 8))
    packer = zlib.compressobj(9)
    rows = height if not interlace else 2 * height  # enough for all passes
    many = 1 + (1 << 20) // len(row)
    data = b"".join(packer.compress(row * min(many, rows - y)) for y in range(0, rows, many))
    data += packer.flush()
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlace)
    parts = chunk(b"IHDR", header), extra, chunk(b"IDAT", data), chunk(b"IEND")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


# TIFF -------------------------------------------------------------------------------------------


def tiff(tags: Tags, pixels: bytes, *, next_ifd: int = 0, extra: bytes = b"") -> bytes:
    """A little-endian TIFF: header, directory, long values, pixels.

    A value of -1 stands for where the pixels begin.
    """
    place = 8 + 2 + 12 * len(tags) + len(extra) + 4
    sizes = {3: 2, 4: 4}
    start = place + sum(
        sizes[kind] * len(values) for kind, values in tags.values() if sizes[kind] * len(values) > 4
    )
    entries, body = b"", b""
    for tag, (kind, values) in sorted(tags.items()):
        real = [start if value == -1 else value for value in values]
        packed = struct.pack(f"<{len(real)}{'H' if kind == 3 else 'I'}", *real)
        if len(packed) > 4:
            entries += struct.pack("<HHII", tag, kind, len(real), place + len(body))
            body += packed
        else:
            entries += struct.pack("<HHI", tag, kind, len(real)) + packed.ljust(4, b"\0")
    number = struct.pack("<H", len(tags) + len(extra) // 12)
    head = b"II*\0" + struct.pack("<I", 8) + number + entries + extra + struct.pack("<I", next_ifd)
    return head + body + pixels


def tags(width: int, height: int, packing: int, **more: tuple[int, list[int]]) -> Tags:
    """The tags of an RGB picture; more are given as `t277=(3, [3])`."""
    own: Tags = {
        256: (4, [width]),
        257: (4, [height]),
        258: (3, [8, 8, 8]),
        259: (3, [packing]),
        262: (3, [2]),
        277: (3, [3]),
        284: (3, [1]),
    }
    return {**own, **{int(name[1:]): value for name, value in more.items()}}


def deflated(size: int) -> bytes:
    """So many zeros, packed; every megabyte but the last is the same packed bytes."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    block = packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
    rest = packer.compress(bytes(size & 0xFFFFF)) + packer.flush()
    checksum = struct.pack(">I", 1 | (size % 65521) << 16)  # Adler-32 of zeros
    return b"\x78\xda" + block * (size >> 20) + rest + checksum


def tile(side: int) -> bytes:
    """100 x 100 px in one tile of another size."""
    data = deflated(3 * side * side)
    sizes = {"t322": (4, [side]), "t323": (4, [side]), "t324": (4, [-1]), "t325": (4, [len(data)])}
    return tiff(tags(100, 100, 8, **sizes), data)


def strips(width: int, height: int, rows: int, **more: tuple[int, list[int]]) -> bytes:
    """A picture in one deflated strip of so many rows."""
    data = deflated(3 * width * height)
    own = {"t273": (4, [-1]), "t278": (4, [rows]), "t279": (4, [len(data)])}
    return tiff(tags(width, height, 8, **{**own, **more}), data)


def raw_strips(count: int) -> bytes:
    """An unpacked picture in so many strips, all of the same bytes."""
    own = {"t273": (4, [-1] * count), "t278": (4, [1]), "t279": (4, [192] * count)}
    return tiff(tags(64, count, 1, **own), bytes(192))


def overlapping_strips(count: int, size: int) -> bytes:
    """A packed picture whose strips all claim the same long bytes."""
    data = deflated(192).ljust(size, b"\0")
    own = {"t273": (4, [-1] * count), "t278": (4, [1]), "t279": (4, [size] * count)}
    return tiff(tags(64, count, 8, **own), data)


def directory_of(count: int) -> bytes:
    """A small TIFF with so many private tags."""
    extra = b"".join(struct.pack("<HHII", 50_000 + n, 3, 1, 1) for n in range(count))
    own = {"t273": (4, [-1]), "t278": (4, [64]), "t279": (4, [64 * 64 * 3])}
    return tiff(tags(64, 64, 1, **own), bytes(64 * 64 * 3), extra=extra)


def shared_tags(count: int, size: int) -> bytes:
    """An EXIF block whose tags all claim the same bytes."""
    entries = b"".join(struct.pack("<HHII", 1000 + n, 7, size, 8) for n in range(count))
    return b"II*\0" + struct.pack("<IH", 8, count) + entries + bytes(4) + bytes(size)


# WebP -------------------------------------------------------------------------------------------


def riff(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def animated_webp(frames: int) -> bytes:
    pictures = [Image.new("RGB", (16, 16), (n % 8 * 30, n // 8 % 8 * 30, 0)) for n in range(frames)]
    return encoded(pictures[0], "WEBP", lossless=True, save_all=True, append_images=pictures[1:])


def with_canvas(webp: bytes, side: int) -> bytes:
    """An animated WebP that claims a canvas of another size."""
    changed = bytearray(webp)
    place = webp.index(b"VP8X") + 12
    changed[place : place + 6] = 2 * (side - 1).to_bytes(3, "little")
    return bytes(changed)


def noise(width: int, height: int, seed: int = 7) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
