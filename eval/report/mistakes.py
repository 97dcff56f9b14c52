"""What is mistaken for what: pairs of taxa, and a map at a rank that can be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.gallery.gallery import RankLabels

from ..measures.classification import confusion_matrix
from .blocks import Figure, Table
from .cells import Column, count_cell, is_italic, plural, share_cell, taxon_cell
from .heat_map import heat_map

Mistakes = dict[tuple[int, int], int]
"""How often a taxon (the first code) was answered with another (the second), most often first."""

_MOST_PAIRS = 60
_MOST_TAXA = 40


@dataclass(frozen=True, eq=False)
class Answered:
    """What was answered at one rank.

    Attributes:
        labels: the taxa of the rank.
        truth: int64 [n], the taxa of those who asked, all known.
        answers: int64 [n], the taxa that were answered, -1 for none.
    """

    rank: str
    labels: RankLabels
    truth: Codes
    answers: Codes

    def taxa(self) -> list[int]:
        """Return the taxa that ask or are answered, by category and name."""
        used = np.unique(np.concatenate([self.truth, self.answers]))
        return sorted(used[used >= 0].tolist(), key=lambda code: self.labels.lineages[code])

    def mistakes(self) -> Mistakes:
        """Return the wrong answers by pair."""
        wrong = (self.answers != self.truth) & (self.answers >= 0)
        both = np.column_stack([self.truth, self.answers])[wrong]
        pairs, times = np.unique(both, axis=0, return_counts=True)
        order = np.argsort(-times, kind="stable")
        return {(int(pairs[i, 0]), int(pairs[i, 1])): int(times[i]) for i in order}


def pairs_table(
    answered: Answered,
    columns: tuple[Column, Column],
    last: Mapping[tuple[int, int], int],
    opening: str,
    closing: str,
) -> Table:
    """Return the most confused pairs.

    Args:
        answered: with a wrong answer at least.
        columns: those of how many asked, and the last.
        last: the count in the last column, 0 for pairs that it lacks.
        opening: the first words of how to read it, before the number of pairs.
        closing: what the last column counts.
    """
    pairs, names, rank = answered.mistakes(), answered.labels.names, answered.rank
    asked = np.bincount(answered.truth, minlength=len(names))
    rows = [
        (
            taxon_cell(names[pair[0]], rank),
            taxon_cell(names[pair[1]], rank),
            count_cell(times),
            count_cell(int(asked[pair[0]])),
            share_cell(times / asked[pair[0]], bar=True),
            count_cell(last.get(pair, 0)),
        )
        for pair, times in list(pairs.items())[:_MOST_PAIRS]
    ]
    head = (
        Column(f"true {rank}", 2.6, numeric=False),
        Column("mistaken for", 2.6, numeric=False),
        Column("times", 0.7),
        columns[0],
        Column("share", 1.8),
        columns[1],
    )
    which = "all of them" if len(rows) == len(pairs) else f"the {len(rows)} most frequent"
    reading = (
        f"{opening} {len(pairs):,} pairs of truth and answer; these are {which}. The last column "
        f"counts how often {closing}."
    )
    return Table("Most confused pairs", head, rows, reading, shown=15)


def readable(ranks: Iterable[Answered]) -> Answered | None:
    """Return the first that has few enough taxa for a map, and more than one; None without."""
    return next((each for each in ranks if 1 < len(each.taxa()) <= _MOST_TAXA), None)


def confusion_map(
    answered: Answered, axis: str, by: str, reading: str, rejected: str = ""
) -> Figure:
    """Return a map of truths against answers.

    Args:
        answered: with few enough taxa, see `readable`.
        axis: what the columns are.
        by: what is answered, in the plural.
        reading: how to read it.
        rejected: what the column of those without an answer is called; without, it is not drawn.
    """
    names, rank, drawn = answered.labels.names, answered.rank, answered.taxa()
    cells = confusion_matrix(answered.truth, answered.answers, len(names))
    columns = [*drawn, len(names)] if rejected else drawn
    many = plural(rank)
    return Figure(
        f"Confusion of {many}",
        heat_map(
            cells[np.ix_(drawn, columns)],
            [names[code] for code in drawn],
            italic=is_italic(rank),
            rejected=rejected,
            axis=axis,
        ),
        f"Map of {len(drawn)} true {many} against the {many} {by}.",
        reading,
    )
