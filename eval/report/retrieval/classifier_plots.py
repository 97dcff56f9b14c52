"""Classifiers side by side, as an `<svg>` element."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes

from ...classifiers.side_by_side import ClassifierFigures
from ...measures.intervals import Interval
from ..drawing import INK, RIGHT, WRONG, panels, share_axis, to_svg
from ..marks import name_rows

_SHIFT = 0.16


def accuracy_and_coverage(methods: Sequence[ClassifierFigures]) -> str:
    """Draw accuracy and macro F1 at the left, coverage and accuracy above a threshold at right."""
    figure, sides = panels(1.5 + 0.5 * len(methods), 2)
    pairs = (
        ("of all queries", ("accuracy", "macro F1"), [_overall(one) for one in methods]),
        ("above the threshold", ("coverage", "accuracy"), [_above(one) for one in methods]),
    )
    for axes, (label, names, rows) in zip(sides, pairs, strict=True):
        for row, found in enumerate(rows):
            for interval, shift, colour in zip(
                found, (-_SHIFT, _SHIFT), (RIGHT, WRONG), strict=True
            ):
                _dot(axes, row + shift, interval, colour)
        name_rows(axes, [one.method for one in methods], italic=False)
        share_axis(axes, "x", label)
        for name, colour in zip(names, (RIGHT, WRONG), strict=True):
            axes.plot([], [], "o", color=colour, label=name)
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=2, frameon=False, labelcolor=INK)
    return to_svg(figure, "classifiers")


def _overall(one: ClassifierFigures) -> tuple[Interval, Interval]:
    return one.figures["accuracy"], one.figures["macro_f1"]


def _above(one: ClassifierFigures) -> tuple[Interval, Interval]:
    return one.coverage, one.above.accuracy


def _dot(axes: Axes, row: float, found: Interval, colour: str) -> None:
    """Draw a figure with its interval; nothing where it is not known."""
    if not math.isfinite(found.estimate):
        return
    if math.isfinite(found.low) and math.isfinite(found.high):
        axes.hlines(row, found.low, found.high, color=colour, linewidth=2)
    axes.plot([found.estimate], [row], "o", color=colour, markersize=6)
