"""Clusters as one picture: each with its typical images and its outliers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from holotype.index.collection import Collection

from .clusters import cluster_lines
from .drawing import BLUE, FAINT, GAP, INK, LINE, ORANGE, SIDE, Drawing

_TYPICAL, _OUTLIERS = 5, 2  # pictures of a cluster that are shown
_WIDTH = (SIDE + GAP) * (_TYPICAL + _OUTLIERS) + GAP
_HEIGHT = SIDE + 3 * LINE + 2 * GAP
MOST = 200  # clusters on a sheet; a PNG of more is higher than viewers show


def write_cluster_sheet(collection: Collection, found: dict[str, Any], path: Path) -> None:
    """Write the clusters of a clustering, those that nobody has decided about first, as PNG.

    Frames of typical images are blue, those of outliers orange.

    Args:
        found: a clustering as JSON-ready values.
        path: a file that appears whole or not at all.
    """
    every = [*found["clusters"], *found["set_aside"]]
    shown = sorted(every, key=lambda one: one["state"] != "open")[:MOST]
    drawing = Drawing(collection, _WIDTH, max(1, len(shown)) * _HEIGHT + GAP)
    if not shown:
        drawing.write(GAP, GAP, "There are no clusters.", INK)
    for number, one in enumerate(shown):
        _draw(drawing, one, GAP + number * _HEIGHT)
    drawing.save(path)


def _draw(drawing: Drawing, one: dict[str, Any], top: int) -> None:
    head, *rest = (line.strip() for line in cluster_lines(one))
    drawing.write(GAP, top, head, INK)
    drawing.write(GAP, top + LINE, "; ".join(rest[:-1]), FAINT)  # the last names the pictures
    outliers = one["outliers"][:_OUTLIERS]
    typical = [image for image in one["typical"] if image not in outliers][:_TYPICAL]
    for place, image_id in enumerate([*typical, *outliers]):
        left = GAP + place * (SIDE + GAP)
        colour = BLUE if place < len(typical) else ORANGE
        drawing.picture(image_id, left, top + 2 * LINE + GAP // 2, colour)
        drawing.write(left, top + 2 * LINE + GAP + SIDE, image_id, FAINT, SIDE)
