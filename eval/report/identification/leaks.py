"""The notice on a split that gives answers away, with the figures that it would have shown."""

from __future__ import annotations

import statistics
from collections.abc import Callable

from ...identification.figures import Honesty
from ..blocks import Notice, Section, Table
from ..cells import Cell, Column, gain_cell, share_cell
from .subject import AnswerSubject

_FIGURES: tuple[tuple[str, Callable[[Honesty], float]], ...] = (
    ("known, right at some rank", lambda one: one.coverage.estimate),
    ("given answers that are right", lambda one: one.accuracy),
    ("95 % sets that hold the species", lambda one: one.set_coverage.estimate),
    ("known against novel, AUROC", lambda one: one.novelty.auroc),
)


def leak_notice(subject: AnswerSubject) -> Section | None:
    """Figures with and without what gives answers away; None where nothing does."""
    crossed = subject.found.with_leaks
    if crossed is None:
        return None
    leaks = crossed.leaks
    told = (
        f"{len(leaks.queries):,} of {leaks.n_queries:,} queries are given away by the gallery, "
        "by images of their own specimen, copies or near copies.",
        f"The {len(crossed.left_out):,} gallery images that cross are left out of everything "
        "below. Quote the figures without them.",
    )
    notice = Notice(told, _both(subject, crossed.figures))
    return Section("leaks", "This split gives answers away", (notice,))


def _both(subject: AnswerSubject, seeming: tuple[Honesty, ...]) -> Table:
    columns = (
        Column("figure", 2.2, numeric=False),
        Column("without", 2.0),
        Column("with", 2.0),
        Column("too high by"),
    )
    clean = tuple(draw.figures for draw in subject.found.draws)
    rows = []
    for title, figure in _FIGURES:
        before, after = (statistics.fmean(map(figure, of)) for of in (clean, seeming))
        cells = share_cell(before, bar=True), share_cell(after, bar=True), gain_cell(after - before)
        rows.append((Cell(title), *cells))
    reading = (
        "Means over all draws, without what gives answers away, and as they would have seemed."
    )
    return Table("", columns, rows, reading)
