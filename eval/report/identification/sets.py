"""The section on prediction sets."""

from __future__ import annotations

import numpy as np

from ...measures.averages import mean
from ..blocks import Section, Table, Tile, Tiles, interval_tile
from ..cells import Cell, Column, count_cell, share_cell
from .subject import AnswerSubject

_SEPARATE = 5  # sizes with a row of their own


def sets(subject: AnswerSubject) -> Section | None:
    """How often the 95 % set holds the true species, and how large it is; None without known."""
    figures, draw = subject.draw.figures, subject.draw
    if not figures.n_known:
        return None
    novel = mean(draw.found.set_sizes[draw.found.novel].astype(np.float64))
    tiles = Tiles(
        (
            interval_tile(
                f"Sets that hold the {subject.rank}", figures.set_coverage, "; 0.95 is promised"
            ),
            Tile("Mean size", _size(figures.set_size), "known specimens"),
            *((Tile("Mean size", _size(novel), "novel specimens"),) if subject.has_novel else ()),
        )
    )
    return Section("sets", "Prediction sets", (tiles, _sizes(subject)))


def _size(value: float) -> Cell:
    return Cell(f"{value:.2f}", value=value)


def _sizes(subject: AnswerSubject) -> Table:
    draw = subject.draw
    sizes, inside = draw.found.set_sizes[draw.known], draw.found.inside[draw.known]
    lumped = np.minimum(sizes, _SEPARATE + 1)
    rows = []
    for size in np.unique(lumped):
        here = lumped == size
        name = f"{size}" if size <= _SEPARATE else f"{size} or more (largest {sizes.max()})"
        rows.append(
            (
                Cell(name),
                count_cell(int(here.sum())),
                share_cell(float(here.mean()), bar=True),
                share_cell(float(inside[here].mean()), bar=True),
            )
        )
    columns = (
        Column(f"{subject.rank} in the set", 1.6, numeric=False),
        Column("known specimens"),
        Column("share", 2.4),
        Column("hold the true one", 2.4),
    )
    reading = (
        f"A set lists every {subject.rank} that cannot be ruled out; over all known specimens 95 % "
        "of the sets should hold the true one. The promise is for all together, not for each size."
    )
    return Table("Sets by size", columns, rows, reading)
