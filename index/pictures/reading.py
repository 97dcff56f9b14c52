"""Reading pictures safely: allow-list, limits before decoding, orientation, padding, hashes.

Whatever comes in, what goes out is an upright 8-bit RGB picture, or a `PictureError` of one
sentence. Nothing here trusts a file's extension.
"""

from __future__ import annotations

import hashlib
import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from PIL import ExifTags, Image, TiffImagePlugin, UnidentifiedImageError

from ..arrays import Pixels
from ..errors import PictureError
from ..files.regular import Limit, read_regular
from ..settings import settings
from .bands import Bands, as_grey, has_deep_planes
from .checks import Limits, check_file, check_work
from .depth import UnclearError, is_shallow, join, low_byte_tiles, said_by
from .kinds import HEAD, is_read, kind_of, why_unread
from .png_text import without_long_text
from .rgb import reduction, to_rgb

UPLOADED = ("JPEG", "PNG", "WEBP", "TIFF")  # what is decoded for strangers
FORMATS = (*UPLOADED, "GIF", "BMP", "AVIF", "JPEG2000")
_BEGINNINGS = {
    b"\xff\xd8": "jpeg",
    b"\x89PNG": "png",
    b"RIFF": "webp",
    b"GIF8": "gif",
    b"BM": "bmp",
    b"\0\0\0\x0cjP  ": "jp2",
    b"II": "tiff",
    b"MM": "tiff",
}
_BOMB = re.compile(r"\((\d+) pixels\)")
LONGEST = 16  # times what a picture is scaled to; longer ones are first shrunk by a whole factor

_TURNS: dict[object, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}

# Our own limit is checked before anything is decoded; Pillow's would only add a second voice. And
# what it thinks of a tag is for nobody: one file can make it say so thousands of times.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)
warnings.filterwarnings("ignore", category=UserWarning, module=r"PIL\.")
logging.getLogger("PIL").addHandler(logging.NullHandler())


Named = Path | str | bytes | None


class PictureReader(Protocol):
    """What reads pictures as `read_picture` does, in this process or in another."""

    def __call__(self, data: bytes, *, target: int = 0, name: Named = None) -> Image.Image:
        """Return one picture as upright 8-bit RGB."""


def read_bytes(source: Path | bytes, limit: Limit | None = None) -> bytes:
    """Return a file's bytes.

    Args:
        source: the file, or its bytes already.
        limit: the most of them; by default `HOLOTYPE_MAX_FILE_BYTES`.

    Raises:
        PictureError: it is missing, no regular file, over the limit, or cannot be read.
    """
    if isinstance(source, bytes):
        return source
    try:
        return read_regular(source, limit or file_limit())
    except FileNotFoundError:
        raise PictureError(f"{source} does not exist; correct the path") from None
    except OSError as error:
        raise PictureError(f"{source} cannot be read ({error.strerror}); check the file") from error
    except ValueError as error:  # a name that no file can have, with a zero byte
        raise PictureError(f"{str(source)!r} is not a file name ({error}); correct it") from error


def file_limit() -> Limit:
    """Return how large a picture's file may be."""
    return Limit(settings().max_file_bytes, "HOLOTYPE_MAX_FILE_BYTES")


def limits_of_settings() -> Limits:
    """Return what decoding one picture may take in this process."""
    most = settings()
    return Limits(
        Limit(most.max_pixels, "HOLOTYPE_MAX_PIXELS"),
        Limit(most.max_scans, "HOLOTYPE_MAX_SCANS"),
        Limit(most.max_decoded_bytes, "HOLOTYPE_MAX_DECODED_BYTES"),
    )


def read_picture(data: bytes, *, target: int = 0, name: Named = None) -> Image.Image:
    """Read one picture as upright 8-bit RGB.

    Args:
        data: a file's content.
        target: the side in pixels that the picture will be scaled to. Where the file is at least
            twice as large, a JPEG is decoded at a fraction of its size, which is several times
            faster; where its long side is over `LONGEST` times as large, any is shrunk. 0 decodes
            at full size.
        name: what messages call it; bytes and None are "The picture".

    Raises:
        PictureError: of none of `FORMATS`; over `HOLOTYPE_MAX_PIXELS`,
            `HOLOTYPE_MAX_SCANS` or `HOLOTYPE_MAX_DECODED_BYTES`; damaged.
    """
    return read_with_size(data, target=target, name=name)[0]


def read_with_size(
    data: bytes,
    *,
    target: int = 0,
    name: Named = None,
    limits: Limits | None = None,
    formats: tuple[str, ...] = FORMATS,
) -> tuple[Image.Image, tuple[int, int]]:
    """Return what `read_picture` and `picture_size` do, having opened the picture once.

    Args:
        limits: others than those of the settings.
        formats: those that are read, of `FORMATS`.
    """
    limits = limits or limits_of_settings()
    opened = _opened(data, name, limits.pixels, formats)
    with opened.image as image, _refusing_damage(name):
        if target and image.format == "JPEG" and image.mode in ("RGB", "L"):
            image.draft(image.mode, (2 * target, 2 * target))
        whole = reduction(image.size, LONGEST * target) == 1
        _decode(opened, named(name), limits, whole=whole)
        return _upright(image, target, opened.bands), opened.size


def _decode(opened: _Opened, name: str, limits: Limits, *, whole: bool) -> None:
    """Decode a picture where it is; of 16-bit colours, the highest 8 bits that are used."""
    image, data, size = opened.image, opened.data, opened.size
    if opened.bands is not None:  # the pixels of every band count as one
        pixels = limits.pixels
        limits = limits._replace(pixels=Limit(pixels.size * opened.bands.count, pixels.setting))
    check_work(image, data, size, name, limits, whole=whole)
    low_bytes = low_byte_tiles(image)
    image.load()
    if low_bytes is None:
        return
    image.info.pop("transparency", None)  # a colour of 16 bits, which is no colour of 8
    if is_shallow(image):
        besides = 4 * image.width * image.height
        again = Image.open(io.BytesIO(data), formats=FORMATS)
        again.tile = low_bytes
        check_work(again, data, size, name, limits, whole=whole, besides=besides)
        again.load()
        join(image, again, said_by(image))


def read_opened(image: Image.Image, *, target: int = 0, name: Named = None) -> Image.Image:
    """Return what `read_picture` does, of a Pillow image, which stays as it is.

    Raises:
        PictureError: it cannot be decoded.
    """
    with _refusing_damage(name):
        return _upright(image, target)


def _upright(image: Image.Image, target: int, bands: Bands | None = None) -> Image.Image:
    image.load()
    turn = _turn(image) if bands is None else _TURNS.get(bands.orientation)
    picture = to_rgb(image, LONGEST * target, bands)
    return picture if turn is None else picture.transpose(turn)


@contextmanager
def _refusing_damage(name: Named) -> Iterator[None]:
    """Say in one sentence what decoding stumbles over."""
    try:
        yield
    except PictureError:
        raise
    except UnclearError as error:
        raise PictureError(f"{named(name)} {error}") from None
    except MemoryError:
        raise PictureError(
            f"{named(name)} takes more memory to decode than there is; resize it"
        ) from None
    except Exception as error:  # Pillow's plugins raise many kinds on damaged data
        raise PictureError(
            f"{named(name)} is damaged or cut short ({error}); copy it again from its source"
        ) from error


def picture_size(data: bytes, *, name: Named = None) -> tuple[int, int]:
    """Return (width, height) in pixels from the header alone; the checks of `read_picture`."""
    opened = _opened(data, name, limits_of_settings().pixels)
    with opened.image:
        return opened.size


def media_type(head: bytes) -> str:
    """Return a picture's media type, such as image/jpeg.

    Args:
        head: the first bytes of its file, 12 or more.

    Raises:
        PictureError: they begin none of `FORMATS`.
    """
    for beginning, kind in _BEGINNINGS.items():
        if head.startswith(beginning) and (kind != "webp" or head[8:12] == b"WEBP"):
            return f"image/{kind}"
    if head[4:12] in (b"ftypavif", b"ftypavis"):
        return "image/avif"
    raise PictureError("The file is not a JPEG, PNG, WebP or TIFF picture")


class _Opened(NamedTuple):
    """A picture that is opened and not decoded."""

    image: Image.Image
    size: tuple[int, int]
    data: bytes
    bands: Bands | None = None


def _opened(data: bytes, name: Named, pixels: Limit, formats: tuple[str, ...] = FORMATS) -> _Opened:
    """Open a picture without decoding it, refusing what is not allowed."""
    limit = pixels.size
    try:
        check_file(data, named(name))
        opened = _open(data, pixels, formats)
    except PictureError:
        raise
    except UnclearError as error:
        raise PictureError(f"{named(name)} {error}") from None
    except UnidentifiedImageError:
        raise PictureError(_unidentified(data, named(name))) from None
    except Image.DecompressionBombError as error:  # its size is nowhere but in the sentence
        found = _BOMB.search(str(error))
        size = f"{int(found[1]) / 1e6:.0f} MP" if found else "too large"
        raise PictureError(_too_large(named(name), size, limit)) from None
    except Exception as error:  # a plugin that stumbles over a hostile header
        raise PictureError(
            f"{named(name)} is damaged ({error}); copy it again from its source"
        ) from None
    width, height = opened.size
    if width * height > limit:
        opened.image.close()
        size = f"{width} x {height} px ({width * height / 1e6:.0f} MP)"
        raise PictureError(_too_large(named(name), size, limit))
    return opened


def _open(data: bytes, pixels: Limit, formats: tuple[str, ...]) -> _Opened:
    if data.startswith(b"\x89PNG"):
        data = without_long_text(data)
    if Image.MAX_IMAGE_PIXELS is not None and pixels.size > Image.MAX_IMAGE_PIXELS:
        Image.MAX_IMAGE_PIXELS = pixels.size  # Pillow's own limit is twice that, and never ours
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except UnidentifiedImageError:
        in_bands = as_grey(data)
        if in_bands is None:
            raise
        return _open_bands(*in_bands, pixels)
    if has_deep_planes(image) and (in_bands := as_grey(data)) is not None:
        return _open_bands(*in_bands, pixels)
    return _Opened(image, image.size, data)


def _open_bands(data: bytes, bands: Bands, pixels: Limit) -> _Opened:
    """Open what `as_grey` returns; Pillow's own limit would count every band."""
    width, height = bands.size
    if width * height > pixels.size:
        return _Opened(Image.new("L", (1, 1)), bands.size, data, bands)  # to be refused
    try:
        image = TiffImagePlugin.TiffImageFile(io.BytesIO(data))
    except (SyntaxError, KeyError) as error:
        raise UnclearError(f"is a TIFF of a kind that is not read ({error}); {_PLAIN}") from None
    return _Opened(image, bands.size, data, bands)


_PLAIN = "save it anew, in 8 or 16 bits a band"


def _unidentified(data: bytes, name: str) -> str:
    """Return why Pillow does not know a picture."""
    if not data:
        return f"{name} is an empty file; copy it again from its source"
    kind = kind_of(name, data[:HEAD])
    if kind and not is_read(kind):
        return f"{name}: {why_unread(kind)}"
    if data.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return f"{name} is a TIFF of a kind that is not read, or damaged; {_PLAIN}"
    return f"{name} is not a JPEG, PNG, WebP or TIFF picture; convert it or leave it out"


def _too_large(name: str, size: str, limit: int) -> str:
    return (
        f"{name} is {size}; the limit is {limit / 1e6:.0f} MP (HOLOTYPE_MAX_PIXELS). "
        "Resize it or raise the limit."
    )


def named(name: Named) -> str:
    """Return what messages call a picture."""
    return "The picture" if name is None or isinstance(name, bytes) else str(name)


def _turn(image: Image.Image) -> Image.Transpose | None:
    """Return how to turn a picture the way its camera was held; None where it is upright.

    Only the orientation is read: Pillow's `exif_transpose` writes the other tags anew, and fails
    on pictures whose makers wrote them wrongly.
    """
    try:
        return _TURNS.get(image.getexif().get(ExifTags.Base.Orientation))
    except Exception:  # unreadable EXIF says nothing about a picture that is whole
        return None


def edge_colour(pixels: Pixels) -> Pixels:
    """Return the mean colour of the outermost pixels: what the specimen lies on."""
    sides = (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1])
    mean: Pixels = np.concatenate(sides).mean(axis=0).round().astype(np.uint8)
    return mean


def shrink(image: Image.Image, limit: int) -> Image.Image:
    """Bring the long side below a limit in pixels, by a whole factor; most pictures stay as is.

    Without it a strip of 30,000 x 1,000 px, legitimate by its area, pads to a square of 900 MP.
    """
    factor = reduction(image.size, limit)
    return image if factor <= 1 else image.reduce(factor)


def pad_to_square(image: Image.Image) -> Pixels:
    """Pad the short sides with the edge colour: nothing is stretched and nothing is cut off.

    Returns:
        uint8 [side, side, 3], the long side of the picture.
    """
    pixels = np.array(image)
    height, width = pixels.shape[:2]
    if height == width:
        return pixels
    side = max(height, width)
    square = np.empty((side, side * 3), np.uint8)
    square[:] = np.tile(edge_colour(pixels), side)  # by whole rows, several times faster
    square = square.reshape(side, side, 3)
    top, left = (side - height) // 2, (side - width) // 2
    square[top : top + height, left : left + width] = pixels
    return square


def content_hash(data: bytes) -> str:
    """Return the sha256 of a file's bytes, as hex."""
    return hashlib.sha256(data).hexdigest()


def perceptual_hash(image: Image.Image) -> int:
    """Return a 64-bit DCT hash; copies that were re-encoded or resized differ in few bits.

    The signs of the 8 x 8 lowest frequencies against their median (Zauner 2010, "Implementation
    and benchmarking of perceptual image hash functions").
    """
    from scipy.fft import dctn  # takes longer to load than all else that a decoder needs

    grey = np.asarray(image.convert("L").resize((32, 32), Image.Resampling.BOX), np.float32)
    low = dctn(grey, norm="ortho")[:8, :8].ravel()
    bits = low > np.median(low)
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def thumbnail(image: Image.Image, side: int) -> bytes:
    """Return a JPEG of at most `side` pixels on the long side, without metadata."""
    small = image.copy()
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
