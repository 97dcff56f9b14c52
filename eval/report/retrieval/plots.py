"""Boxes by group, and shares against numbers of images. Each returns an `<svg>` element."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holotype.index.arrays import Codes

from ..drawing import canvas, share_axis, to_svg
from ..marks import FEW, Points, box, count_axis, name_rows, point


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
    name_rows(axes, labels, italic=italic)
    share_axis(axes, "x", axis)
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
