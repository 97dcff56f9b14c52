"""The notice on a split that gives answers away, and the fact on leakage of every report."""

from __future__ import annotations

import numpy as np

from ...retrieval.evaluate import Evaluation
from ..blocks import Notice, Section, Table
from ..cells import Cell, Column, gain_cell, share_cell
from .subject import Subject


def leak_notice(subject: Subject) -> Section | None:
    """Recall@1 with and without what gives answers away; None where nothing does."""
    found = subject.evaluation
    if not found.with_leaks:
        return None
    notice = Notice((*_crossing(found), *_fitted(found)), _both_figures(subject))
    gives_away = crosses_split(found)
    title = "This split gives answers away" if gives_away else "The space knows what asks it"
    return Section("leaks", title, (notice,))


def crosses_split(found: Evaluation) -> bool:
    """Return whether specimens or copies stand on both sides of a split."""
    return not (found.leaks.clean or found.protocol.split.leave_one_out)


def _crossing(found: Evaluation) -> tuple[str, ...]:
    if not crosses_split(found):
        return ()
    return (
        f"{len(found.leaks.queries):,} of {found.leaks.n_queries:,} queries are given away by the "
        f"gallery: {crossing_text(found)}.",
        "Everything below leaves out what crosses, query by query. Quote the figures without it.",
    )


def _fitted(found: Evaluation) -> tuple[str, ...]:
    fitting, name = found.fitting, found.images.space.name
    if not fitting.instead:
        return ()
    seen = ((fitting.space_queries, f"space {name}"), (fitting.encoder_queries, "its encoder"))
    told = ", ".join(f"{who} was fitted on {queries:,}" for queries, who in seen if queries)
    return (
        f"Of the queries, {told}.",
        f"Everything below is of {fitting.instead}. Quote the figures without what it knows.",
    )


def crossing_text(found: Evaluation) -> str:
    """Return what crosses the split, by kind."""
    leaks = found.leaks
    shared = len(np.unique(found.images.specimens[leaks.specimens[:, 0]]))
    which = "a specimen" if shared == 1 else f"one of {shared:,} specimens"
    kinds = (
        (leaks.specimens, f"show {which} with images on both sides"),
        (leaks.exact, "have a copy in the gallery under another specimen"),
        (leaks.near, "have a near copy in the gallery under another specimen"),
    )
    return ", ".join(f"{len(pairs):,} {what}" for pairs, what in kinds if len(pairs))


def leakage_text(found: Evaluation) -> str:
    """Return what was found out about leakage, for the facts of the protocol."""
    leaks = found.leaks
    if found.protocol.split.leave_one_out:
        n = len(leaks.exact)
        if not n:
            return "No image has an exact copy under another specimen"
        have = "1 image has" if n == 1 else f"{n:,} images have"
        return f"{have} an exact copy under another specimen, which counts as a neighbour"
    if leaks.clean:
        return "Nothing crosses the split: no specimen, no copy and no near copy of a picture"
    return f"What crosses the split is left out: of {leaks.n_queries:,} queries, " + crossing_text(
        found
    )


def _both_figures(subject: Subject) -> Table:
    sides = [subject.evaluation]
    if subject.comparison is not None:
        sides.insert(0, subject.comparison.before)
    columns = [Column("recall@1", 1.2, numeric=False)]
    for side in sides:
        of = f"{side.images.space.name}, " if len(sides) > 1 else ""
        columns += [Column(f"{of}without", 2.0), Column(f"{of}with", 2.0), Column("too high by")]
    rows = [
        (Cell(rank), *(cell for side in sides for cell in _figures(side, rank)))
        for rank in reversed(subject.ranks)
    ]
    reading = "Recall@1 without what gives answers away, and as it would have seemed with it."
    return Table("", tuple(columns), rows, reading)


def _figures(found: Evaluation, rank: str) -> tuple[Cell, ...]:
    clean = found.recall[rank].recall[1].micro
    seeming = found.with_leaks.get(rank, clean)  # of two spaces one may know nothing
    return share_cell(clean, bar=True), share_cell(seeming, bar=True), gain_cell(seeming - clean)
