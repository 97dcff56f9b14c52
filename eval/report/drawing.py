"""The style of all figures, and how one becomes an `<svg>` element of the page.

Colours are those of Okabe and Ito, which people with colour-blindness tell apart. In the page they
become CSS variables, so that one drawing is readable on light and on dark ground; text stays text.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

INK, MUTED, LINE = "#20252b", "#5d6670", "#d9d5cb"
RIGHT, WRONG = "#0072b2", "#d55e00"
_VARIABLES = {INK: "ink", MUTED: "muted", LINE: "line", RIGHT: "right", WRONG: "wrong"}

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "holotype",
    "font.family": "DejaVu Sans",  # comes with matplotlib; the page sets its own
    "font.size": 9.0,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0.0,
    "ytick.major.size": 0.0,
}


def canvas(height: float, width: float = 8.6) -> tuple[Figure, Axes]:
    """Return an empty figure of a size in inches with one pair of axes."""
    figure, (axes,) = panels(height, 1, width=width)
    return figure, axes


def panels(
    height: float, columns: int, rows: int = 1, *, width: float = 8.6
) -> tuple[Figure, list[Axes]]:
    """Return an empty figure of a size in inches with a grid of axes, row by row."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        FigureCanvasSVG(figure)
        return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def share_axis(axes: Axes, which: str, label: str) -> None:
    """Make the x or y axis one of shares, 0 to 1, with a grid."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    (axes.set_xlim if which == "x" else axes.set_ylim)(-0.025, 1.025)
    axis.set_ticks([0, 0.2, 0.4, 0.6, 0.8, 1], ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    axis.set_label_text(label)
    axis.grid(color=LINE, linewidth=0.6)


def to_svg(figure: Figure, key: str, titles: Mapping[str, str] | None = None) -> str:
    """Return a figure as an `<svg>` element that refers to nothing outside itself.

    Args:
        figure: what was drawn.
        key: comes before every id, so that two figures of a page share none.
        titles: for ids of artists (`gid`), what is shown under the pointer.
    """
    buffer = io.StringIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # The browser draws the text, and has letters that matplotlib's font lacks.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(
        r"<metadata>.*?</metadata>|<style.*?</style>|\sxmlns(:\w+)?=\"[^\"]*\"", "", svg, flags=re.S
    )
    svg = re.sub(r"^<svg[^>]*?viewBox=\"([^\"]*)\"[^>]*>", r'<svg viewBox="\1">', svg)
    for gid, title in (titles or {}).items():
        svg = svg.replace(f'<g id="{gid}">', f'<g id="{gid}"><title>{escape(title)}</title>', 1)
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{key}-", svg)
    for colour, name in _VARIABLES.items():
        svg = svg.replace(colour, f"var(--{name})")
    return svg
