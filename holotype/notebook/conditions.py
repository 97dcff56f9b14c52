"""Conditions on images as Python says them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from numbers import Real
from typing import Any, TypeAlias

import numpy as np

from holotype.index.errors import UsageError

from .door.arguments import is_text, shown

Where: TypeAlias = str | Sequence[str] | Mapping[str, object] | None

_SIGNS = ("|", '"', "..")  # by which a text would be a list or a range


def conditions(where: Where) -> list[str]:
    """Return conditions as filters have them.

    Args:
        where: columns with the value that each must have, several values of which one will do, or
            None for no value; or filters such as `latitude>=45`, one or a list.

    Raises:
        UsageError: it is of another kind.

    >>> conditions({"family": "Noctuidae", "sex": None, "year": [2019, 2020]})
    ['family=Noctuidae', 'sex=', 'year=2019|2020']
    >>> conditions("split!=test"), conditions(None)
    (['split!=test'], [])
    >>> conditions({"recordedBy": "O. Pear | A. Pear"})
    ['recordedBy="O. Pear | A. Pear"']
    """
    if where is None:
        return []
    if isinstance(where, Mapping):
        return [f"{_column(column)}={_values(value)}" for column, value in where.items()]
    alone = isinstance(where, str) or not isinstance(where, Iterable)
    several: list[Any] = [where] if alone else list(where)
    if not all(map(is_text, several)):
        raise UsageError(
            f"{shown(where)} is no condition; give a dict, such as {{'family': 'Noctuidae'}}, or "
            "filters as texts, such as 'latitude>=45'"
        )
    return several


def _column(named: object) -> str:
    if not is_text(named):
        raise UsageError(f"{shown(named)} is no column; name one as a text, such as 'family'")
    return str(named)


def _values(value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | Mapping):
        return "|".join(map(_text, value))
    return _text(value)


def _text(value: object) -> str:
    """Return a value as a filter reads it as that text and nothing else."""
    if not (value is None or is_text(value) or isinstance(value, Real | np.bool_ | date)):
        raise UsageError(f"{shown(value)} is no value of a column; give a text, a number or None")
    text = "" if value is None else str(value)
    if any(sign in text for sign in _SIGNS):
        doubled = text.replace('"', '""')
        return f'"{doubled}"'
    return text
