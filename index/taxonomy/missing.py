"""Marks that programs write where a value is missing."""

from __future__ import annotations

# As R, pandas, SQL and spreadsheets write them. `Na` is none: a genus may be called so.
MARKS = frozenset(
    "NA na N/A n/a N.A. n.a. #N/A <NA> NaN nan -nan NULL null (null) NONE None none NIL nil \\N "
    "- -- --- \u2013 \u2014 ? ?? ??? . .. ... \u2026 / * _ [] ()".split()
) | {""}


def is_missing(value: str) -> bool:
    """Return whether a value says that there is none.

    >>> is_missing("NA"), is_missing("Na"), is_missing("Nannophya")
    (True, False, False)
    """
    return value.strip() in MARKS
