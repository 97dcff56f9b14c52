"""Multipart forms, read from a whole body: in memory, in UTF-8, in a time that grows with its size.

Parsers that are fed piece by piece look at bytes one at a time and spool files to disk; a body that
is here as a whole, and bounded, is split by its boundary.
"""

from __future__ import annotations

from dataclasses import dataclass

from python_multipart.multipart import parse_options_header

from .problems import FormError, MediaTypeError

MOST_PARTS = 100  # how many pictures or filters count is for the question to say
_LONGEST_HEADER = 2048  # bytes of the header of a part, with the name of its file
_LONGEST_TYPE = 512  # characters of a Content-Type
_LONGEST_BOUNDARY = 70  # RFC 2046


@dataclass(frozen=True)
class Part:
    """A field of a form; `filename` is None where it is no file."""

    name: str
    filename: str | None
    content: bytes

    @property
    def text(self) -> str:
        """The content as text; what is not UTF-8 is replaced."""
        return self.content.decode(errors="replace")


def content_type(header: str) -> tuple[str, dict[bytes, bytes]]:
    """Return the media type of a Content-Type header, in lower case, and its parameters.

    Raises:
        MediaTypeError: it is too long, or names another encoding than UTF-8.
    """
    if len(header) > _LONGEST_TYPE:
        raise MediaTypeError(f"Content-Type has {len(header)} characters; send a short one")
    kind, parameters = parse_options_header(header)
    charset = parameters.get(b"charset", b"utf-8")
    if charset.lower() not in (b"utf-8", b"utf8", b"us-ascii"):
        raise MediaTypeError(f"Content-Type names the charset '{_text(charset)}'; send UTF-8")
    return _text(kind), parameters


def read_form(body: bytes, parameters: dict[bytes, bytes]) -> list[Part]:
    """Return the parts of a multipart body.

    Args:
        parameters: of its Content-Type.

    Raises:
        FormError: it is malformed, or has too many parts.
    """
    boundary = parameters.get(b"boundary", b"")
    if not 1 <= len(boundary) <= _LONGEST_BOUNDARY:
        raise FormError("The form's Content-Type has no boundary of 1 to 70 bytes; send one")
    delimiter = b"\r\n--" + boundary
    first, *parts = body.split(delimiter, MOST_PARTS + 2)
    if first.startswith(delimiter[2:]):
        parts.insert(0, first[len(delimiter) - 2 :])
    *parts, end = parts or [b""]
    if len(parts) > MOST_PARTS:
        raise FormError(f"The form has more than {MOST_PARTS} parts; send fewer")
    if not end.startswith(b"--"):
        raise FormError("The form does not end with its boundary; send all of it")
    return [_part(part) for part in parts]


def _part(part: bytes) -> Part:
    """Read what lies between two boundaries."""
    head, between, content = part.partition(b"\r\n\r\n")
    start = head.partition(b"\r\n")[0]
    if not between or start.strip(b" \t") or len(head) > _LONGEST_HEADER:
        raise FormError("A part of the form has no header, or a malformed or very long one")
    for line in head.split(b"\r\n")[1:]:
        field, _, value = line.partition(b":")
        if field.strip().lower() == b"content-disposition":
            kind, options = parse_options_header(value)
            break
    else:
        kind, options = b"", {}
    if kind != b"form-data" or b"name" not in options:
        raise FormError(
            "A part of the form has no Content-Disposition: form-data with a name; give it one"
        )
    filename = options.get(b"filename")
    return Part(_text(options[b"name"]), None if filename is None else _text(filename), content)


def _text(value: bytes) -> str:
    return value.decode(errors="replace")
