"""The section on confusion: how far off wrong answers are, and which taxa are mixed up."""

from __future__ import annotations

from ..blocks import Block, Section, Table, Text
from ..cells import Cell, Column, count_cell, share_cell
from ..mistakes import Answered, confusion_map, pairs_table, readable
from .subject import Subject
from .taxon_table import answered_at, wrong_at_first


def confusion(subject: Subject) -> Section:
    """What wrong nearest images are of."""
    asked = answered_at(subject.evaluation, subject.rank)
    if not asked.mistakes():
        text = Text((f"No answerable query's nearest image is of another {subject.rank}.",))
        return Section("confusion", "What is mistaken for what", (text,))
    blocks: list[Block] = [_distance(subject)] if len(subject.ranks) > 1 else []
    blocks.append(_pairs(asked))
    drawn = readable(answered_at(subject.evaluation, rank) for rank in reversed(subject.ranks))
    if drawn is not None:
        reading = (
            f"A row is a true {drawn.rank}, a column the {drawn.rank} of the nearest image; the "
            "stronger a cell's colour, the larger its share of the row. The diagonal (blue) is "
            "right, all else (orange) is not."
        )
        axis = "taxon of the nearest image"
        blocks.append(confusion_map(drawn, axis, "of the nearest images", reading))
    return Section("confusion", "What is mistaken for what", tuple(blocks))


def _distance(subject: Subject) -> Table:
    """Tell at which rank the wrong answers are still right."""
    found = subject.evaluation
    left = wrong_at_first(found, subject.rank)
    total = int(left.sum())
    counts = {}
    for rank in reversed(subject.ranks[:-1]):
        same = left & found.recall[rank].hits[:, 0]
        left = left & ~same
        counts[f"right {rank}"] = int(same.sum())
    counts["right at no rank"] = int(left.sum())
    rows = [
        (Cell(name), count_cell(n), share_cell(n / total, bar=True)) for name, n in counts.items()
    ]
    columns = (
        Column("the wrong nearest image is of the", 2.4, numeric=False),
        Column("queries"),
        Column("share", 3.0),
    )
    reading = (
        f"All {total:,} queries whose nearest image is of another {subject.rank}, each counted "
        "once, at the finest rank that is still right."
    )
    return Table("How far off wrong answers are", columns, rows, reading)


def _pairs(asked: Answered) -> Table:
    pairs = asked.mistakes()
    return pairs_table(
        asked,
        (Column("of queries", 0.8), Column("the other way round", 1.1)),
        {(truth, answer): times for (answer, truth), times in pairs.items()},
        f"The {sum(pairs.values()):,} mistakes fall on",
        "the second was mistaken for the first",
    )
