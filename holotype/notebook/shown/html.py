"""Pieces of HTML for a notebook; every text in them comes from others, and is escaped."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from pathlib import Path

from markupsafe import Markup

from holotype.index.visible import visible

_SIDE = 96  # px of a small picture
_BOX = Markup('<div style="font-family: sans-serif; line-height: 1.4; max-width: 60em">{}</div>')
_PICTURE = Markup(
    '<img src="data:image/jpeg;base64,{data}" alt="{alt}" title="{alt}" '
    'style="width: {side}px; height: {side}px; object-fit: contain; margin: 0">'
)
_NO_PICTURE = Markup(
    '<span role="img" aria-label="{alt}" title="{alt}" style="display: inline-block; '
    'width: {side}px; height: {side}px; border: 1px dashed currentColor; opacity: .4"></span>'
)
_FIGURE = Markup(
    '<figure style="display: inline-block; width: {side}px; margin: 0 6px 6px 0; '
    'vertical-align: top; font-size: .75em; overflow-wrap: anywhere">{picture}'
    "<figcaption>{caption}</figcaption></figure>"
)
_CELL = Markup('<td style="text-align: left; vertical-align: top">{}</td>')
_HEAD = Markup('<th style="text-align: left">{}</th>')
_TABLE = Markup("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>")
_MUTED = Markup('<div style="opacity: .7; font-size: .85em">{}</div>')
_LINK = Markup('<div><a href="{address}">{text}</a></div>')
_STRONG = Markup("<div><b>{}</b></div>")


def joined(parts: Iterable[Markup]) -> Markup:
    """Return pieces one after the other."""
    return Markup("").join(parts)


def box(*parts: Markup) -> Markup:
    """Return pieces as one block."""
    return _BOX.format(joined(parts))


def muted(text: str) -> Markup:
    """Return a line of lesser weight; nothing for an empty text."""
    return _MUTED.format(visible(text)) if text else Markup("")


def strong(text: str) -> Markup:
    """Return a line that is read first."""
    return _STRONG.format(visible(text))


def link(address: str, text: str) -> Markup:
    """Return a line that leads to an address of the service, or to a file of this machine."""
    there = address if address.startswith(("http://", "https://")) else Path(address).as_uri()
    return _LINK.format(address=there, text=visible(text))


def picture(data: bytes | None, alt: str, side: int = _SIDE) -> Markup:
    """Return a JPEG as a picture; a frame where there is none."""
    if data is None:
        return _NO_PICTURE.format(alt=visible(alt), side=side)
    coded = base64.b64encode(data).decode("ascii")
    return _PICTURE.format(data=coded, alt=visible(alt), side=side)


def figure(data: bytes | None, alt: str, *caption: str) -> Markup:
    """Return a picture with lines below it."""
    lines = Markup("<br>").join(visible(line) for line in caption)
    return _FIGURE.format(picture=picture(data, alt), caption=lines, side=_SIDE)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Markup:
    """Return a table; a cell may be a piece of HTML, or any value."""
    head = joined(_HEAD.format(visible(column)) for column in columns)
    body = joined(
        Markup("<tr>{}</tr>").format(joined(_CELL.format(_cell(cell)) for cell in row))
        for row in rows
    )
    return _TABLE.format(head, body)


def _cell(value: object) -> object:
    return value if isinstance(value, Markup) else visible(str(value))
