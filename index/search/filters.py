"""Filters: `category=Moth`, `split!=test`, `family=Noctuidae|Erebidae`, on ranks and metadata."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..arrays import Allowed, Codes
from ..collection import Collection
from ..errors import UsageError
from ..gallery.gallery import Gallery
from ..settings import settings
from ..storage.records import DETAILS
from ..taxonomy import RANKS
from ..vectors import Selection

_COLUMNS = ("image_id", "specimen_id", "split", *DETAILS)
_SHOWN = 80  # characters of a filter that a sentence repeats
_NAMED = 30  # columns of the users' own that a sentence names


@dataclass(frozen=True)
class Condition:
    """A column must have (or, where `negated`, not have) one of the values, each named once."""

    column: str
    values: tuple[str, ...]
    negated: bool = False


def parse_condition(text: str) -> Condition:
    """Parse one condition, in a time that grows with its length only.

    Raises:
        UsageError: it is not `column=value`, `column!=value` or `column=one|another`, or is too
            long.

    >>> parse_condition("family=Noctuidae|Erebidae").values
    ('Noctuidae', 'Erebidae')
    """
    limit = settings().max_filter_characters
    if len(text) > limit:
        raise UsageError(
            f"A filter has {len(text)} characters; the limit is {limit} "
            "(HOLOTYPE_MAX_FILTER_CHARACTERS). Ask in several questions, or raise the limit"
        )
    left, sign, right = text.partition("=")
    column = left.removesuffix("!").strip()
    if not sign or not column or "!" in column or not _is_text(text):
        raise UsageError(
            f"Filter '{_short(text)}' is not understood; write column=value, column!=value, or "
            "column=one|another"
        )
    values = dict.fromkeys(part.strip() for part in right.split("|"))
    return Condition(column, tuple(values), left.endswith("!"))


def allowed_places(
    collection: Collection, gallery: Gallery, conditions: Sequence[str]
) -> Allowed | None:
    """Return which places of a gallery satisfy every condition: bool [n]; None where all may.

    The values of a column are looked up together, each once.

    Raises:
        UsageError: a condition that cannot be parsed, too many of them or of their values, a
            column that does not exist, or a value that no image of the gallery has.
    """
    if not conditions:
        return None
    asked: dict[str, list[Condition]] = {}
    for condition in _parsed(conditions):
        asked.setdefault(condition.column, []).append(condition)
    allowed = np.ones(len(gallery), bool)
    for column, about_it in asked.items():
        written = {_compared(column, v): v for one in about_it for v in one.values}
        codes = _codes(collection, gallery, column, written)
        code_of = {value: code for code, value in enumerate(written)}
        for condition in about_it:
            wanted = [code_of[_compared(column, value)] for value in condition.values]
            allowed &= np.isin(codes, wanted, invert=condition.negated)
    return allowed


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


def _parsed(conditions: Sequence[str]) -> list[Condition]:
    """Parse conditions, each once, and hold their number and their values' to the limits."""
    different = list(dict.fromkeys(conditions))
    limit = settings().max_filters
    if len(different) > limit:
        raise UsageError(
            f"There are {len(different)} filters; the limit is {limit} (HOLOTYPE_MAX_FILTERS). "
            "Join values of a column as column=one|another, or raise the limit"
        )
    parsed = [parse_condition(text) for text in different]
    count = sum(len(condition.values) for condition in parsed)
    limit = settings().max_filter_values
    if count > limit:
        raise UsageError(
            f"The filters name {count} values; the limit is {limit} (HOLOTYPE_MAX_FILTER_VALUES). "
            "Ask in several questions, or raise the limit"
        )
    return parsed


def _compared(column: str, value: str) -> str:
    """Return a value as it is compared: names of taxa in any case."""
    return value.casefold() if column in RANKS else value


def _codes(
    collection: Collection, gallery: Gallery, column: str, written: Mapping[str, str]
) -> Codes:
    """Return which of some values every place has, int64 [n], -1 where it has none of them.

    Args:
        written: {value as it is compared: as it was written}.
    """
    find = _by_rank if column in RANKS else _by_column
    codes = find(collection, gallery, column, list(written))
    counts = np.bincount(codes[codes >= 0], minlength=len(written))
    if not counts.all():
        _require_column(collection, column)
        missing = list(written.values())[int(counts.argmin())]
        raise UsageError(
            f"No image in space '{gallery.space.name}' has {column} '{_short(missing)}'; check "
            "the spelling, or see 'holotype collection info'"
        )
    return codes


def _by_rank(_: Collection, gallery: Gallery, rank: str, values: Sequence[str]) -> Codes:
    labels = gallery.labels(rank)
    place = {value: code for code, value in enumerate(values)}
    of_taxon = [place.get(name.casefold(), -1) for name in labels.names]
    return np.array([*of_taxon, -1], np.int64)[labels.codes]  # the last one is for no taxon


def _by_column(
    collection: Collection, gallery: Gallery, column: str, values: Sequence[str]
) -> Codes:
    marks = ", ".join("?" for _ in values)
    if column in _COLUMNS:
        query, key = f'SELECT row, "{column}" FROM images WHERE "{column}" IN ({marks})', []
    else:
        query = (
            "SELECT row, own.value FROM images, json_each(metadata) AS own "
            f"WHERE key = ? AND own.value IN ({marks})"
        )
        key = [column]
    rows: dict[str, list[int]] = {}
    for row, value in collection.database.read(query, [*key, *values]):
        rows.setdefault(str(value), []).append(row)
    codes = np.full(len(gallery), -1, np.int64)
    for code, value in enumerate(values):
        codes[gallery.places(rows.get(value, []))] = code
    return codes


def _require_column(collection: Collection, column: str) -> None:
    if column in RANKS or column in _COLUMNS:
        return
    names = metadata_columns(collection)
    if column not in names:
        rest = ["…"] if len(names) > _NAMED else []
        known = ", ".join((*RANKS, *_COLUMNS, *map(_short, names[:_NAMED]), *rest))
        raise UsageError(f"There is no column '{_short(column)}' to filter on; there are {known}")


def metadata_columns(collection: Collection) -> list[str]:
    """Return the names of the users' own columns in a collection."""
    found = collection.database.read(
        "SELECT DISTINCT key FROM images, json_each(images.metadata) ORDER BY key"
    )
    return [record[0] for record in found]


def _is_text(text: str) -> bool:
    """Return whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _short(text: str) -> str:
    """Return a text as a sentence repeats it: its beginning, and nothing that cannot be written."""
    shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
    return shown.encode(errors="backslashreplace").decode()
