"""Cells of tables: names, counts and shares as text, with the exact figure behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..measures.correlation import Correlation
from ..measures.intervals import Interval

_ITALIC_RANKS = frozenset({"genus", "species"})
_PLURALS = {"genus": "genera", "species": "species", "phylum": "phyla", "class": "classes"}


def is_italic(rank: str) -> bool:
    """Return whether names of a rank are set in italics, as the codes of nomenclature ask.

    >>> is_italic("genus"), is_italic("family")
    (True, False)
    """
    return rank in _ITALIC_RANKS


def plural(rank: str) -> str:
    """Return the plural of a rank.

    >>> plural("family"), plural("genus"), plural("kingdom")
    ('families', 'genera', 'kingdoms')
    """
    return _PLURALS.get(rank) or (f"{rank[:-1]}ies" if rank.endswith("y") else f"{rank}s")


def share_text(value: float) -> str:
    """Return a share to three digits, a dash where it is not known.

    >>> share_text(2 / 3), share_text(float("nan"))
    ('0.667', '–')
    """
    return f"{value:.3f}" if math.isfinite(value) else "–"


def interval_text(low: float, high: float) -> str:
    r"""Return the bounds of an interval of shares, a dash where they are not known.

    The spaces are such that no line ends there.

    >>> interval_text(0.6327, 0.6882)
    '0.633\xa0–\xa00.688'
    """
    known = math.isfinite(low) and math.isfinite(high)
    return f"{share_text(low)}\xa0–\xa0{share_text(high)}" if known else "–"


def gain_text(value: float) -> str:
    """Return the difference of two shares with its sign, a dash where it is not known.

    >>> gain_text(1 / 6), gain_text(-0.5), gain_text(0)
    ('+0.167', '−0.500', '0.000')
    """
    if not math.isfinite(value):
        return "–"
    return f"{value:+.3f}".replace("-", "−") if round(value, 3) else "0.000"


def percent_text(value: float) -> str:
    """Return a share in per cent, a dash where it is not known.

    >>> percent_text(0.485), percent_text(-0.1)
    ('48 %', '−10 %')
    """
    return f"{100 * value:.0f} %".replace("-", "−") if math.isfinite(value) else "–"


def p_text(p: float) -> str:
    """Return a chance as it is reported.

    >>> p_text(0.0412), p_text(1e-9)
    ('p = 0.041', 'p < 0.001')
    """
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def correlation_text(found: Correlation) -> str | None:
    """Return a rank correlation in words, None where there is none.

    >>> correlation_text(Correlation(-0.25, 0.0412, 67))
    '−0.25 (p = 0.041, n = 67)'
    """
    if math.isnan(found.rho):
        return None
    return f"{found.rho:+.2f} ({p_text(found.p)}, n = {found.n})".replace("-", "−")


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
    """Return a cell with a share in [0, 1], NaN where it is not known.

    Args:
        interval: of the share, drawn on the bar; small print where there is none.
    """
    if not math.isfinite(value):
        return Cell("–")
    known = interval if interval and all(map(math.isfinite, interval)) else None
    note = interval_text(*known) if known and not bar else ""
    return Cell(share_text(value), value=float(value), bar=bar, interval=known, note=note)


def interval_cells(found: Interval) -> tuple[Cell, Cell]:
    """Return a share with its interval drawn on the bar, and the interval in figures."""
    bounds = (found.low, found.high)
    return share_cell(found.estimate, bar=True, interval=bounds), Cell(interval_text(*bounds))


def gain_cell(value: float, note: str = "") -> Cell:
    """Return a cell with the difference of two shares, NaN where it is not known."""
    known = float(value) if math.isfinite(value) else None
    return Cell(gain_text(value), value=known, note=note)


@dataclass(frozen=True)
class Column:
    """A column of a table; its width is a share of the sum of all widths."""

    title: str
    width: float = 1.0
    numeric: bool = True
