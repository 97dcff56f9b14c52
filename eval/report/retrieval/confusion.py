"""The section on confusion: how far off wrong answers are, and which taxa are mixed up."""

from __future__ import annotations

import numpy as np

from ...measures.arrays import Codes
from ...measures.classification import confusion_matrix
from ..blocks import Block, Figure, Section, Table, Text
from ..cells import Cell, Column, count_cell, is_italic, share_cell, taxon_cell
from ..heat_map import heat_map
from .subject import Subject, plural
from .taxon_table import confused_pairs, nearest_taxon, wrong_at_first

_MOST_PAIRS = 60
_MOST_TAXA = 40


def confusion(subject: Subject) -> Section:
    """What wrong nearest images are of."""
    pairs = confused_pairs(subject.evaluation, subject.rank)
    blocks: list[Block] = []
    if not pairs:
        blocks.append(Text((f"No answerable query's nearest image is of another {subject.rank}.",)))
    else:
        if len(subject.ranks) > 1:
            blocks.append(_distance(subject))
        blocks.append(_pairs(subject, pairs))
        rank = _rank_to_draw(subject)
        if rank is not None:
            blocks.append(_heat_map(subject, rank))
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


def _pairs(subject: Subject, pairs: list[tuple[int, int, int]]) -> Table:
    taxa = subject.evaluation.taxa[subject.rank]
    asked = subject.recall.answerable
    queries = np.bincount(taxa.query[asked], minlength=len(taxa.names))
    times_of = {(truth, answer): times for truth, answer, times in pairs}
    rows = [
        (
            taxon_cell(taxa.names[truth], subject.rank),
            taxon_cell(taxa.names[answer], subject.rank),
            count_cell(times),
            count_cell(int(queries[truth])),
            share_cell(times / queries[truth], bar=True),
            count_cell(times_of.get((answer, truth), 0)),
        )
        for truth, answer, times in pairs[:_MOST_PAIRS]
    ]
    columns = (
        Column(f"true {subject.rank}", 2.6, numeric=False),
        Column("mistaken for", 2.6, numeric=False),
        Column("times", 0.7),
        Column("of queries", 0.8),
        Column("share", 1.8),
        Column("the other way round", 1.1),
    )
    mistakes = sum(times for _, _, times in pairs)
    which = "all of them" if len(rows) == len(pairs) else f"the {len(rows)} most frequent"
    reading = (
        f"The {mistakes:,} mistakes fall on {len(pairs):,} pairs of truth and answer; these are "
        f"{which}. The last column counts how often the second was mistaken for the first."
    )
    return Table("Most confused pairs", columns, rows, reading, shown=15)


def _rank_to_draw(subject: Subject) -> str | None:
    """Return the finest rank with few enough taxa for a readable map, None where there is none."""
    for rank in reversed(subject.ranks):
        if 1 < len(_drawn(subject, rank)) <= _MOST_TAXA:
            return rank
    return None


def _drawn(subject: Subject, rank: str) -> Codes:
    """Return the taxa that have an answerable query or answer one, by category and name."""
    found = subject.evaluation
    asked = found.recall[rank].answerable
    used = np.concatenate([found.taxa[rank].query[asked], nearest_taxon(found, rank)[asked]])
    lineages = found.images.labels(rank).lineages
    ordered = sorted(np.unique(used[used >= 0]).tolist(), key=lambda code: lineages[code])
    return np.array(ordered, np.int64)


def _heat_map(subject: Subject, rank: str) -> Figure:
    found, codes = subject.evaluation, _drawn(subject, rank)
    asked = found.recall[rank].answerable
    names = found.taxa[rank].names
    cells = confusion_matrix(
        found.taxa[rank].query[asked], nearest_taxon(found, rank)[asked], len(names)
    )
    many = plural(rank)
    return Figure(
        f"Confusion of {many}",
        heat_map(cells[np.ix_(codes, codes)], [names[c] for c in codes], italic=is_italic(rank)),
        f"Map of {len(codes)} true {many} against the {many} of the nearest images.",
        f"A row is a true {rank}, a column the {rank} of the nearest image; the stronger a cell's "
        "colour, the larger its share of the row. The diagonal (blue) is right, all else (orange) "
        "is not.",
    )
