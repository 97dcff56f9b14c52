"""The figures of the report. Each returns an `<svg>` element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from ..measures.arrays import Codes
from .drawing import INK, LINE, MUTED, RIGHT, WRONG, canvas, share_axis, to_svg
from .marks import FEW, Points, box, count_axis, point


def box_plot(groups: Sequence[Points], *, axis: str, italic: bool) -> str:
    """Draw one box a group, lying, with all its points beneath; few points have no box."""
    figure, axes = canvas(0.75 + 0.42 * len(groups))
    rng = np.random.default_rng(0)
    titles: dict[str, str] = {}
    for row, group in enumerate(groups):
        if len(group.values) >= FEW:
            box(axes, row, group.values)
        spread = rng.uniform(-0.22, 0.22, len(group.values))
        for name, value, shift in zip(group.names, group.values, spread, strict=True):
            point(axes, float(value), row + float(shift), name, titles)
    labels = [f"{group.label} ({len(group.values)})" for group in groups]
    axes.set_yticks(
        range(len(groups)), labels, fontstyle="italic" if italic else "normal", parse_math=False
    )
    axes.set_ylim(len(groups) - 0.45, -0.55)
    share_axis(axes, "x", axis)
    axes.spines["left"].set_visible(False)
    return to_svg(figure, "box", titles)


def scatter(points: Points, counts: Codes, *, x_axis: str, y_axis: str) -> str:
    """Draw shares against counts; points are shifted a little sideways so that none hides."""
    figure, axes = canvas(3.3)
    titles: dict[str, str] = {}
    places = count_axis(axes, counts)
    for name, count, x, value in zip(points.names, counts, places, points.values, strict=True):
        point(axes, float(x), float(value), f"{name}: {count} images, {value:.3f}", titles)
    share_axis(axes, "y", y_axis)
    axes.set_xlabel(x_axis)
    return to_svg(figure, "scatter", titles)


def heat_map(
    counts: Codes,
    names: Sequence[str],
    *,
    italic: bool,
    rejected: str = "",
    axis: str = "taxon of the nearest image",
) -> str:
    """Draw a table of truths (rows) against answers (columns) as shares of each row.

    Args:
        counts: int64 [c, c], or [c, c + 1] with a last column of what was rejected.
        names: of the c taxa.
        italic: set the names in italics.
        rejected: what the last column is called where there is one.
        axis: what the columns are.
    """
    n = len(names)
    columns = [*names, rejected] if rejected else names
    figure, axes = canvas(1.3 + 6.4 * min(1.0, 0.12 + n / 36))
    sizes = counts.sum(axis=1)
    titles: dict[str, str] = {}
    for row, column in np.argwhere(counts):
        share = counts[row, column] / sizes[row]
        gid = f"c{row}x{column}"
        titles[gid] = f"{names[row]} → {columns[column]}: {counts[row, column]} of {sizes[row]}"
        colour = RIGHT if row == column else MUTED if column == n else WRONG
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
    _frame_heat_map(axes, names, columns, italic)
    axes.set_xlabel(axis)
    return to_svg(figure, "heat", titles)


def _strength(share: float) -> float:
    """Return an opacity at which one mistake in a hundred is still seen."""
    return 0.1 + 0.5 * float(np.sqrt(share))


def _frame_heat_map(axes: Axes, names: Sequence[str], columns: Sequence[str], italic: bool) -> None:
    n, across = len(names), len(columns)
    size = 8.5 if n <= 24 else 7.0
    style = "italic" if italic else "normal"
    axes.set_xticks(
        range(across), columns, rotation=90, fontsize=size, fontstyle=style, parse_math=False
    )
    axes.set_yticks(range(n), names, fontsize=size, fontstyle=style, parse_math=False)
    axes.set_xticks(np.arange(across + 1) - 0.5, minor=True)
    axes.set_yticks(np.arange(n + 1) - 0.5, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color=LINE, linewidth=0.5)
    axes.set_xlim(-0.5, across - 0.5)
    axes.set_ylim(n - 0.5, -0.5)
    axes.set_aspect("equal")
    axes.set_ylabel("true taxon")
    for spine in axes.spines.values():
        spine.set_visible(False)
