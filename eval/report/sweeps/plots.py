"""Plots of sweeps. Each returns an `<svg>` element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.patches import Rectangle
from matplotlib.ticker import NullLocator

from holotype.index.arrays import Floats

from ..drawing import INK, MUTED, RIGHT, WRONG, canvas, share_axis, to_svg

_STYLES = ((MUTED, "-"), (INK, (0, (4, 3))), (RIGHT, (0, (4, 3))), (RIGHT, "-"), (WRONG, "-"))


@dataclass(frozen=True)
class Line:
    """A share against sizes, with its standard deviation over draws, NaN of one."""

    name: str
    sizes: Sequence[int]
    means: Sequence[float]
    sds: Sequence[float]
    draws: Sequence[int]


def curves(lines: Sequence[Line], *, x_axis: str) -> str:
    """Draw shares against sizes on a logarithmic axis, each with a band of its spread."""
    figure, axes = canvas(4.2)
    for line, (colour, style) in zip(lines, _cycled(len(lines)), strict=True):
        means = np.array(line.means)
        spread = np.nan_to_num(np.array(line.sds))
        axes.fill_between(
            line.sizes, means - spread, means + spread, color=colour, alpha=0.15, linewidth=0
        )
        axes.plot(
            line.sizes,
            means,
            color=colour,
            linestyle=style,
            marker="o",
            markersize=4,
            linewidth=2,
            label=line.name,
        )
    axes.set_xscale("log")
    axes.set_xticks(lines[0].sizes, [f"{size:,}" for size in lines[0].sizes])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlabel(x_axis)
    share_axis(axes, "y", "share of queries that are right")
    axes.legend(loc="lower right", frameon=False, labelcolor=INK)
    return to_svg(figure, "curve")


def _cycled(n: int) -> list[tuple[str, object]]:
    return [_STYLES[place % len(_STYLES)] for place in range(n)]


def grid_map(accuracy: Floats, rates: Sequence[float], momenta: Sequence[float]) -> str:
    """Draw the accuracy of every pair as a map, the best framed, a dash where there is none."""
    figure, axes = canvas(0.9 + 0.42 * len(rates))
    low, high = float(np.nanmin(accuracy)), float(np.nanmax(accuracy))
    at, across = divmod(int(np.nanargmax(accuracy)), len(momenta))
    for (row, column), share in np.ndenumerate(accuracy):
        known = bool(np.isfinite(share))
        strength = 0.05 + 0.6 * (share - low) / max(high - low, 1e-9) if known else 0.0
        corner = (column - 0.5, row - 0.5)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=RIGHT, alpha=strength, linewidth=0))
        text = f"{share:.3f}" if known else "–"
        axes.text(column, row, text, ha="center", va="center", color=INK)
    frame = (across - 0.48, at - 0.48)
    axes.add_patch(Rectangle(frame, 0.96, 0.96, fill=False, edgecolor=INK, linewidth=2))
    axes.set_xticks(range(len(momenta)), [f"{momentum:g}" for momentum in momenta])
    axes.set_yticks(range(len(rates)), [f"{rate:g}" for rate in rates])
    axes.set_xlim(-0.5, len(momenta) - 0.5)
    axes.set_ylim(len(rates) - 0.5, -0.5)
    axes.set_xlabel("momentum")
    axes.set_ylabel("learning rate")
    for spine in axes.spines.values():
        spine.set_visible(False)
    return to_svg(figure, "grid")
