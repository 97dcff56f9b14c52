"""How a figure for print looks, and the sheet that it is drawn on, measured in points."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...arrays import Embeddings, Floats

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH = 510.0  # points: 180 mm, two columns of a journal
INK, MUTED = "#20252b", "#5d6670"
RASTERED_FROM = 3000  # points of a figure that a vector file holds as a picture
DOTS = 300  # an inch, of what is no vector

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # letters stay letters, which an editor of the journal may set anew
    "svg.hashsalt": "holotype",
    "pdf.fonttype": 42,
    "text.parse_math": False,  # a dollar sign in a name is one
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 7.0,
    "text.color": INK,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.5,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelsize": 6.0,
    "ytick.labelsize": 6.0,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
}

_MARGIN = 6.0  # points around everything
_AXIS = 26.0  # points for ticks and their label
_AROUND = 0.07  # of the width of what is shown, on each side
_LOWEST, _HIGHEST = 0.62, 1.0  # height by width of the map


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure with one pair of axes whose unit is equally long both ways.

    Attributes:
        limits: left, right, bottom and top of what is shown, in the map's unit.
        width, height: of the axes, in points.
    """

    figure: Figure
    axes: Axes
    limits: tuple[float, float, float, float]
    width: float
    height: float

    def in_points(self, places: Floats | Embeddings) -> Floats:
        """Return places of the map, [n, 2], in points from the lower left corner of the axes."""
        left, _, bottom, _ = self.limits
        found: Floats = (places - np.array([left, bottom])) * self.scale
        return found

    def in_map(self, points: Floats) -> Floats:
        """Return points of the axes, [n, 2], as places of the map."""
        left, _, bottom, _ = self.limits
        found: Floats = points / self.scale + np.array([left, bottom])
        return found

    @property
    def scale(self) -> float:
        """Points a unit of the map."""
        return self.width / (self.limits[1] - self.limits[0])

    def text_sizes(self, texts: Sequence[str], **style: Any) -> Floats:
        """Return the widths and heights of texts, float64 [n, 2], in points."""
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        canvas: Any = FigureCanvasAgg(self.figure)
        renderer = canvas.get_renderer()
        sizes = []
        for text in texts:
            drawn = self.figure.text(0, 0, text, **style)
            box = drawn.get_window_extent(renderer)
            drawn.remove()
            sizes.append((box.width, box.height))
        found: Floats = np.array(sizes, np.float64).reshape(-1, 2) * 72 / self.figure.dpi
        return found


def sheet(places: Embeddings, *, beside: float, ticks: bool) -> Sheet:
    """Return an empty figure for places, float32 [n, 2], as high as they need.

    Args:
        places: what will be shown.
        beside: points that the legend has on the right.
        ticks: whether the axes mean something and have numbers.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    frame = _AXIS if ticks else 0.0
    width = WIDTH - 2 * _MARGIN - frame - beside
    limits, height = _limits(places, width)
    whole = height + 2 * _MARGIN + frame
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH / 72, whole / 72), dpi=DOTS)
        rectangle = (_MARGIN + frame, _MARGIN + frame, width, height)
        of_figure = np.array(rectangle) / (WIDTH, whole, WIDTH, whole)
        axes = figure.add_axes(tuple(of_figure.tolist()))
    axes.set(xlim=limits[:2], ylim=limits[2:])
    axes.set_aspect("equal")
    if not ticks:
        axes.set(xticks=[], yticks=[])
    return Sheet(figure, axes, limits, width, height)


def _limits(places: Embeddings, width: float) -> tuple[tuple[float, float, float, float], float]:
    """Return left, right, bottom, top of a map, and its height in points."""
    low, high = places.min(axis=0).astype(np.float64), places.max(axis=0).astype(np.float64)
    middle = (low + high) / 2
    side = np.maximum(high - low, 1e-3 * max(float((high - low).max()), 1.0))
    side *= 1 + 2 * _AROUND
    form = float(np.clip(side[1] / side[0], _LOWEST, _HIGHEST))
    across = max(side[0], side[1] / form)
    half = np.array([across, across * form]) / 2
    (left, bottom), (right, top) = (middle - half).tolist(), (middle + half).tolist()
    return (left, right, bottom, top), width * form
