"""Conditions on images as Python says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Where: TypeAlias = str | Sequence[str] | Mapping[str, object] | None

_SIGNS = ("|", '"', "..")  # by which a text would be a list or a range


def conditions(where: Where) -> list[str]:
    """Return conditions as filters have them.

    Args:
        where: columns with the value that each must have, several values of which one will do, or
            None for no value; or filters such as `latitude>=45`, one or a list.

    >>> conditions({"family": "Noctuidae", "sex": None, "year": [2019, 2020]})
    ['family=Noctuidae', 'sex=', 'year=2019|2020']
    >>> conditions("split!=test"), conditions(None)
    (['split!=test'], [])
    >>> conditions({"recordedBy": "O. Pear | A. Pear"})
    ['recordedBy="O. Pear | A. Pear"']
    """
    if where is None:
        return []
    if isinstance(where, str):
        return [where]
    if isinstance(where, Mapping):
        return [f"{column}={_values(value)}" for column, value in where.items()]
    return list(where)


def _values(value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "|".join(map(_text, value))
    return _text(value)


def _text(value: object) -> str:
    """Return a value as a filter reads it as that text and nothing else."""
    text = "" if value is None else str(value)
    if any(sign in text for sign in _SIGNS):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text
