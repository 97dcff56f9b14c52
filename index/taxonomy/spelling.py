"""One spelling for what is written in several: spaces, dashes, crosses, quotes, letters."""

from __future__ import annotations

import html
import re
import unicodedata

_TAGS = re.compile(r"</?(?:b|em|i|small|span|strong|sub|sup|u)\b[^<>]{0,80}>", re.IGNORECASE)
_SAME = str.maketrans(
    {
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63\uff0d", "-"),
        **dict.fromkeys("\u2715\u2716\u2573\u2a09\u2a2f", "×"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb", '"'),
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032\u00b4`", "'"),
        **dict.fromkeys(
            "_*\u2020\u2021\u2640\u2642\u26a5\u26aa", " "
        ),  # also signs of sex, of death
    }
)
_CROSS_LETTER = re.compile(r"(?<=\s)[хХχΧ](?=\s)")  # Cyrillic and Greek
_LONE_MARK = re.compile(r"(?<!\w)[\u0300-\u036f]+")
_UMLAUT = re.compile("(?<![AEIOUYaeiouy])[ÄÖÜäöü]")
_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "oe", "ß": "ss", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
    | {"Ð": "D", "Æ": "Ae", "Œ": "Oe", "Ø": "Oe", "Ł": "L", "Đ": "D", "Þ": "Th", "ı": "i"}
)


def clean_name(name: str) -> str:
    """Return the name with underscores as spaces and single spaces.

    >>> clean_name(" Xestia_c-nigrum ")
    'Xestia c-nigrum'
    """
    return " ".join(name.replace("_", " ").split())


def plain(text: str) -> str:
    """Return a text without mark-up, with one kind of space, dash, cross and quote.

    >>> plain("<i>Polygonia</i>\\u00a0c\\u2011album\\u200b")
    'Polygonia c-album'
    """
    if "&" in text and ";" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAGS.sub("", text)
    text = text.translate(_SAME)
    if not text.isascii() or not text.isprintable():
        text = unicodedata.normalize("NFKC", text).translate(_SAME)
        text = _LONE_MARK.sub("", text)
        kinds = {char: unicodedata.category(char) for char in set(text)}
        text = "".join(
            char if kinds[char][0] != "C" else " " if kinds[char] == "Cc" else "" for char in text
        )
    return " ".join(_CROSS_LETTER.sub("×", text).split())


def latin(text: str) -> str:
    """Return a scientific name in the letters that the Codes of nomenclature allow.

    Accents and ligatures are no part of a name; a German umlaut is written with an e, a diaeresis
    after another vowel goes (ICZN 32.5.2, ICN 60.7). Other scripts stay as they are.

    >>> latin("Aëdes"), latin("mülleri"), latin("Coöperia"), latin("Célèbes")
    ('Aedes', 'muelleri', 'Cooperia', 'Celebes')
    """
    if text.isascii():
        return text
    text = _UMLAUT.sub(_with_e, unicodedata.normalize("NFC", text)).translate(_LETTERS)
    kept: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        if unicodedata.category(char) != "Mn" or not (kept and kept[-1].isascii()):
            kept.append(char)
    return unicodedata.normalize("NFC", "".join(kept))


def _with_e(umlaut: re.Match[str]) -> str:
    return unicodedata.normalize("NFD", umlaut[0])[0] + "e"
