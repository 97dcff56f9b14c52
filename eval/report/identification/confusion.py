"""The section on confusion: which taxa are mixed up, and a map at a rank that can be read."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Codes

from ...identification.species import given_at, likeliest
from ..blocks import Block, Section, Text
from ..cells import Column
from ..mistakes import Answered, confusion_map, pairs_table, readable
from .subject import AnswerSubject


def confusion(subject: AnswerSubject) -> Section | None:
    """What known specimens are mistaken for; None without known specimens."""
    draw = subject.draw
    if not draw.figures.n_known:
        return None
    blocks: list[Block] = [_pairs(subject)]
    drawn = readable(
        _answered(subject, place, given_at(draw, place))
        for place in reversed(range(len(subject.ranks)))
    )
    if drawn is not None:
        rank = drawn.rank
        reading = (
            f"Known specimens: a row is a true {rank}, a column the {rank} that the answer names; "
            "the stronger a cell's colour, the larger its share of the row. The diagonal (blue) is "
            f"right, orange is wrong, grey got a coarser answer than {rank}, or none."
        )
        axis = f"{rank} given, at this rank or below"
        blocks.append(confusion_map(drawn, axis, "given", reading, "not given"))
    return Section("confusion", "What is mistaken for what", tuple(blocks))


def _pairs(subject: AnswerSubject) -> Block:
    finest = len(subject.ranks) - 1
    likely = _answered(subject, finest, likeliest(subject.draw))
    wrong = sum(likely.mistakes().values())
    if not wrong:
        return Text((f"No known specimen's likeliest {subject.rank} is wrong.",))
    return pairs_table(
        likely,
        (Column("of specimens", 0.9), Column("and given as the answer", 1.1)),
        _answered(subject, finest, given_at(subject.draw, finest)).mistakes(),
        f"The likeliest {subject.rank} is wrong for {wrong:,} known specimens, on",
        "it was sure enough to be given",
    )


def _answered(subject: AnswerSubject, place: int, answers: Codes) -> Answered:
    """Return answers at a rank about the known specimens that are named at it."""
    draw, rank = subject.draw, subject.ranks[place]
    counted = np.flatnonzero(draw.known & (draw.found.truth[:, place] >= 0))
    truth = draw.found.truth[counted, place]
    return Answered(rank, subject.found.images.labels(rank), truth, answers[counted])
