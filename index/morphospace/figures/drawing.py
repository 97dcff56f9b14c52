"""The map of a collection's space as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ...arrays import Flags
from ...collection import Collection
from ...errors import UsageError
from ...ways import option
from ..morphospace import Morphospace
from .figure import draw
from .groups import groups_of
from .medoids import medoid_pictures
from .plot import SHADES, Plot


def draw_map(
    collection: Collection,
    shown: Morphospace,
    path: Path,
    *,
    allowed: Flags | None = None,
    column: str | None = None,
    shade: str = "auto",
    thumbnails: int = 0,
) -> dict[str, Any]:
    """Draw a map into an .svg, .pdf or .png file and return what it shows, as JSON-ready values.

    Args:
        collection: of the map.
        shown: the map.
        path: the file.
        allowed: bool [n], the images that are shown; None for all.
        column: what they are coloured by; by default the finest rank that any is named at.
        shade: `hulls`, `density`, `none` or `auto`, under the images.
        thumbnails: how many of the largest groups get the picture of their medoid.

    Raises:
        UsageError: there is no such column or shade, or the ending is another.
    """
    one = next((known for known in SHADES if known == shade), None)
    if one is None:
        raise UsageError(f"shade is '{shade}'; it must be one of {', '.join(SHADES)}")
    groups = groups_of(collection, shown, column, allowed)
    places = np.arange(len(shown)) if allowed is None else np.flatnonzero(allowed)
    if not len(places):
        raise UsageError("No image is left to be shown; ask for others")
    pictures, gone = medoid_pictures(collection, shown, groups, allowed, thumbnails)
    axes = shown.made.axes
    plot = Plot(
        coordinates=shown.coordinates[places],
        placed=shown.placed[places],
        far=shown.far[places],
        groups=groups,
        method=shown.made.parameters.method,
        explained=() if axes is None else axes.explained.tolist(),
        shade=one,
        thumbnails=pictures,
    )
    drawn = draw(plot, path)
    notes = list(shown.notes)
    if drawn.unlabelled:
        notes.append(
            f"{len(drawn.unlabelled)} of {len(groups.names)} names found no place in the figure; "
            f"show fewer with {option('where')}, or colour by a higher rank"
        )
    if gone:
        notes.append(f"The pictures of {len(gone)} medoids are gone: {', '.join(gone[:5])}")
    return {
        "file": str(path),
        "shown": len(places),
        "column": groups.column,
        "groups": len(groups.names),
        "unnamed": int((groups.codes < 0).sum()),
        "names": drawn.names,
        "unlabelled": list(drawn.unlabelled),
        "notes": notes,
    }
