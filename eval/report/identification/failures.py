"""The sections of the worst failures, as pictures: sure and wrong, novel and given a taxon."""

from __future__ import annotations

import numpy as np

from holotype.index.arrays import Codes, Flags, Floats

from ..blocks import Section, Text
from ..cells import share_text
from ..examples import Query, examples, legend
from .subject import AnswerSubject

_EXAMPLES = 12  # of each kind


def failures(subject: AnswerSubject) -> Section | None:
    """Known specimens with the surest wrong answers; None where no known specimen asked."""
    draw = subject.draw
    if not draw.figures.n_known:
        return None
    given = draw.found.given & ~draw.found.given_right & draw.known
    p, rank = _given(subject)
    asked = _worst(given, p)
    title = "Sure and wrong"
    if len(asked):
        reading = (
            f"{int(given.sum()):,} of {draw.figures.n_known:,} known specimens were given a wrong "
            f"answer; the surest first. {_legend(subject)} A mistake that looks right may be a "
            "wrong label."
        )
        return _section(subject, "failures", title, asked, rank, reading)
    likeliest = draw.known & ~draw.found.right[:, -1]
    asked = _worst(likeliest, draw.found.answers.p[:, -1])
    if not len(asked):
        return Section("failures", title, (Text(("No known specimen got a wrong answer.",)),))
    finest = np.full(len(draw.asked), len(subject.ranks) - 1)
    reading = (
        "No known specimen was given a wrong answer. These are the ones whose likeliest "
        f"{subject.rank} is wrong, the surest first. {_legend(subject)}"
    )
    return _section(subject, "failures", title, asked, finest, reading)


def over_commitments(subject: AnswerSubject) -> Section | None:
    """Novel specimens that were given a taxon of the finest rank; None without."""
    draw, finest = subject.draw, len(subject.ranks) - 1
    p, rank = _given(subject)
    given = draw.found.novel & (rank == finest)
    asked = _worst(given, p)
    if not len(asked):
        return None
    n, of = int(given.sum()), int(draw.found.novel.sum())
    reading = (
        f"{n:,} of {of:,} novel specimens were given a {subject.rank}, though the gallery has none "
        "of theirs; the surest first. " + _legend(subject)
    )
    title = f"New, and given a {subject.rank}"
    return _section(subject, "new", title, asked, rank, reading)


def _given(subject: AnswerSubject) -> tuple[Floats, Codes]:
    """Return the probability of the answer that is given, and its rank, -1 for none."""
    answers = subject.draw.found.answers
    place = np.maximum(answers.rank, 0)[:, None]
    return np.take_along_axis(answers.p, place, axis=1)[:, 0], answers.rank


def _worst(members: Flags, p: Floats) -> Codes:
    rows = np.flatnonzero(members)
    return rows[np.argsort(-p[rows], kind="stable")][:_EXAMPLES]


def _legend(subject: AnswerSubject) -> str:
    return (
        "At the left the specimen with its true name, then what was answered and how probable "
        "that seemed; right of it the most similar gallery images in the first working "
        f"space, with the cosine. {legend(subject.ranks)}"
    )


def _section(
    subject: AnswerSubject, key: str, title: str, asked: Codes, rank: Codes, reading: str
) -> Section:
    shown = [_query(subject, int(row), int(rank[row])) for row in asked]
    block = examples(subject.found.images, subject.collection, shown, reading)
    return Section(key, title, (block,))


def _query(subject: AnswerSubject, row: int, place: int) -> Query:
    draw, names = subject.draw, subject.names(subject.ranks[place])
    answers = draw.found.answers
    p, code = share_text(float(answers.p[row, place])), int(answers.taxa[row, place])
    nearest = zip(draw.nearest[row].tolist(), draw.cosines[row].tolist(), strict=True)
    return Query(int(draw.asked[row]), "truth", tuple(nearest), f"answer, {p}: {names[code]}")
