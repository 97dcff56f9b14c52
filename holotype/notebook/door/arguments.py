"""What arguments may be, as the annotations of a method say."""

from __future__ import annotations

import inspect
import os
import re
from ast import literal_eval
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from numbers import Integral, Real
from typing import TypeGuard

import numpy as np

from holotype.index.errors import UsageError

from ..shown.queues import is_entry

_LARGEST = 1 << 63  # numbers that a database holds lie below
_LONGEST = 60  # characters of a refused value that are told
_OR = re.compile(r" \| (?![^\[]*\])")  # between the parts of an annotation, not within one


@dataclass(frozen=True)
class Kind:
    """A part of an annotation.

    Attributes:
        holds: whether a value is of this kind.
        words: what it is called in a sentence; empty for None, which is left out instead.
    """

    holds: Callable[[object], bool]
    words: str


def is_text(value: object) -> bool:
    """Return whether a value is a text that can be stored and sent."""
    return isinstance(value, str) and not any("\ud800" <= sign <= "\udfff" for sign in value)


def _is_path(value: object) -> bool:
    if not isinstance(value, str | os.PathLike):
        return False
    try:
        return isinstance(os.fspath(value), str) and b"\0" not in os.fsencode(value)
    except UnicodeError:
        return False


def is_whole(value: object) -> TypeGuard[int]:
    """Return whether a value is a whole number that a database can hold."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return -_LARGEST <= int(value) < _LARGEST


def _is_number(value: object) -> bool:
    return not isinstance(value, bool) and isinstance(value, Real)


def _all(holds: Callable[[object], bool]) -> Callable[[object], bool]:
    """Return whether a value is a list of what holds: a table's column, but no text."""

    def check(value: object) -> bool:
        if isinstance(value, str | bytes | Mapping | Iterator) or not isinstance(value, Iterable):
            return False
        return all(map(holds, value))

    return check


def _is_table(value: object) -> bool:
    return isinstance(value, Mapping) and all(isinstance(name, str) for name in value)


def _is_texts(value: object) -> bool:
    return _is_table(value) and all(is_text(one) for one in dict(value).values())  # type: ignore[call-overload]


def is_cell(value: object) -> bool:
    """Return whether a value can stand in a column of a table; None is no value."""
    return value is None or is_text(value) or isinstance(value, Real | np.bool_ | date)


def _is_row(value: object) -> bool:
    return isinstance(value, Mapping) and all(
        is_text(name) and is_cell(one) for name, one in value.items()
    )


def _is_in_queue(value: object) -> bool:
    return is_text(value) or is_entry(value)


KINDS: Mapping[str, Kind] = {
    "None": Kind(lambda value: value is None, ""),
    "str": Kind(is_text, "a text"),
    "Path": Kind(_is_path, "a path"),
    "bool": Kind(lambda value: isinstance(value, bool | np.bool_), "True or False"),
    "int": Kind(is_whole, "a whole number"),
    "float": Kind(_is_number, "a number"),
    "Sequence[int]": Kind(_all(is_whole), "a list of whole numbers"),
    "InQueue": Kind(_is_in_queue, "the id of a specimen or an entry of review()"),
    "Sequence[InQueue]": Kind(_all(_is_in_queue), "a list of these"),
    "Sequence[str]": Kind(_all(is_text), "a list of texts"),
    "Sequence[str | Path]": Kind(_all(_is_path), "a list of paths"),
    "Mapping[str, str]": Kind(_is_texts, "a dict of texts"),
    "Mapping[str, str | float | None]": Kind(_is_row, "a dict of texts and numbers"),
    "Mapping[str, Any]": Kind(_is_table, "a dict with names"),
}


def kinds_of(annotation: str) -> list[Kind]:
    """Return what an annotation allows; nothing where what the argument goes to checks it.

    >>> [kind.words for kind in kinds_of("str | Sequence[str] | None")]
    ['a text', 'a list of texts', '']
    >>> [kind.words for kind in kinds_of("Literal['umap', 'pca']")], kinds_of("Where")
    (["'umap' or 'pca'"], [])
    """
    parts = _OR.split(annotation)
    if annotation.startswith("Literal[") and len(parts) == 1:
        return [_one_of(literal_eval(f"({annotation[len('Literal[') : -1]},)"))]
    if not all(part in KINDS for part in parts):
        return []
    # A text that is a path must be one that can be.
    return [
        replace(KINDS[part], holds=_is_path) if part == "str" and "Path" in parts else KINDS[part]
        for part in parts
    ]


def _one_of(values: tuple[object, ...]) -> Kind:
    return Kind(
        lambda value: isinstance(value, str) and value in values, " or ".join(map(repr, values))
    )


def require(bound: inspect.BoundArguments) -> None:
    """Refuse an argument that is not of the kind that its annotation says.

    A number of NumPy becomes one of Python, as only these can be stored and sent.

    Raises:
        UsageError: saying which, what it is, and what to give.
    """
    for name, value in [*bound.arguments.items()]:
        parameter = bound.signature.parameters[name]
        kinds = kinds_of(parameter.annotation) if name != "self" else []
        several = parameter.kind is inspect.Parameter.VAR_KEYWORD
        for one, given in value.items() if several else ((name, value),):
            require_one(one, given, kinds)
        if isinstance(value, np.bool_ | np.number):
            bound.arguments[name] = value.item()


def require_one(name: str, value: object, kinds: list[Kind]) -> None:
    """Refuse a value that is of none of the kinds, where there are any.

    Raises:
        UsageError: saying what it is called, what it is, and what to give.
    """
    if kinds and not any(kind.holds(value) for kind in kinds):
        words = " or ".join(kind.words for kind in kinds if kind.words)
        raise UsageError(f"{name} is {shown(value)}; give {words}")


def shown(value: object) -> str:
    """Return a value as it was typed, however long it is."""
    text = " ".join(repr(value).split())
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
