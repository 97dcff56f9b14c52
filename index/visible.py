"""Texts from others as a terminal and a spreadsheet may show them: none is obeyed."""

from __future__ import annotations

import re
import unicodedata

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # by which a spreadsheet takes text for a formula
_NUMBER = re.compile(r"[+-]?(?:\d+(?:[.,]\d*)?|[.,]\d+)(?:[eE][+-]?\d+)?")
_SPACES = "Zs"  # the category of spaces, which `str.isprintable` counts as not printable


def visible(text: str, *, keep: str = "") -> str:
    """Return a text with escapes for what is no letter, mark, sign or space.

    Control characters move the cursor or change the terminal; others change the direction of what
    follows, or are nothing to see.

    Args:
        text: such as the name of a file.
        keep: characters to leave alone, such as line breaks.

    >>> print(visible("a\x1b[2J\u202egpj.exe"))
    a\\x1b[2J\\u202egpj.exe
    """
    if text.isprintable():
        return text
    return "".join(one if _is_seen(one) or one in keep else _escaped(one) for one in text)


def visible_json(text: str) -> str:
    """Do the same to a JSON document, which means the same afterwards.

    >>> print(visible_json('{"a": "\x9b\U000e0001"}'))
    {"a": "\\u009b\\udb40\\udc01"}
    """
    if text.isprintable():
        return text
    return "".join(one if _is_seen(one) or one == "\n" else _units(one) for one in text)


def guarded(value: object) -> object:
    """Return a cell's value; an apostrophe precedes a text that a spreadsheet would calculate.

    One more precedes a text that begins so already: `unguarded` takes one off.

    >>> guarded("=1+1"), guarded("Xestia"), guarded(-0.5), guarded("-46.21"), guarded("-1e-5")
    ("'=1+1", 'Xestia', -0.5, '-46.21', '-1e-5')
    """
    if not isinstance(value, str) or not value.lstrip("'").startswith(_FORMULA):
        return value
    return value if _NUMBER.fullmatch(value) else f"'{value}"


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given.

    >>> unguarded("'=1+1"), unguarded(guarded("'=1+1")), unguarded("'s-Graveland")
    ('=1+1', "'=1+1", "'s-Graveland")
    """
    return text[1:] if text.startswith("'") and guarded(text[1:]) == text else text


def _is_seen(one: str) -> bool:
    return one.isprintable() or unicodedata.category(one) == _SPACES


def _escaped(one: str) -> str:
    return one.encode("unicode_escape").decode("ascii")


def _units(one: str) -> str:
    """Return a character as JSON's escapes of its UTF-16 units."""
    data = one.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{data[at : at + 2].hex()}" for at in range(0, len(data), 2))
