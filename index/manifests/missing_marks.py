"""Cells that say that a value is missing, as R's `NA` does, are empty cells."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ..storage.records import DETAILS
from ..taxonomy import RANKS, is_missing
from ..taxonomy.missing import MARKS

# Free columns stay as they are written: NA is a country, too.
_COLUMNS = ("image_id", "specimen_id", "split", *RANKS, *DETAILS)
# Ids may be a dash or a full stop, and somebody calls an image nan.
_IDS = {
    "image_id": {"NA", "N/A", "n/a", "#N/A", "<NA>", "NULL"},
    "specimen_id": {mark for mark in MARKS if any(char.isalpha() for char in mark)},
}
_OF_PLACES = ("locality", "institution", "source")
_CODE = re.compile("[A-Z]{2}")


def without_marks(column: str, values: Sequence[str]) -> list[str] | None:
    """Return the values of a column with the marks of missing ones empty; None without any.

    Among other codes of two letters NA stays: there it is Namibia, or North America.

    Args:
        column: as a manifest calls it.
        values: stripped.
    """
    if column not in _COLUMNS:
        return None
    missing = {value for value in set(values) if value and is_missing(value)}
    if column in _IDS:
        missing &= _IDS[column]
    if column in _OF_PLACES and "NA" in missing and _are_codes(set(values) - missing):
        missing.discard("NA")
    return ["" if value in missing else value for value in values] if missing else None


def _are_codes(values: set[str]) -> bool:
    others = [value for value in values if value]
    return bool(others) and all(_CODE.fullmatch(value) for value in others)
