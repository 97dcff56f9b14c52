"""Probabilities in per cent: one way to write them, for sentences, terminals, tables and pages."""

from __future__ import annotations

from functools import lru_cache

_MOST_DIGITS = 9
_FIGURES = 1024  # that are kept: a thousand answers compare theirs with one confidence
_SAME = 1e-11  # apart by less, two figures are one


def percent(p: float, *others: float, counted: bool = False) -> str:
    """Return a figure in per cent, with as many digits as tell it from those it is compared with.

    Args:
        p: in [0, 1].
        others: what a reader compares it with, such as the confidence that was asked for.
        counted: it is a share of a count, which may be all or nothing; a probability never is.

    >>> percent(0.934), percent(0.997), percent(0.001), percent(1.0)
    ('93 %', '> 99 %', '< 1 %', '> 99 %')
    >>> percent(0.946, 0.95), percent(0.95, 0.946), percent(0.9995, 0.999)
    ('94.6 %', '95 %', '99.95 %')
    >>> percent(1.0, counted=True)
    '100 %'
    """
    if counted and p in (0, 1):
        return f"{p:.0%}".replace("%", " %")
    compared = [other for other in others if abs(other - p) > _SAME]
    for digits in range(_MOST_DIGITS):
        bound, figure = _rounded(p, digits)
        if all(_rounded(other, digits)[1] != figure for other in compared):
            break
    return f"{bound}{figure} %"


def stated(p: float) -> str:
    """Return a figure that somebody has chosen in per cent, as it is.

    >>> stated(0.95), stated(1 - 0.001)
    ('95 %', '99.9 %')
    """
    return f"{100 * p:.10g} %"


@lru_cache(_FIGURES)
def _rounded(p: float, digits: int) -> tuple[str, str]:
    """Return a figure in per cent, as "> " or "< " the last one where it would be all or nothing.

    >>> _rounded(0.9996, 1), _rounded(0.0, 0), _rounded(0.95, 1)
    (('> ', '99.9'), ('< ', '1'), ('', '95'))
    """
    step = 10.0**-digits
    value = round(100 * p, digits)
    bound = "> " if value >= 100 else "< " if value <= 0 else ""
    shown = 100 - step if value >= 100 else max(value, step)
    text = f"{shown:.{digits}f}"
    return bound, text.rstrip("0").rstrip(".") if digits else text
