"""TIFFs whose bands Pillow does not take together: read as grey values side by side.

The directory is written anew behind the file: one band, as many times as wide (or, where each band
has a plane of its own, as high). What decodes stays Pillow, and every check is made of that.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, replace

import numpy as np
from PIL import Image, TiffImagePlugin

from .depth import UnclearError, Values

_LITTLE, _BIG = b"II*\0", b"MM\0*"
_WIDTH, _HEIGHT, _BITS, _PACKING, _PHOTOMETRIC = 256, 257, 258, 259, 262
_SAMPLES, _ROWS, _PLANAR, _PREDICTOR, _TILE_WIDTH, _TILE_HEIGHT = 277, 278, 284, 317, 322, 323
_ORIENTATION, _EXTRA, _FORMAT = 274, 338, 339
_CHANGED = (_WIDTH, _HEIGHT, _BITS, _PHOTOMETRIC, _SAMPLES, _ROWS, _PLANAR, _FORMAT, _TILE_WIDTH)
_SHORT = (_BITS, _PHOTOMETRIC, _SAMPLES, _PLANAR, _FORMAT)  # the others take 32 bits
_DROPPED = (_EXTRA, _ORIENTATION)
_RGB, _GREYS = 2, (0, 1)
_MOST = 64  # bands
_NUMBERS = {1: "whole numbers", 2: "signed whole numbers", 3: "fractions"}
_READ = {(8, 1), (16, 1), (16, 2), (32, 1), (32, 2), (32, 3)}  # bits and format of a value


@dataclass(frozen=True)
class Bands:
    """How the bands of a picture lie in a grey one.

    Attributes:
        size: of the picture, in pixels.
        count: of the bands.
        shown: so many of the first of them are shown, 1 or 3.
        in_planes: they lie below each other, else side by side.
        orientation: as EXIF has it.
    """

    size: tuple[int, int]
    count: int
    shown: int
    in_planes: bool = False
    orientation: int = 1

    def values(self, grey: Image.Image, box: tuple[int, int, int, int]) -> Values:
        """Return the values of a part of the picture, [h, w, shown]."""
        left, top, right, bottom = box
        if self.in_planes:
            height = self.size[1]
            starts = [height * band for band in range(self.shown)]
            planes = [grey.crop((left, top + y, right, bottom + y)) for y in starts]
            return np.stack([np.asarray(plane) for plane in planes], axis=2)
        wide = np.asarray(grey.crop((left * self.count, top, right * self.count, bottom)))
        return wide.reshape(bottom - top, right - left, self.count)[:, :, : self.shown]


@dataclass(frozen=True)
class _Said:
    """What a TIFF's first directory says."""

    width: int
    height: int
    samples: int
    bits: tuple[int, ...]
    formats: tuple[int, ...]
    photometric: int
    planar: int
    packing: int
    predictor: int
    rows: int
    tile: tuple[int, int]
    orientation: int

    def __str__(self) -> str:
        kind = " and ".join(_NUMBERS.get(one, "other values") for one in sorted(set(self.formats)))
        bits = " and ".join(map(str, sorted(set(self.bits))))
        bands = "1 band" if self.samples == 1 else f"{self.samples} bands"
        return f"a TIFF of {bands} of {bits}-bit {kind}"


def has_deep_planes(image: Image.Image) -> bool:
    """Return whether an opened TIFF has bands of 16 bits in planes, which Pillow reads as 8."""
    if not isinstance(image, TiffImagePlugin.TiffImageFile):
        return False
    tags = image.tag_v2
    bits = tags.get(_BITS)
    deep = isinstance(bits, tuple) and len(bits) > 1 and max(bits) > 8
    return deep and tags.get(_PLANAR) == 2


def as_grey(data: bytes) -> tuple[bytes, Bands] | None:
    """Return a TIFF with a directory that Pillow reads, and how its bands lie there.

    Returns:
        None where the file is no TIFF whose directory can be read.

    Raises:
        UnclearError: a TIFF that cannot be read so.
    """
    if data[:4] not in (_LITTLE, _BIG):
        return None
    said = _said(data)
    if said is None:
        return None
    _require_readable(said)
    shown = 3 if said.photometric == _RGB else 1
    bands = Bands(
        (said.width, said.height), said.samples, shown, said.planar == 2, said.orientation
    )
    if bands.in_planes:
        rows = min(said.rows or said.height, said.height)
        new = replace(said, height=said.height * said.samples, rows=rows)
    else:
        wider = (said.tile[0] * said.samples, said.tile[1])
        new = replace(said, width=said.width * said.samples, tile=wider)
    return _rewritten(data, new), bands


def _require_readable(said: _Said) -> None:
    if said.samples > _MOST:
        raise UnclearError(f"is {said}; {_MOST} bands are the limit, of which three are shown")
    kinds = set(zip(said.bits, said.formats, strict=False))
    way = "which is not read; save it in 8 or 16 bits a band"
    if len(kinds) != 1 or kinds - _READ:
        raise UnclearError(f"is {said}, {way}")
    if said.photometric not in (_RGB, *_GREYS) or (said.photometric == _RGB and said.samples < 3):
        raise UnclearError(f"is {said} of colours that are not RGB, {way}")
    step = said.tile[1] or min(said.rows or said.height, said.height)
    if said.planar == 2 and (step <= 0 or said.height % step):
        raise UnclearError(f"is {said} in planes of broken strips, {way}, in one plane")
    if said.planar != 2 and said.predictor != 1 and said.samples > 1:
        raise UnclearError(f"is {said} packed as differences, {way}, or without a predictor")


def _said(data: bytes) -> _Said | None:
    tags = TiffImagePlugin.ImageFileDirectory_v2(data[:8])
    file = io.BytesIO(data)
    try:
        file.seek(tags.next)
        tags.load(file)
        samples = _number(tags, _SAMPLES, 1)
        said = _Said(
            _number(tags, _WIDTH),
            _number(tags, _HEIGHT),
            samples,
            _every(tags, _BITS, samples),
            _every(tags, _FORMAT, samples),
            _number(tags, _PHOTOMETRIC),
            _number(tags, _PLANAR, 1),
            _number(tags, _PACKING, 1),
            _number(tags, _PREDICTOR, 1),
            _number(tags, _ROWS),
            (_number(tags, _TILE_WIDTH), _number(tags, _TILE_HEIGHT)),
            _number(tags, _ORIENTATION, 1),
        )
    except Exception:  # a directory of nonsense, which Pillow has refused before
        return None
    return said if min(said.width, said.height, said.samples) > 0 else None


def _number(tags: TiffImagePlugin.ImageFileDirectory_v2, tag: int, otherwise: int = 0) -> int:
    value = tags.get(tag, otherwise)
    first = value[0] if isinstance(value, tuple) else value
    return int(first)


def _every(tags: TiffImagePlugin.ImageFileDirectory_v2, tag: int, samples: int) -> tuple[int, ...]:
    """Return a tag that has a value for every band; one value is that of all."""
    values = tags.get(tag, (1,))
    found = tuple(int(one) for one in (values if isinstance(values, tuple) else (values,)))
    return found * min(samples, _MOST) if len(found) == 1 else found[:samples]


def _rewritten(data: bytes, new: _Said) -> bytes:
    """Return the file with another directory behind it."""
    order = "<" if data.startswith(b"II") else ">"
    (place,) = struct.unpack_from(f"{order}L", data, 4)
    (count,) = struct.unpack_from(f"{order}H", data, place)
    entries = {}
    for start in range(place + 2, place + 2 + 12 * count, 12):
        (tag,) = struct.unpack_from(f"{order}H", data, start)
        if tag not in (*_CHANGED, *_DROPPED):
            entries[tag] = data[start : start + 12]
    values = {
        _WIDTH: new.width,
        _HEIGHT: new.height,
        _BITS: new.bits[0],
        _PHOTOMETRIC: new.photometric if new.photometric in _GREYS else 1,
        _SAMPLES: 1,
        _ROWS: new.rows,
        _PLANAR: 1,
        _FORMAT: new.formats[0],
        _TILE_WIDTH: new.tile[0],
    }
    for tag, value in values.items():
        if value or tag == _PHOTOMETRIC:
            kind, packed = (3, "HH") if tag in _SHORT else (4, "L")
            more = (0,) if kind == 3 else ()
            entries[tag] = struct.pack(f"{order}HHL{packed}", tag, kind, 1, value, *more)
    body = b"".join(entries[tag] for tag in sorted(entries))
    directory = struct.pack(f"{order}H", len(entries)) + body + bytes(4)
    even = data + b"\0" * (len(data) % 2)
    return even[:4] + struct.pack(f"{order}L", len(even)) + even[8:] + directory
