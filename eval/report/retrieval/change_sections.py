"""Sections on two spaces: what the one after gains, and which taxa gain and lose (METHODS 4.12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from ...measures.comparison import Comparison
from ...measures.intervals import Interval
from ...retrieval.two_spaces import SpaceComparison
from ..blocks import Block, Figure, Section, Table, Text, Tile, Tiles
from ..cells import (
    Cell,
    Column,
    count_cell,
    gain_cell,
    gain_text,
    is_italic,
    p_text,
    percent_text,
    plural,
    share_cell,
)
from ..marks import Points
from .change_plots import paired_boxes
from .spread import MOST_GROUPS, left_out_text
from .subject import Subject


def gain(subject: Subject) -> Section | None:
    """What the second space gains over the first; None where only one was measured."""
    if subject.comparison is None:
        return None
    before, after = names_of(subject.comparison)
    title = f"{after} compared with {before}"
    change = subject.comparison.by_rank[subject.rank]
    if not change.n:
        return Section("gain", title, (Text(("No query can be answered in both spaces.",)),))
    blocks: list[Block] = [_tiles(subject, change), _by_rank(subject, subject.comparison)]
    if subject.grouping == "category":
        blocks.append(_by_category(subject, subject.comparison))
    blocks.append(_boxes(subject, subject.comparison))
    return Section("gain", title, tuple(blocks))


def names_of(comparison: SpaceComparison) -> tuple[str, str]:
    """Return the names of the two spaces."""
    return comparison.before.images.space.name, comparison.after.images.space.name


def _tiles(subject: Subject, change: Comparison) -> Tiles:
    wrong = [round(change.n * (1 - side.micro)) for side in (change.before, change.after)]
    return Tiles(
        (
            Tile(
                f"Gain in {subject.rank} recall@1",
                gain_cell(change.gain_over_taxa.estimate),
                f"95 % interval over {plural(subject.rank)} {_bounds(change.gain_over_taxa)}",
            ),
            Tile(
                "Fewer errors",
                _percent(change.fewer_errors),
                f"{wrong[0]:,} wrong before, {wrong[1]:,} after",
            ),
            Tile(
                "Fixed / broken",
                Cell(f"{change.fixes:,} / {change.breaks:,}"),
                f"McNemar's exact {p_text(change.p)}",
            ),
            Tile(
                f"{plural(subject.rank).capitalize()} improved",
                _percent(change.improved),
                f"worsened {percent_text(change.worsened)}, "
                f"unchanged {percent_text(1 - change.improved - change.worsened)}",
            ),
        )
    )


def _bounds(interval: Interval) -> str:
    """Return the bounds of a gain; a single taxon has none."""
    low, high = gain_text(interval.low), gain_text(interval.high)
    return f"{low} to {high}" if "–" not in (low, high) else "not known"


def _percent(share: float) -> Cell:
    known = None if pd.isna(share) else float(share)
    return Cell(percent_text(share), value=known)


def _by_rank(subject: Subject, comparison: SpaceComparison) -> Table:
    """One column a rank: the hits are the same, the taxa that tell them apart are not."""
    shown = {
        rank: change
        for rank, change in comparison.by_rank.items()
        if len(change.per_taxon) > 1 or rank == subject.rank
    }
    columns = (
        Column(f"{subject.rank} recall@1", 1.6, numeric=False),
        *(Column(f"by {rank}") for rank in shown),
    )
    rows = [
        (Cell(title), *(cell(change) for change in shown.values()))
        for title, cell in _figures(*names_of(comparison))
    ]
    reading = (
        f"Both spaces answered the same queries against the same gallery. A query is a hit where "
        f"the most similar image is of its {subject.rank}; the columns differ in the taxa over "
        "which means, medians, intervals and shares are taken. Small print: 95 % interval of "
        "1,000 draws of taxa."
    )
    return Table("Before and after", columns, rows, reading)


def _figures(before: str, after: str) -> Sequence[tuple[str, Callable[[Comparison], Cell]]]:
    return (
        ("taxa", lambda c: count_cell(len(c.per_taxon))),
        ("queries", lambda c: count_cell(c.n)),
        (f"{before}, over queries", lambda c: share_cell(c.before.micro)),
        (f"{after}, over queries", lambda c: share_cell(c.after.micro)),
        ("gain over queries", lambda c: _with_bounds(c.gain_over_taxa)),
        (f"{before}, mean of taxa", lambda c: share_cell(c.before.macro)),
        (f"{after}, mean of taxa", lambda c: share_cell(c.after.macro)),
        ("gain, mean of taxa", lambda c: _with_bounds(c.macro_gain)),
        ("gain, median of taxa", lambda c: gain_cell(c.median_gain)),
        ("fewer errors", lambda c: _percent(c.fewer_errors)),
        ("queries fixed", lambda c: count_cell(c.fixes)),
        ("queries broken", lambda c: count_cell(c.breaks)),
        (
            "McNemar's exact p",
            lambda c: Cell(p_text(c.p).removeprefix("p ").removeprefix("= "), value=c.p),
        ),
        ("taxa improved", lambda c: share_cell(c.improved)),
        ("taxa worsened", lambda c: share_cell(c.worsened)),
        ("taxa unchanged", lambda c: share_cell(1 - c.improved - c.worsened)),
    )


def _with_bounds(interval: Interval) -> Cell:
    return gain_cell(interval.estimate, note=_bounds(interval))


def _by_category(subject: Subject, comparison: SpaceComparison) -> Table:
    before, after = names_of(comparison)
    within = subject.measured.groupby("category")["gain"]
    mean, median = within.mean(), within.median()
    columns = (
        Column("category", 1.6, numeric=False),
        Column("queries"),
        Column(before, 2.0),
        Column(after, 2.0),
        Column("gain"),
        Column(f"mean of {plural(subject.rank)}"),
        Column(f"median of {plural(subject.rank)}"),
    )
    rows = [
        (
            Cell(row["taxon"]),
            count_cell(row["n"]),
            share_cell(row["before"], bar=True),
            share_cell(row["after"], bar=True),
            *map(gain_cell, (row["gain"], mean[row["taxon"]], median[row["taxon"]])),
        )
        for row in comparison.by_rank["category"].per_taxon.to_dict("records")
    ]
    reading = (
        f"Recall@1 of {plural(subject.rank)} for the queries of one category, in both spaces; the "
        "last two columns are of the gains of its single taxa."
    )
    return Table("Gain by category", columns, rows, reading)


def _boxes(subject: Subject, comparison: SpaceComparison) -> Figure:
    parts, many = subject.groups(), plural(subject.rank)
    before, after = names_of(comparison)
    pairs = [(_points(part, name, "before"), _points(part, name, "after")) for name, part in parts]
    drawn = pairs[:MOST_GROUPS]
    by = f" by {subject.grouping}" if subject.grouping else ""
    return Figure(
        f"Recall@1 of single {many}{by}, before and after",
        paired_boxes(
            drawn,
            (before, after),
            axis=f"recall@1 of single {many}",
            italic=subject.grouping is not None and is_italic(subject.grouping),
        ),
        f"Box plots of the recall@1 of {len(subject.measured)} {many} in two spaces.",
        f"One dot a {subject.rank}; of each two boxes the upper one is {before}. The box holds the "
        "middle half of the dots, the thick line is the median, the whiskers end at the last dot "
        f"within 1.5 box lengths; fewer than five dots have no box. In brackets: how many {many}."
        + left_out_text(len(parts)),
    )


def _points(part: pd.DataFrame, label: str, column: str) -> Points:
    return Points(label, part["taxon"].tolist(), part[column].to_numpy(np.float64))
