"""Images as marks, and what lies under them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Flags, Floats
from ...visible import visible
from .outlines import density, hulls
from .palette import UNNAMED, darker
from .plot import Plot
from .style import INK, RASTERED_FROM, Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Look = tuple[str, str]  # colour and mark of a group


def scatter(axes: Axes, plot: Plot, of: Flags, colour: str, mark: str) -> None:
    """Draw images as marks: filled where the map was fitted on them, hollow where placed."""
    n = len(plot.coordinates)
    size, many = _size(n), n >= RASTERED_FROM
    common: dict[str, Any] = {"marker": mark, "rasterized": many, "zorder": 3}
    inside = plot.coordinates[of & ~plot.placed]
    edge = "none" if many else darker(colour, 0.7)
    axes.scatter(
        inside[:, 0], inside[:, 1], s=size, c=colour, linewidths=0.25, edgecolors=edge, **common
    )
    hollow = plot.coordinates[of & plot.placed]
    if len(hollow):
        ring: dict[str, Any] = {"c": "none", "edgecolors": colour, "linewidths": 0.6}
        axes.scatter(hollow[:, 0], hollow[:, 1], s=size, **ring, **common)
    far = plot.coordinates[of & plot.far]
    if len(far):
        cross: dict[str, Any] = {"marker": "x", "c": INK, "linewidths": 0.5, "zorder": 4}
        axes.scatter(far[:, 0], far[:, 1], s=max(3 * size, 6), **cross)


def shade(page: Sheet, plot: Plot, looks: Sequence[Look]) -> None:
    """Draw what lies under the images: outlines of few, the density of many."""
    wanted = plot.shade
    if wanted == "auto":
        wanted = "density" if len(plot.coordinates) >= RASTERED_FROM else "hulls"
    if wanted == "density":
        x, y, height = density(plot.coordinates, page.limits)
        greys = ["#f2f2f0", "#e4e4e1", "#d4d4d0", "#c3c3be"]
        page.axes.contourf(x, y, height, levels=[0.02, 0.1, 0.3, 0.6, 1.01], colors=greys, zorder=1)
    if wanted == "hulls" and plot.groups.numbers is None:
        for (colour, _), of in zip(looks, plot.members(), strict=True):
            for corners in hulls(plot.coordinates[of], page.limits):
                page.axes.fill(
                    *corners.T, facecolor=f"{colour}1c", edgecolor=f"{colour}88", lw=0.5, zorder=2
                )


def measured(page: Sheet, plot: Plot, numbers: Floats) -> None:
    """Colour images by a number, with its scale beside the map."""
    codes, axes = plot.groups.codes, page.axes
    size, many = _size(len(codes)), len(codes) >= RASTERED_FROM
    scatter(axes, plot, codes < 0, UNNAMED, "o")
    known = codes >= 0
    drawn = axes.scatter(
        plot.coordinates[known, 0],
        plot.coordinates[known, 1],
        s=size,
        c=numbers[codes[known]],
        cmap="cividis",
        linewidths=0,
        rasterized=many,
        zorder=3,
    )
    box = axes.get_position()
    place = (box.x1 + 0.02, box.y0 + box.height / 4, 0.015, box.height / 2)
    bar = page.figure.colorbar(drawn, cax=page.figure.add_axes(place))
    bar.set_label(visible(plot.groups.column))


def _size(n: int) -> float:
    """Return the area of a mark, in square points: many images have small ones."""
    return float(np.clip(6000 / n, 0.5, 18))
