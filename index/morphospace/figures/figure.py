"""A map as a figure that a journal prints: SVG, PDF or PNG."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from ...errors import UsageError
from ...files.durable import replacing
from ..own_file import MARK
from .inscriptions import letter
from .legend import key_of_placed, legend
from .marks import Look, measured, scatter, shade
from .outlines import anchor
from .palette import COLOURS, MARKS, MOST_TOLD_APART, UNNAMED, by_place, in_turn
from .plot import Plot
from .style import DOTS, STYLE, Sheet, sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Format = Literal["svg", "pdf", "png"]

FORMATS: tuple[Format, ...] = get_args(Format)

_LEGEND, _BAR = 120.0, 58.0  # points beside the map


@dataclass(frozen=True)
class Drawn:
    """What a figure could show.

    Attributes:
        names: how the groups' names are given: `legend`, `map`, `scale` of numbers, or `none`.
        unlabelled: groups whose name found no place in the map, or are too many.
    """

    names: Literal["legend", "map", "scale", "none"]
    unlabelled: Sequence[str]


def draw(plot: Plot, path: Path) -> Drawn:
    """Draw a map into a file, whose ending says of which format; it appears whole or not at all.

    Up to 14 groups stand in a legend, told apart by colour and mark; the names of more are set in
    the map beside their images. The same plot gives the same bytes.

    Raises:
        UsageError: the ending is none of svg, pdf and png.
    """
    import matplotlib as mpl

    kind = path.suffix.lower().lstrip(".")
    if kind not in FORMATS:
        raise UsageError(f"{path} ends in none of {', '.join(f'.{one}' for one in FORMATS)}")
    dates: dict[str, dict[str, Any]] = {
        "svg": {"Date": None, "Creator": MARK},
        "pdf": {"CreationDate": None, "Creator": MARK},
        "png": {"Software": MARK},
    }
    with mpl.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph ")  # letters that the font lacks are boxes
        page, drawn = _drawn(plot)
        with replacing(path) as temporary:
            page.figure.savefig(temporary, format=kind, dpi=DOTS, metadata=dates[kind])
    return drawn


def _drawn(plot: Plot) -> tuple[Sheet, Drawn]:
    groups = plot.groups
    names = _naming(plot)
    beside = {"legend": _LEGEND, "scale": _BAR}.get(names, 0.0)
    page = sheet(plot.coordinates, beside=beside, ticks=plot.method == "pca")
    _label_axes(page.axes, plot)
    looks = _looks(plot, names)
    shade(page, plot, looks)
    if groups.numbers is not None:
        measured(page, plot, groups.numbers)
        return page, Drawn("scale", ())
    for group in range(-1, len(groups.names)):  # small groups lie over large ones
        colour, mark = looks[group] if group >= 0 else (UNNAMED, "o")
        scatter(page.axes, plot, groups.codes == group, colour, mark)
    if names == "map" or plot.thumbnails:
        left_out = letter(page, plot, looks, named=names == "map")
    else:
        left_out = []
    if names == "legend":
        legend(page, plot, looks)
    elif plot.placed.any():
        key_of_placed(page, plot)
    return page, Drawn(names, left_out)


def _naming(plot: Plot) -> Literal["legend", "map", "scale", "none"]:
    groups = plot.groups
    if groups.numbers is not None:
        return "scale"
    if not groups.names:
        return "none"
    return "legend" if len(groups.names) <= MOST_TOLD_APART else "map"


def _looks(plot: Plot, names: str) -> list[Look]:
    """Return the colour and mark of every group."""
    count = len(plot.groups.names)
    if names != "map":
        return in_turn(count)
    anchors = np.array([anchor(plot.coordinates[of]) for of in plot.members()])
    return [(COLOURS[colour], MARKS[0]) for colour in by_place(anchors.reshape(-1, 2))]


def _label_axes(axes: Axes, plot: Plot) -> None:
    if plot.method != "pca":  # the axes of UMAP mean nothing by themselves
        return
    shares = [f" ({share:.1%})".replace("%", " %") for share in plot.explained] or ["", ""]
    axes.set_xlabel(f"Principal axis 1{shares[0]}", labelpad=2)
    axes.set_ylabel(f"Principal axis 2{shares[1]}", labelpad=2)
