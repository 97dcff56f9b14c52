"""Names and pictures of groups that are set in the map, each tied to its images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...arrays import Floats, Pixels
from ...visible import visible
from .lettering import Sheet as Lettered
from .lettering import place_labels
from .marks import Look
from .outlines import anchor
from .palette import darker
from .plot import Plot
from .style import Sheet

_MOST_NAMED = 150  # groups whose names are set in the map: the largest
_THUMBNAIL = 24.0  # points, the long side of a picture
_FAR_NAME, _FAR_PICTURE = 0.2, 0.05  # what a point of distance costs, by images under the box
_MANY = 40  # names from which on they are small and genera are abbreviated


def letter(page: Sheet, plot: Plot, looks: Sequence[Look], *, named: bool) -> list[str]:
    """Set names and pictures in the map, each tied to its images, and return names left out."""
    groups = plot.groups
    chosen = list(range(min(len(groups.names), _MOST_NAMED))) if named else []
    chosen += [group for group in plot.thumbnails if group not in chosen]
    members = plot.members()
    anchors = np.array([anchor(plot.coordinates[members[group]]) for group in chosen])
    texts = (groups.short_names() if len(groups.names) >= _MANY else groups.names) if named else ()
    style: dict[str, Any] = {
        "fontsize": 7.0 if len(chosen) < _MANY else 5.2,
        "style": "italic" if groups.italic else "normal",
    }
    words = [visible(texts[group]) if named else "" for group in chosen]
    letters = page.text_sizes(words, **style)
    letters[[not word for word in words]] = 0
    pictures = np.array([_picture_size(plot.thumbnails.get(group)) for group in chosen])
    sizes = np.stack(
        (np.maximum(letters[:, 0], pictures[:, 0]), letters[:, 1] + pictures[:, 1]), axis=1
    )
    points = page.in_points(plot.coordinates)
    at = page.in_points(anchors)
    cost = _FAR_NAME if not plot.thumbnails else _FAR_PICTURE
    boxes = place_labels(Lettered(page.width, page.height, points), at, sizes, per_unit=cost)
    for group, word, box, where, size in zip(chosen, words, boxes, at, letters, strict=True):
        if not np.isnan(box[0]):
            _tie(page, box, where, looks[group][0])
            _set_name(page, word, box, looks[group][0], style)
            _set_picture(page, plot.thumbnails.get(group), box, float(size[1]), looks[group][0])
    nowhere = np.isnan(boxes[:, 0])
    lost = [groups.names[group] for group, none in zip(chosen, nowhere, strict=True) if none]
    return (lost + list(groups.names[_MOST_NAMED:])) if named else lost


def _tie(page: Sheet, box: Floats, where: Floats, colour: str) -> None:
    """Draw a line from a name's box to what it names, where it lies apart."""
    end = np.clip(where, box[:2], box[2:])
    if np.linalg.norm(end - where) < 4:
        return
    line = page.in_map(np.stack((where, end)))
    page.axes.plot(*line.T, color=darker(colour), lw=0.4, zorder=5, solid_capstyle="round")


def _set_name(page: Sheet, word: str, box: Floats, colour: str, style: dict[str, Any]) -> None:
    if not word:
        return
    x, y = page.in_map(np.array([[(box[0] + box[2]) / 2, box[1]]]))[0]
    page.axes.text(
        x,
        y,
        word,
        ha="center",
        va="bottom",
        color=darker(colour),
        zorder=7,
        # A halo of white would make letters of an SVG into shapes.
        bbox={"facecolor": "white", "alpha": 0.6, "edgecolor": "none", "pad": 0.2},
        **style,
    )


def _picture_size(pixels: Pixels | None) -> tuple[float, float]:
    if pixels is None:
        return 0.0, 0.0
    height, width = pixels.shape[:2]
    scale = _THUMBNAIL / max(height, width)
    return width * scale, height * scale


def _set_picture(
    page: Sheet, pixels: Pixels | None, box: Floats, above: float, colour: str
) -> None:
    """Set a picture into its box, over its name."""
    if pixels is None:
        return
    width, height = _picture_size(pixels)
    middle = (box[0] + box[2]) / 2
    corners = np.array(
        [[middle - width / 2, box[1] + above], [middle + width / 2, box[1] + above + height]]
    )
    (left, bottom), (right, top) = page.in_map(corners)
    page.axes.imshow(
        pixels, extent=(left, right, bottom, top), aspect="equal", zorder=6, interpolation="lanczos"
    )
    outline = [(left, bottom), (right, bottom), (right, top), (left, top)]
    page.axes.fill(*np.array(outline).T, facecolor="none", edgecolor=colour, lw=0.7, zorder=6)
    page.axes.set(xlim=page.limits[:2], ylim=page.limits[2:])
