"""Pictures that are meant to keep a service busy, or to fill its memory.

python -m tests.hostile.uploads FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from tests.hostile import drawing

UPLOADS: dict[str, Callable[[], bytes]] = {
    "1,000 scans": lambda: drawing.of_scans(1000, 6400, 6200, progressive=True),
    "10,000 scans": lambda: drawing.of_scans(10_000, 6400, 6200, progressive=True),
    "comments": lambda: drawing.jpeg_with(drawing.segment(0xFE, b"") * 1_000_000),
    "stray bytes": lambda: drawing.jpeg_with(bytes(10_000_000)),
    "a tile of 676 MP": lambda: drawing.tile(26_000),
    "a strip of 768 MP": lambda: drawing.strips(16_000, 16_000, 2**31 - 1),
    "16 bits": lambda: drawing.png(8000, 5000, 16, 0),
    "16 bits, interlaced": lambda: drawing.png(8000, 5000, 16, 6, interlace=1),
    "empty chunks": lambda: drawing.png(64, 64, extra=drawing.chunk(b"abCd") * 1_000_000),
    "a text": lambda: drawing.png(
        64, 64, extra=drawing.chunk(b"zTXt", b"C\0\0" + drawing.deflated(900_000_000))
    ),
    "a WebP of 40 MP": lambda: drawing.encoded(drawing.flat(6400, 6200), "WEBP", method=0),
    "overlapping strips": lambda: drawing.overlapping_strips(60_000, 10_000_000),
    "a strip of 65,535 x 600 px": lambda: drawing.jpeg(65_500, 600),
}


if __name__ == "__main__":
    for name, draw in UPLOADS.items():
        (Path(sys.argv[1]) / name).write_bytes(draw())
