"""Plots of two spaces side by side. Each returns an `<svg>` element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from holotype.index.arrays import Codes, Floats

from ..cells import gain_text
from ..drawing import INK, LINE, MUTED, RIGHT, WRONG, canvas, share_axis, to_svg
from ..marks import FEW, Points, box, count_axis, name_rows, point

_SIDES = ((-0.2, LINE, 1.0, MUTED), (0.2, RIGHT, 0.3, RIGHT))  # shift, box, its strength, dots


@dataclass(frozen=True)
class Change:
    """A taxon's share before and after, with the gain that chance was taken out of."""

    name: str
    n: int
    before: float
    after: float
    shrunk_gain: float


def paired_boxes(
    groups: Sequence[tuple[Points, Points]], spaces: tuple[str, str], *, axis: str, italic: bool
) -> str:
    """Draw two boxes a group, before above after, with all their points; few have no box."""
    figure, axes = canvas(1.0 + 0.62 * len(groups))
    rng = np.random.default_rng(0)
    titles: dict[str, str] = {}
    for row, pair in enumerate(groups):
        spread = rng.uniform(-0.11, 0.11, len(pair[0].values))
        for side, space, (shift, fill, strength, colour) in zip(pair, spaces, _SIDES, strict=True):
            if len(side.values) >= FEW:
                box(axes, row + shift, side.values, half=0.15, fill=fill, strength=strength)
            for name, value, aside in zip(side.names, side.values, spread, strict=True):
                title = f"{name}, {space}: {value:.3f}"
                point(axes, float(value), row + shift + float(aside), title, titles, colour)
    labels = [f"{before.label} ({len(before.values)})" for before, _ in groups]
    name_rows(axes, labels, italic=italic)
    share_axis(axes, "x", axis)
    _legend(axes, spaces, (MUTED, RIGHT))
    return to_svg(figure, "pairs", titles)


def dumbbells(
    improved: Sequence[Change],
    worsened: Sequence[Change],
    spaces: tuple[str, str],
    *,
    key: str,
    italic: bool,
) -> str:
    """Draw a line from before to after for each taxon, the improved above the worsened.

    Args:
        improved: best first.
        worsened: worst first.
        spaces: names of the two.
        key: of the figure within the page.
        italic: set the names in italics.
    """
    gap = 1 if improved and worsened else 0
    height = len(improved) + gap + len(worsened)
    figure, axes = canvas(1.0 + 0.27 * height)
    labels = [f"{change.name} ({change.n})" for change in (*improved, *worsened)]
    rows = [*range(len(improved)), *range(len(improved) + gap, height)]
    for row, change in zip(rows, (*improved, *worsened), strict=True):
        _dumbbell(axes, row, change)
    axes.text(1.12, -0.9, "gain", ha="right", color=MUTED, fontsize=8.5)
    axes.text(1.25, -0.9, "shrunken", ha="right", color=MUTED, fontsize=8.5)
    name_rows(axes, labels, italic=italic, rows=rows)
    share_axis(axes, "x", "recall@1")
    names = (spaces[0], f"{spaces[1]}, better", f"{spaces[1]}, worse")
    _legend(axes, names, (MUTED, RIGHT, WRONG))
    return to_svg(figure, key)


def _dumbbell(axes: Axes, row: int, change: Change) -> None:
    gain = change.after - change.before
    colour = RIGHT if gain > 0 else WRONG
    axes.plot([change.before, change.after], [row, row], color=colour, linewidth=2, alpha=0.7)
    axes.plot([change.before], [row], "o", color=MUTED, markersize=6)
    axes.plot([change.after], [row], "o", color=colour, markersize=8)
    axes.text(1.12, row, gain_text(gain), ha="right", va="center", color=colour, fontsize=8.5)
    shrunk = gain_text(change.shrunk_gain)
    axes.text(1.25, row, shrunk, ha="right", va="center", color=MUTED, fontsize=8.5)


def gain_scatter(points: Points, counts: Codes, *, x_axis: str, y_axis: str) -> str:
    """Draw gains against counts; above the line is better than before."""
    figure, axes = canvas(3.3)
    titles: dict[str, str] = {}
    axes.axhline(0, color=MUTED, linewidth=1)
    places: Floats = count_axis(axes, counts)
    for name, count, x, gain in zip(points.names, counts, places, points.values, strict=True):
        title = f"{name}: {count} images, {gain_text(float(gain))}"
        colour = RIGHT if gain > 0 else WRONG if gain < 0 else MUTED
        point(axes, float(x), float(gain), title, titles, colour)
    axes.set_ylim(-1.05, 1.05)
    axes.set_yticks([-1, -0.5, 0, 0.5, 1], ["−1", "−0.5", "0", "+0.5", "+1"])
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_xlabel(x_axis)
    axes.set_ylabel(y_axis)
    return to_svg(figure, "gains", titles)


def _legend(axes: Axes, names: Sequence[str], colours: Sequence[str]) -> None:
    handles = [
        Line2D([], [], marker="o", linestyle="", color=colour, label=name)
        for name, colour in zip(names, colours, strict=True)
    ]
    axes.legend(
        handles=handles,
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(handles),
        frameon=False,
        fontsize=9,
        labelcolor=INK,
    )
