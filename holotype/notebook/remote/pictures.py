"""Pictures as a service takes them."""

from __future__ import annotations

import io
from pathlib import Path, PurePath

from holotype.index.errors import PictureError
from holotype.index.pictures.inputs import Picture, named_file, read_input
from holotype.index.pictures.reading import media_type, read_bytes

_HEAD = 16  # bytes that tell of which kind a file is
_SENT = frozenset({"image/jpeg", "image/png", "image/webp", "image/tiff"})
_FILES = bytes | bytearray | memoryview


def upload_of(picture: Picture, number: int) -> tuple[str, bytes]:
    """Return the name and the file of a picture; what a service does not read is sent as PNG.

    Args:
        picture: see `Picture`.
        number: of the picture, for one that is no file.

    Raises:
        PictureError: it cannot be read.
    """
    path = named_file(picture)
    if path:
        data = read_bytes(Path(path))
        return PurePath(path).name, data if is_sent(data) else _as_png(picture)
    if isinstance(picture, _FILES) and is_sent(bytes(picture)):
        return f"picture {number}", bytes(picture)
    return f"picture {number}", _as_png(picture)


def is_sent(data: bytes) -> bool:
    """Return whether a service reads a file of this kind."""
    try:
        return media_type(data[:_HEAD]) in _SENT
    except PictureError:
        return False


def _as_png(picture: Picture) -> bytes:
    image, _ = read_input(picture)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()
