"""A table of truths against answers as a map: one cell a pair, the stronger the more frequent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from holotype.index.arrays import Codes

from .drawing import INK, LINE, MUTED, RIGHT, WRONG, canvas, to_svg


def heat_map(
    counts: Codes,
    names: Sequence[str],
    *,
    italic: bool,
    rejected: str = "",
    axis: str = "answer",
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
