"""What a figure shows, before it is drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, get_args

import numpy as np

from ...arrays import Embeddings, Flags, Ids, Pixels
from .groups import Groups
from .style import INK, MUTED

Shade = Literal["auto", "hulls", "density", "none"]

SHADES: tuple[Shade, ...] = get_args(Shade)


@dataclass(frozen=True, eq=False)
class Plot:
    """What a figure shows.

    Attributes:
        coordinates: float32 [n, 2], n at least 1.
        placed, far: bool [n].
        groups: what the images are coloured by.
        method: `umap` or `pca`.
        explained: of a map by `pca`, the share of the variance along each axis.
        shade: what lies under the images: hulls of the groups, the density of all, or nothing.
        thumbnails: pictures of groups by their position, uint8 [height, width, 3].
    """

    coordinates: Embeddings
    placed: Flags
    far: Flags
    groups: Groups
    method: str = "umap"
    explained: Sequence[float] = ()
    shade: Shade = "auto"
    thumbnails: Mapping[int, Pixels] = field(default_factory=dict)

    def members(self) -> list[Ids]:
        """Return the images of every group."""
        codes = self.groups.codes
        order = np.argsort(codes, kind="stable")
        bounds = np.searchsorted(codes[order], np.arange(len(self.groups.names) + 1))
        return [order[start:stop] for start, stop in pairwise(bounds)]

    def placed_keys(self) -> list[tuple[str, str, str, str]]:
        """Return name, colour, mark and filling of the marks of images that were placed."""
        keys = []
        if self.placed.any():
            keys.append((f"placed later ({int(self.placed.sum())})", MUTED, "o", "none"))
        if self.far.any():
            keys.append((f"far from all ({int(self.far.sum())})", INK, "x", "none"))
        return keys
