"""Filters: `category=Moth`, `split!=test`, `family=Noctuidae|Erebidae`, on ranks and metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .collection import Collection
from .errors import UsageError
from .gallery import Gallery
from .records import DETAILS
from .taxonomy import RANKS
from .vector import Selection

Allowed = NDArray[np.bool_]

_CONDITION = re.compile(r"\s*([^=!]+?)\s*(!?=)\s*(.*?)\s*")
_COLUMNS = ("image_id", "specimen_id", "split", *DETAILS)


@dataclass(frozen=True)
class Condition:
    """A column must have (or, where `negated`, not have) one of the values."""

    column: str
    values: tuple[str, ...]
    negated: bool = False


def parse_condition(text: str) -> Condition:
    """Parse one condition.

    Raises:
        UsageError: it is not `column=value`, `column!=value` or `column=one|another`.

    >>> parse_condition("family=Noctuidae|Erebidae").values
    ('Noctuidae', 'Erebidae')
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise UsageError(
            f"Filter '{text}' is not understood; write column=value, column!=value, or "
            "column=one|another"
        )
    column, sign, values = match.groups()
    return Condition(column, tuple(part.strip() for part in values.split("|")), sign == "!=")


def allowed_places(
    collection: Collection, gallery: Gallery, conditions: Sequence[str]
) -> Allowed | None:
    """Return which places of a gallery satisfy every condition: bool [n]; None where all may.

    Raises:
        UsageError: a condition that cannot be parsed, a column that does not exist, or a value
            that no image of the gallery has.
    """
    if not conditions:
        return None
    allowed = np.ones(len(gallery), bool)
    for text in conditions:
        allowed &= _matching(collection, gallery, parse_condition(text))
    return allowed


def selected(
    collection: Collection, gallery: Gallery, conditions: Sequence[str]
) -> Selection | None:
    """Do as `allowed_places` does, and keep the answer with the gallery for who asks again."""
    if not conditions:
        return None
    found = gallery.selections.get(tuple(conditions))
    if found is None:
        found = Selection.of(allowed_places(collection, gallery, conditions))
        assert found is not None
        gallery.keep(conditions, found)
    return found


def _matching(collection: Collection, gallery: Gallery, condition: Condition) -> Allowed:
    of_value = _by_rank if condition.column in RANKS else _by_column
    matching = np.zeros(len(gallery), bool)
    for value in condition.values:
        found = of_value(collection, gallery, condition.column, value)
        if not found.any():
            raise UsageError(
                f"No image in space '{gallery.space.name}' has {condition.column} '{value}'; "
                "check the spelling, or see 'holotype collection info'"
            )
        matching |= found
    return ~matching if condition.negated else matching


def _by_rank(_: Collection, gallery: Gallery, rank: str, value: str) -> Allowed:
    labels = gallery.labels(rank)
    wanted = [code for code, name in enumerate(labels.names) if name.casefold() == value.casefold()]
    return np.isin(labels.codes, wanted)


def _by_column(collection: Collection, gallery: Gallery, column: str, value: str) -> Allowed:
    if column in _COLUMNS:
        query, values = f'SELECT row FROM images WHERE "{column}" = ?', [value]
    else:
        _require_metadata(collection, column)
        query = "SELECT row FROM images, json_each(metadata) AS own WHERE key = ? AND own.value = ?"
        values = [column, value]
    rows = [record[0] for record in collection.database.read(query, values)]
    matching = np.zeros(len(gallery), bool)
    matching[gallery.places(rows)] = True
    return matching


def _require_metadata(collection: Collection, column: str) -> None:
    names = metadata_columns(collection)
    if column not in names:
        known = ", ".join((*RANKS, *_COLUMNS, *names))
        raise UsageError(f"There is no column '{column}' to filter on; there are {known}")


def metadata_columns(collection: Collection) -> list[str]:
    """Return the names of the users' own columns in a collection."""
    found = collection.database.read(
        "SELECT DISTINCT key FROM images, json_each(images.metadata) ORDER BY key"
    )
    return [record[0] for record in found]
