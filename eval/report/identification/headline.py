"""The first sections: the figures to remember, and what was asked of what."""

from __future__ import annotations

import statistics

import numpy as np

from holotype.index.arrays import Flags
from holotype.index.identification.answers import stated

from ...measures.intervals import Interval
from ..blocks import Block, Facts, Section, Table, Text, Tile, Tiles, interval_tile
from ..cells import Cell, Column, interval_text, plural, share_cell, share_text
from ..facts import encoder_text, fitted_text, made_fact, today
from .outcomes import outcomes
from .subject import AnswerSubject


def summary(subject: AnswerSubject) -> str:
    """Return what the report is about in one line."""
    draw, many = subject.draw, len(subject.found.draws)
    return (
        f"Answers about {len(draw.asked):,} specimens, {len(draw.split.gallery):,} gallery images, "
        f"{draw.split.name}{f', {many} draws' if many > 1 else ''} · "
        f"space {subject.found.images.space.name} · {today()}"
    )


def headline(subject: AnswerSubject) -> Section:
    """What became of everybody, and two figures of all answers; each draw in a table."""
    tiles = tuple(_tile(title, each) for title, each in subject.headlines[-2:])
    blocks: list[Block] = [*outcomes(subject), Tiles(tiles), Text(_in_words(subject))]
    if len(subject.found.draws) > 1:
        blocks.append(_by_draw(subject))
    return Section("headline", "In short", tuple(blocks))


def _tile(title: str, draws: tuple[Interval, ...]) -> Tile:
    """Return a figure with its interval; of several draws their mean, with the range."""
    values = [each.estimate for each in draws if np.isfinite(each.estimate)]
    if not values:
        return Tile(title, Cell("–"), "no specimen to measure it on")
    if len(draws) == 1:
        return interval_tile(title, draws[0])
    bounds = (min(values), max(values))
    spread = share_text(statistics.stdev(values)) if len(values) > 1 else "–"
    note = f"mean of {len(values)} draws, sd {spread}, from {interval_text(*bounds)}"
    return Tile(title, share_cell(statistics.fmean(values), bar=True, interval=bounds), note)


def _in_words(subject: AnswerSubject) -> tuple[str, ...]:
    found, draw = subject.found, subject.draw
    novel = int(draw.found.novel.sum())
    first = (
        f"An answer is given at the finest rank whose probability reaches "
        f"{stated(1 - found.risk)}, or none at all. “Right” means right at the rank given"
    )
    first += (
        f"; novel specimens, of {plural(subject.rank)} that the gallery lacks, count as "
        f"{stated(found.prior)} of all, as was stated beforehand."
        if novel
        else ". No specimen that asked is novel, so nothing is said about new species here."
    )
    return (first, *_by_kind(subject), *_of_one_taxon(subject))


def _by_kind(subject: AnswerSubject) -> tuple[str, ...]:
    """Tell near and far novelty apart where both were asked: far is far easier."""
    apart = subject.details.auroc_by_kind
    if len(apart) < 2:
        return ()
    near, far = (share_text(each.estimate) for each in apart.values())
    return (f"Near novel specimens alone have an AUROC of {near}, far ones of {far} (first draw).",)


def _of_one_taxon(subject: AnswerSubject) -> tuple[str, ...]:
    silent = [rank for rank in subject.ranks if rank not in subject.telling]
    if not silent:
        return ()
    return (
        f"The whole gallery is of one {silent[-1]}, so that a name at that rank says nothing and "
        "counts as no answer.",
    )


def _by_draw(subject: AnswerSubject) -> Table:
    columns = (
        Column("seed", 0.5, numeric=False),
        *(Column(title, 1.8) for title, _ in subject.headlines),
    )
    rows = [
        (Cell(str(draw.seed)), *(_with_bounds(each[place]) for _, each in subject.headlines))
        for place, draw in enumerate(subject.found.draws)
    ]
    reading = (
        "One row a draw of specimens and left-out taxa. Small print: 95 % interval, Wilson's for "
        "shares of specimens, else of 1,000 draws of specimens. Draws share images, so their "
        "spread is no interval. All below is of the first draw."
    )
    return Table("Draw by draw", columns, rows, reading)


def _with_bounds(found: Interval) -> Cell:
    known = found.estimate if np.isfinite(found.estimate) else None
    note = interval_text(found.low, found.high)
    return Cell(share_text(found.estimate), value=known, note="" if note == "–" else note)


def protocol(subject: AnswerSubject) -> Section:
    """Who asked, who answered, and what was fitted on what."""
    found, draw = subject.found, subject.draw
    space = found.images.space
    facts = (
        ("Collection", subject.collection.folder.resolve().name),
        ("Protocol", _protocol_text(subject)),
        ("Known", _specimens(subject, draw.known)),
        *((("Near novel", _specimens(subject, draw.near)),) if draw.near.any() else ()),
        *((("Far novel", _specimens(subject, draw.far)),) if draw.far.any() else ()),
        ("Gallery", _gallery(subject)),
        (
            "Calibration",
            "Fitted on the gallery alone: its own specimens and taxa were left out of it in turn. "
            "Thresholds come from these too; nothing is chosen on the specimens that ask",
        ),
        ("Fitted on", fitted_text(found.fitting)),
        ("Accepted risk", f"{stated(found.risk)} of the given answers may be wrong"),
        ("Stated prior", f"{stated(found.prior)} of the specimens are novel"),
        ("Encoder", f"{encoder_text(space)} (fingerprint {space.fingerprint[:12]})"),
        ("Draws", f"{len(found.draws)}; seed {draw.seed} in figures, tables and pictures"),
        made_fact(),
    )
    return Section("protocol", "What was asked of what", (Facts(facts),))


def _protocol_text(subject: AnswerSubject) -> str:
    found = subject.found
    text = (
        f"Given split: {' and '.join(found.query)} asks, {' and '.join(found.gallery)} answers"
        if found.query
        else "A quarter of the specimens of every taxon asks, the others answer"
    )
    if found.left_out:
        text += (
            f"; {stated(found.share)} of the {plural(found.left_out)} are left out of the "
            "gallery, and all their images ask"
        )
    return text + (f"; far novel: {' and '.join(found.far)}" if found.far else "")


def _specimens(subject: AnswerSubject, members: Flags) -> str:
    codes = subject.draw.found.truth[members, -1]
    taxa = len(np.unique(codes[codes >= 0]))
    return f"{int(members.sum()):,} specimens of {taxa:,} {plural(subject.rank)}"


def _gallery(subject: AnswerSubject) -> str:
    held, images = subject.draw.split.gallery, subject.found.images
    codes = images.labels(subject.rank).codes[held]
    specimens = len(np.unique(images.specimens[held]))
    taxa = len(np.unique(codes[codes >= 0]))
    return f"{len(held):,} images of {specimens:,} specimens, {taxa:,} {plural(subject.rank)}"
