"""The section on confusion: which taxa are mixed up, and a map at a rank that can be read."""

from __future__ import annotations

import numpy as np

from ...identification.species import given_at, likeliest
from ...measures.arrays import Codes
from ...measures.classification import confusion_matrix
from ..blocks import Block, Figure, Section, Table, Text
from ..cells import Column, count_cell, is_italic, share_cell, taxon_cell
from ..heat_map import heat_map
from ..retrieval.subject import plural
from .subject import AnswerSubject

_MOST_PAIRS = 60
_MOST_TAXA = 40


def confusion(subject: AnswerSubject) -> Section | None:
    """What known specimens are mistaken for; None without known specimens."""
    if not subject.draw.figures.n_known:
        return None
    blocks: list[Block] = [_pairs(subject)]
    for place in reversed(range(len(subject.ranks))):
        if 1 < len(_drawn(subject, place)) <= _MOST_TAXA:
            blocks.append(_map(subject, place))
            break
    return Section("confusion", "What is mistaken for what", tuple(blocks))


def _pairs(subject: AnswerSubject) -> Block:
    truth, answers = _named(subject, len(subject.ranks) - 1)
    likely = likeliest(subject.draw)[_counted(subject, len(subject.ranks) - 1)]
    wrong = (likely != truth) & (likely >= 0)
    if not wrong.any():
        return Text((f"No known specimen's likeliest {subject.rank} is wrong.",))
    pairs, member, times = np.unique(
        np.column_stack([truth[wrong], likely[wrong]]),
        axis=0,
        return_inverse=True,
        return_counts=True,
    )
    stated = np.bincount(member.reshape(-1), answers[wrong] >= 0, len(pairs)).astype(np.int64)
    specimens = np.bincount(truth, minlength=len(subject.names(subject.rank)))
    order = np.argsort(-times, kind="stable")[:_MOST_PAIRS]
    rows = [
        (
            *(taxon_cell(subject.names(subject.rank)[code], subject.rank) for code in pairs[i]),
            count_cell(int(times[i])),
            count_cell(int(specimens[pairs[i, 0]])),
            share_cell(times[i] / specimens[pairs[i, 0]], bar=True),
            count_cell(int(stated[i])),
        )
        for i in order
    ]
    columns = (
        Column(f"true {subject.rank}", 2.6, numeric=False),
        Column("mistaken for", 2.6, numeric=False),
        Column("times", 0.7),
        Column("of specimens", 0.9),
        Column("share", 1.8),
        Column("and given as the answer", 1.1),
    )
    which = "all of them" if len(order) == len(pairs) else f"the {len(order)} most frequent"
    reading = (
        f"The likeliest {subject.rank} is wrong for {int(wrong.sum()):,} known specimens, on "
        f"{len(pairs):,} pairs of truth and answer; these are {which}. The last column counts how "
        f"often it was sure enough to be given."
    )
    return Table("Most confused pairs", columns, rows, reading, shown=15)


def _counted(subject: AnswerSubject, place: int) -> Codes:
    """Return the known specimens that are named at a rank, int64."""
    draw = subject.draw
    return np.flatnonzero(draw.known & (draw.found.truth[:, place] >= 0))


def _named(subject: AnswerSubject, place: int) -> tuple[Codes, Codes]:
    """Return truths and given answers at a rank of the known specimens that are named at it."""
    counted = _counted(subject, place)
    return subject.draw.found.truth[counted, place], given_at(subject.draw, place)[counted]


def _drawn(subject: AnswerSubject, place: int) -> Codes:
    """Return the taxa of a rank that ask or are given, by category and name."""
    used = np.concatenate(_named(subject, place))
    lineages = subject.found.images.labels(subject.ranks[place]).lineages
    ordered = sorted(np.unique(used[used >= 0]).tolist(), key=lambda code: lineages[code])
    return np.array(ordered, np.int64)


def _map(subject: AnswerSubject, place: int) -> Figure:
    rank, codes = subject.ranks[place], _drawn(subject, place)
    names = subject.names(rank)
    cells = confusion_matrix(*_named(subject, place), len(names))
    return Figure(
        f"Confusion of {plural(rank)}",
        heat_map(
            cells[np.ix_(codes, np.append(codes, len(names)))],
            [names[code] for code in codes],
            italic=is_italic(rank),
            rejected="not given",
            axis=f"{rank} given, at this rank or below",
        ),
        f"Map of {len(codes)} true {plural(rank)} against the {plural(rank)} given.",
        f"Known specimens: a row is a true {rank}, a column the {rank} that the answer names; the "
        "stronger a cell's colour, the larger its share of the row. The diagonal (blue) is right, "
        f"orange is wrong, grey got a coarser answer than {rank}, or none.",
    )
