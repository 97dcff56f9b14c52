"""One tray: several shells under one lamp, and exactly where each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .camera import OVERSAMPLING, photograph, place_lamp, pose
from .light import Lit
from .seeds import Stream, generator
from .setups import Picture, expose, resize, to_bytes
from .sheet import Cell, draw_sheet, free_cells
from .species import Species, draw_specimen
from .surface import Floats

Mask = NDArray[np.bool_]

FEWEST, MOST = 5, 14
_FIRST_SPECIMEN = 10_000
"""Specimens of trays are none of the collection's."""
_FILL = 0.56
"""Share of a shell's square that it fills; the rest takes its shadow."""


@dataclass(frozen=True)
class Laid:
    """A shell on a tray."""

    species: Species
    specimen_id: str
    mask: Mask
    """bool [height, width], True where the shell covers at least half of the pixel."""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The smallest box about the mask: left, top, width, height in pixels."""
        rows, columns = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (1, 0))
        left, top = int(columns[0]), int(rows[0])
        return left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top


def lay_tray(
    number: int, species: list[Species], seed: int, width: int
) -> tuple[Picture, list[Laid]]:
    """Lay shells on a sheet without overlap.

    Args:
        species: what the shells are drawn from.
        width: of the picture in pixels; the height is three quarters of it.

    Returns:
        The picture, uint8 [height, width, 3], and its shells.
    """
    rng = generator(Stream.TRAY, seed, number)
    height = width * 3 // 4
    canvas = draw_sheet(width, height, number, rng)
    lamp = place_lamp(rng)
    cells = free_cells(width, height)
    shells: list[Laid] = []
    for index in rng.permutation(len(cells))[: rng.integers(FEWEST, MOST + 1)]:
        kind = species[rng.integers(len(species))]
        specimen = _FIRST_SPECIMEN + number * MOST + len(shells)
        view = pose(kind.genus, rng)
        side, left, top = _place(cells[index], rng)
        drawn = photograph(
            draw_specimen(kind, specimen, seed), view, lamp, round(side * OVERSAMPLING), _FILL
        )
        mask = _lay(canvas, drawn, left, top, side)
        shells.append(Laid(kind, kind.specimen_id(specimen), mask))
    display = expose(canvas) + rng.normal(0, 0.008, (height, width)).astype(np.float32)
    return to_bytes(display), shells


def _place(cell: Cell, rng: np.random.Generator) -> tuple[int, int, int]:
    """Return side, left and top in pixels of a square whose shell stays in the cell."""
    room = min(cell.width, cell.height)
    shell = rng.uniform(0.55, 0.92) * room
    side = int(shell / _FILL)
    play = np.array([cell.width - shell, cell.height - shell]) * rng.uniform(0.1, 0.9, 2)
    corner = np.array([cell.left, cell.top]) + play - (side - shell) / 2
    return side, round(corner[0]), round(corner[1])


def _lay(canvas: Floats, drawn: Lit, left: int, top: int, side: int) -> Mask:
    """Lay a shell and its shadow on the canvas; its square may stand over the edge."""
    planes = resize(np.stack([*drawn.colour, drawn.cover, drawn.shade]), side)
    planes[4] = 1 - (1 - planes[4]) * _fade(side)
    height, width = canvas.shape[1:]
    rows = slice(max(top, 0), min(top + side, height))
    columns = slice(max(left, 0), min(left + side, width))
    seen = planes[:, rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    colour, cover, shade = seen[:3], np.clip(seen[3], 0, 1), np.clip(seen[4], 0, 1)
    spot = canvas[:, rows, columns]
    np.copyto(spot, spot * shade * (1 - cover) + np.maximum(colour, 0))
    mask = np.zeros((height, width), np.bool_)
    mask[rows, columns] = cover >= 0.5
    return mask


def _fade(side: int) -> Floats:
    """Return 1 in the middle of a square, falling to 0 at its edge, where shadows would be cut."""
    inwards = 1 - np.abs(np.linspace(-1, 1, side, dtype=np.float32))
    share: Floats = np.clip(np.minimum(inwards, inwards[:, None]) / 0.25, 0, 1)
    return share
