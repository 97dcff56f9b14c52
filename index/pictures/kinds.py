"""What kind of picture a file is, by its first bytes and, where those do not tell, by its name."""

from __future__ import annotations

from pathlib import PurePath

HEAD = 32  # bytes that tell the kind

_READ = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n": "PNG"}
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # cameras' raw files begin so, too
_OTHERS = {
    b"GIF8": "GIF",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
    b"\xff\x4f\xff\x51": "JPEG 2000",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\xff\x0a": "JPEG XL",
    b"8BPS": "Photoshop",
    b"v/1\x01": "OpenEXR",
    b"FUJIFILMCCD-RAW": "camera raw",
    b"FOVb": "camera raw",
    b"IIRO": "camera raw",
    b"IIRS": "camera raw",
    b"IIU\0": "camera raw",
    b"MMOR": "camera raw",
}
_BRANDS = {"avif": "AVIF", "avis": "AVIF", "crx ": "camera raw"}  # of the ISO base media format
_HEIC = ("heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1")

_RAW = (
    "3fr arw cr2 cr3 crw dcr dng erf fff gpr iiq kdc mef mos mrw nef nrw orf pef raf raw rw2 rwl "
    "sr2 srf srw x3f"
)
_BY_SUFFIX = {
    **dict.fromkeys(_RAW.split(), "camera raw"),
    **dict.fromkeys("heic heif hif".split(), "HEIC"),
    **dict.fromkeys("jp2 j2k jpf jpx j2c jpc".split(), "JPEG 2000"),
    **dict.fromkeys("svs ndpi scn mrxs vsi bif czi lif nd2 lsm".split(), "microscope slide"),
    **dict.fromkeys("psd psb".split(), "Photoshop"),
    **dict.fromkeys("pbm pgm pnm ppm".split(), "Netpbm"),
    **{kind.lower(): kind for kind in ("AVIF", "GIF", "BMP", "SVG", "TGA", "PCX", "DICOM", "FITS")},
    "dib": "BMP",
    "jxl": "JPEG XL",
    "exr": "OpenEXR",
    "xcf": "GIMP",
    "dcm": "DICOM",
}
_WAYS = {
    "HEIC": "convert it to JPEG (on a Mac: sips -s format jpeg; elsewhere: heif-convert)",
    "camera raw": "develop it to TIFF or JPEG",
    "microscope slide": "export it as TIFF",
}

READ_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".bmp", ".avif", ".jp2"}
)


def kind_of(name: str, head: bytes) -> str:
    r"""Return the kind of picture that a file is, empty where it is none that is known.

    The first bytes count; the name decides only where they do not tell.

    Args:
        name: of the file.
        head: its first `HEAD` bytes.

    >>> kind_of("IMG_1.HEIC", b"\xff\xd8\xff\xe0"), kind_of("a.dng", b"II*\0")
    ('JPEG', 'camera raw')
    >>> kind_of("notes.txt", b"on Calluna"), kind_of("IMG_1.HEIC", b"")
    ('', 'HEIC')
    """
    by_name = _BY_SUFFIX.get(PurePath(name).suffix[1:].lower(), "")
    for beginning, kind in (*_READ.items(), *_OTHERS.items()):
        if head.startswith(beginning):
            return kind
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return "WebP"
    if head[4:8] == b"ftyp":
        return _kind_of_brand(head) or by_name
    if head.startswith(_TIFF):
        return by_name or "TIFF"
    if head.startswith(b"BM") and head[14:18] in _BMP_HEADERS:
        return "BMP"
    return by_name


_BMP_HEADERS = [size.to_bytes(4, "little") for size in (12, 40, 52, 56, 64, 108, 124)]


def _kind_of_brand(head: bytes) -> str:
    """Return the kind of a file in the ISO base media format, which films are in, too."""
    brands = [head[place : place + 4].decode("latin-1") for place in range(8, len(head) - 3, 4)]
    for brand in brands:
        if brand in _BRANDS:
            return _BRANDS[brand]
    return "HEIC" if brands and brands[0] in _HEIC else ""


def is_read(kind: str) -> bool:
    """Return whether pictures of a kind can be read."""
    return kind in ("JPEG", "PNG", "WebP", "TIFF", "GIF", "BMP", "AVIF", "JPEG 2000")


def why_unread(kind: str) -> str:
    """Return what to tell of a file of a kind that cannot be read, and what to do.

    >>> why_unread("camera raw")
    'it is a camera raw picture, which is not read; develop it to TIFF or JPEG'
    """
    way = _WAYS.get(kind, "save it as PNG, TIFF or JPEG")
    article = "an" if kind[:1] in "AEIO" else "a"
    return f"it is {article} {kind} picture, which is not read; {way}"
