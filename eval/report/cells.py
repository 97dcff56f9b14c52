"""Cells of tables: names, counts and shares as text, with the exact figure behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

_ITALIC_RANKS = frozenset({"genus", "species"})


def is_italic(rank: str) -> bool:
    """Return whether names of a rank are set in italics, as the codes of nomenclature ask.

    >>> is_italic("genus"), is_italic("family")
    (True, False)
    """
    return rank in _ITALIC_RANKS


def share_text(value: float) -> str:
    """Return a share to three digits, a dash where it is not known.

    >>> share_text(2 / 3), share_text(float("nan"))
    ('0.667', '–')
    """
    return f"{value:.3f}" if math.isfinite(value) else "–"


def interval_text(low: float, high: float) -> str:
    """Return the bounds of an interval of shares, a dash where they are not known.

    >>> interval_text(0.6327, 0.6882)
    '0.633 – 0.688'
    """
    known = math.isfinite(low) and math.isfinite(high)
    return f"{share_text(low)} – {share_text(high)}" if known else "–"


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes:
        text: what is read.
        value: the exact figure behind the text, None where there is none.
        bar: the figure is a share and is also drawn as a bar.
        interval: bounds of the figure, drawn on the bar.
        note: small print behind the text.
    """

    text: str
    value: float | None = None
    italic: bool = False
    bar: bool = False
    interval: tuple[float, float] | None = None
    note: str = ""


def taxon_cell(name: str, rank: str) -> Cell:
    """Return a cell with a taxon's name."""
    return Cell(name or "–", italic=bool(name) and is_italic(rank))


def count_cell(n: int) -> Cell:
    """Return a cell with a count."""
    return Cell(f"{n:,}", value=float(n))


def share_cell(
    value: float, *, bar: bool = False, interval: tuple[float, float] | None = None
) -> Cell:
    """Return a cell with a share in [0, 1], NaN where it is not known."""
    if not math.isfinite(value):
        return Cell("–")
    known = interval if interval and all(map(math.isfinite, interval)) else None
    return Cell(share_text(value), value=float(value), bar=bar, interval=known)


@dataclass(frozen=True)
class Column:
    """A column of a table; its width is a share of the sum of all widths."""

    title: str
    width: float = 1.0
    numeric: bool = True
