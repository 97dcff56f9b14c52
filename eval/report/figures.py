"""The figures of the report. Each returns an `<svg>` element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from ..arrays import Codes, Floats
from .drawing import INK, LINE, MUTED, RIGHT, WRONG, canvas, share_axis, to_svg

_FEW = 5  # fewer points than this say more than a box of their quartiles


@dataclass(frozen=True)
class Points:
    """Named shares in [0, 1]: one point each in a figure."""

    label: str
    names: Sequence[str]
    values: Floats


def box_plot(groups: Sequence[Points], *, axis: str, italic: bool) -> str:
    """Draw one box a group, lying, with all its points beneath; few points have no box."""
    figure, axes = canvas(0.75 + 0.42 * len(groups))
    rng = np.random.default_rng(0)
    titles: dict[str, str] = {}
    for row, group in enumerate(groups):
        if len(group.values) >= _FEW:
            _box(axes, row, group.values)
        spread = rng.uniform(-0.22, 0.22, len(group.values))
        for name, value, shift in zip(group.names, group.values, spread, strict=True):
            _point(axes, float(value), row + float(shift), name, titles)
    labels = [f"{group.label} ({len(group.values)})" for group in groups]
    axes.set_yticks(
        range(len(groups)), labels, fontstyle="italic" if italic else "normal", parse_math=False
    )
    axes.set_ylim(len(groups) - 0.45, -0.55)
    share_axis(axes, "x", axis)
    axes.spines["left"].set_visible(False)
    return to_svg(figure, "box", titles)


def _box(axes: Axes, row: int, values: Floats) -> None:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    reach = 1.5 * (high - low)
    inside = values[(values >= low - reach) & (values <= high + reach)]
    axes.hlines(row, inside.min(), inside.max(), color=MUTED, linewidth=1)
    axes.add_patch(
        Rectangle((low, row - 0.3), high - low, 0.6, facecolor=LINE, edgecolor=MUTED, linewidth=0.8)
    )
    axes.vlines(middle, row - 0.3, row + 0.3, color=INK, linewidth=2.2)


def _point(axes: Axes, x: float, y: float, name: str, titles: dict[str, str]) -> None:
    gid = f"p{len(titles)}"
    titles[gid] = name
    axes.plot(
        [x], [y], "o", color=RIGHT, alpha=0.6, markersize=4.6, markeredgewidth=0, zorder=3, gid=gid
    )


def scatter(points: Points, counts: Codes, *, x_axis: str, y_axis: str) -> str:
    """Draw shares against counts; points are shifted a little sideways so that none hides."""
    figure, axes = canvas(3.3)
    titles: dict[str, str] = {}
    wide = bool(counts.min() * 4 < counts.max())
    shift = np.random.default_rng(0).uniform(-1, 1, len(counts))
    for name, count, value, aside in zip(points.names, counts, points.values, shift, strict=True):
        x = float(count) * (1 + 0.03 * aside) if wide else float(count) + 0.28 * aside
        _point(axes, x, float(value), f"{name}: {count} images, {value:.3f}", titles)
    share_axis(axes, "y", y_axis)
    if wide:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlim(counts.min() * 0.85, counts.max() * 1.15)
    else:
        axes.set_xlim(counts.min() - 1, counts.max() + 1)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=12))
    axes.set_xlabel(x_axis)
    return to_svg(figure, "scatter", titles)


def heat_map(counts: Codes, names: Sequence[str], *, italic: bool) -> str:
    """Draw a square table of truths (rows) against answers (columns) as shares of each row.

    Args:
        counts: int64 [c, c].
        names: of the c taxa.
        italic: set the names in italics.
    """
    n = len(names)
    figure, axes = canvas(1.3 + 6.4 * min(1.0, 0.12 + n / 36))
    sizes = counts.sum(axis=1)
    titles: dict[str, str] = {}
    for row, column in np.argwhere(counts):
        share = counts[row, column] / sizes[row]
        gid = f"c{row}x{column}"
        titles[gid] = f"{names[row]} → {names[column]}: {counts[row, column]} of {sizes[row]}"
        colour = RIGHT if row == column else WRONG
        axes.add_patch(
            Rectangle(
                (column - 0.5, row - 0.5),
                1,
                1,
                facecolor=colour,
                alpha=_strength(share),
                linewidth=0,
                gid=gid,
            )
        )
        if n <= 24:
            axes.text(
                column,
                row,
                f"{counts[row, column]}",
                ha="center",
                va="center",
                fontsize=8.5 if n <= 14 else 6.5,
                color=INK,
            )
    _frame_heat_map(axes, names, italic)
    return to_svg(figure, "heat", titles)


def _strength(share: float) -> float:
    """Return an opacity at which one mistake in a hundred is still seen."""
    return 0.1 + 0.5 * float(np.sqrt(share))


def _frame_heat_map(axes: Axes, names: Sequence[str], italic: bool) -> None:
    n = len(names)
    size = 8.5 if n <= 24 else 7.0
    style = "italic" if italic else "normal"
    axes.set_xticks(range(n), names, rotation=90, fontsize=size, fontstyle=style, parse_math=False)
    axes.set_yticks(range(n), names, fontsize=size, fontstyle=style, parse_math=False)
    axes.set_xticks(np.arange(n + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color=LINE, linewidth=0.5)
    axes.set_xlim(-0.5, n - 0.5)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_xlabel("taxon of the nearest image")
    axes.set_ylabel("true taxon")
    for spine in axes.spines.values():
        spine.set_visible(False)
