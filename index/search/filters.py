"""Filters: `category=Moth`, `split!=test`, `family=Noctuidae|Erebidae`, on ranks and metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence

import numpy as np

from ..arrays import Allowed, Codes
from ..collection import Collection
from ..errors import UsageError
from ..gallery.gallery import Gallery
from ..settings import settings
from ..vectors import Selection
from ..ways import way
from .column_reader import Images, read_column
from .column_values import ColumnValues
from .conditions import Condition, Value, parse_condition, shortened

_LISTED = 8  # values of a column that a sentence lists


def allowed_places(
    collection: Collection, gallery: Gallery, conditions: Sequence[str]
) -> Allowed | None:
    """Return which places of a gallery satisfy every condition: bool [n]; None where all may.

    Raises:
        UsageError: see `matching`.
    """
    if not conditions:
        return None
    return matching(collection, gallery, conditions, f"in space '{gallery.space.name}'")


def chosen_places(collection: Collection, gallery: Gallery, conditions: Sequence[str]) -> Codes:
    """Return the places of a gallery that satisfy every condition, int64 [n], ascending.

    Raises:
        UsageError: see `matching`.
    """
    allowed = allowed_places(collection, gallery, conditions)
    return np.arange(len(gallery)) if allowed is None else np.flatnonzero(allowed)


def selected(
    collection: Collection, gallery: Gallery, conditions: Sequence[str]
) -> Selection | None:
    """Do as `allowed_places` does, and keep the answer with the gallery for who asks again."""
    if not conditions:
        return None
    key = hashlib.sha256(json.dumps(list(dict.fromkeys(conditions))).encode()).digest()
    found = gallery.selections.get(key)
    if found is None:
        found = Selection.of(allowed_places(collection, gallery, conditions))
        assert found is not None
        gallery.keep(key, found)
    return found


def matching(
    collection: Collection, images: Images, conditions: Sequence[str], among: str
) -> Allowed:
    """Return which images satisfy every condition, bool [n].

    Every column is read once, and no column before all conditions are parsed.

    Args:
        collection: of the images.
        images: those that are chosen among.
        conditions: see `conditions`.
        among: what a sentence calls the images, such as `in space 'base'`.

    Raises:
        UsageError: a condition that cannot be parsed, too many of them or of their values, a
            column that does not exist, or a value that none of the images has.
    """
    asked: dict[str, list[Condition]] = {}
    for condition in parsed(conditions):
        asked.setdefault(condition.column.casefold(), []).append(condition)
    allowed = np.ones(len(images.rows), bool)
    for about_it in asked.values():
        texts = [text for one in about_it for text in (one.text, *one.values)]
        ordered = any(one.orders or any(part.bounds for part in one.parts) for one in about_it)
        name = about_it[0].column
        column = read_column(collection, images, name, None if ordered else texts)
        for condition in about_it:
            allowed &= _satisfies(condition, column, among)[column.codes] ^ condition.negated
    return allowed


def parsed(conditions: Sequence[str]) -> list[Condition]:
    """Parse conditions, each once, and hold their number and their values' to the limits.

    Raises:
        UsageError: one cannot be parsed, or there are too many.
    """
    different = list(dict.fromkeys(conditions))
    limit = settings().max_filters
    if len(different) > limit:
        raise UsageError(
            f"There are {len(different)} filters; the limit is {limit} (HOLOTYPE_MAX_FILTERS). "
            "Join values of a column as column=one|another, or raise the limit"
        )
    found = [parse_condition(text) for text in different]
    count = sum(len(condition.parts) for condition in found)
    limit = settings().max_filter_values
    if count > limit:
        raise UsageError(
            f"The filters name {count} values; the limit is {limit} (HOLOTYPE_MAX_FILTER_VALUES). "
            "Ask in several questions, or raise the limit"
        )
    return found


def _satisfies(condition: Condition, column: ColumnValues, among: str) -> Allowed:
    """Return which values a condition names, bool [values + 1]; the last one is for none.

    A text that is the value of an image is that value, whatever signs it holds; only else it is a
    list.
    """
    named = np.zeros(len(column.values) + 1, bool)
    if condition.orders:
        named[_greater_or_smaller(condition, column, among)] = True
        return named
    whole = column.find(condition.text) if condition.text else []
    for part in [Value(condition.text)] if whole else condition.parts:
        if not part.text and not part.exact:
            if not column.missing and not condition.negated:
                raise UsageError(
                    f"Every image {among} has a value of {column.name}; {column.name}= is for "
                    "those without"
                )
            named[-1] = True
            continue
        codes = whole or _codes(part, column)
        if not column.counts[codes].any():
            raise UsageError(_none_has(part, column, among))
        named[codes] = True
    return named


def _codes(part: Value, column: ColumnValues) -> list[int]:
    """Return the values that are a text, or that lie in the range that it is."""
    codes = column.find(part.text, exact=True) if part.exact else column.find_name(part.text)
    return codes if codes or not part.bounds else column.between(*part.bounds)


def _greater_or_smaller(condition: Condition, column: ColumnValues, among: str) -> list[int]:
    codes = column.ordered(condition.sign, condition.text)
    if not column.counts[codes].any():
        raise UsageError(
            f"No image {among} has {column.name} {condition.sign} {shortened(condition.text)}; "
            + _extent(column)
        )
    return codes


def _extent(column: ColumnValues) -> str:
    """Return from where to where the numbers or dates of a column go."""
    if column.extremes is None:
        return f"{column.name} holds no numbers or dates that could be compared"
    return f"{column.name} goes from {' to '.join(map(shortened, column.extremes))}"


def _none_has(part: Value, column: ColumnValues, among: str) -> str:
    """Return the sentence about a value that no image has."""
    none = f"No image {among} has {column.name} '{shortened(part.text)}'"
    if part.bounds:
        return f"{none}; {_extent(column)}"
    near = column.near(part.text)
    if near:
        return f"{none}; did you mean {' or '.join(repr(shortened(one)) for one in near)}?"
    there = [one for one, count in zip(column.values, column.counts, strict=True) if count]
    if 0 < len(there) <= _LISTED:
        return f"{none}; there are {', '.join(repr(shortened(one)) for one in there)}"
    return f"{none}; check the spelling, or see {way('collection info')}"
