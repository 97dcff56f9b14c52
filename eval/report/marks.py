"""Marks that several figures draw: points that tell their name, boxes, axes of counts and names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from holotype.index.arrays import Codes, Floats

from .drawing import INK, LINE, MUTED, RIGHT

FEW = 5  # fewer points than this say more than a box of their quartiles


@dataclass(frozen=True)
class Points:
    """Named shares in [0, 1], or their differences: one point each in a figure."""

    label: str
    names: Sequence[str]
    values: Floats


def box(
    axes: Axes,
    row: float,
    values: Floats,
    *,
    half: float = 0.3,
    fill: str = LINE,
    strength: float = 1.0,
) -> None:
    """Draw the quartiles of values as a lying box; whiskers end within 1.5 box lengths.

    Args:
        half: of the box's height.
        fill: its colour.
        strength: the colour's opacity, in [0, 1].
    """
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    inside = values[(values >= low - reach) & (values <= high + reach)]
    axes.hlines(row, inside.min(), inside.max(), color=MUTED, linewidth=1)
    corner, width = (low, row - half), high - low
    axes.add_patch(Rectangle(corner, width, 2 * half, facecolor=fill, alpha=strength, linewidth=0))
    axes.add_patch(Rectangle(corner, width, 2 * half, fill=False, edgecolor=MUTED, linewidth=0.8))
    axes.vlines(middle, row - half, row + half, color=INK, linewidth=2.2)


def point(
    axes: Axes, x: float, y: float, name: str, titles: dict[str, str], colour: str = RIGHT
) -> None:
    """Draw a dot; `titles` takes its id and the name that is shown under the pointer."""
    gid = f"p{len(titles)}"
    titles[gid] = name
    axes.plot(
        [x], [y], "o", color=colour, alpha=0.6, markersize=4.6, markeredgewidth=0, zorder=3, gid=gid
    )


def count_axis(axes: Axes, counts: Codes) -> Floats:
    """Make the x axis one of counts, and return their places on it: shifted so that none hides.

    Counts that differ more than fourfold are drawn on a logarithmic axis.
    """
    shift = np.random.default_rng(0).uniform(-1, 1, len(counts))
    if counts.min() * 4 >= counts.max():
        axes.set_xlim(counts.min() - 1, counts.max() + 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
        return counts + 0.28 * shift
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(counts.min() * 0.85, counts.max() * 1.15)
    return counts * (1 + 0.03 * shift)


def name_rows(
    axes: Axes, labels: Sequence[str], *, italic: bool, rows: Sequence[int] | None = None
) -> None:
    """Write names along the y axis, the first at the top.

    Args:
        axes: of rows, one apart.
        labels: the names.
        italic: set them in italics.
        rows: their places where some rows have no name.
    """
    places = range(len(labels)) if rows is None else rows
    style = "italic" if italic else "normal"
    axes.set_yticks(places, labels, fontstyle=style, parse_math=False)
    axes.set_ylim(max(places) + 0.55, -0.55)
    axes.spines["left"].set_visible(False)
