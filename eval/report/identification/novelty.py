"""The section on telling the known from the novel (METHODS 4.8)."""

from __future__ import annotations

from ...identification.details import novel_kinds
from ...identification.figures import KEPT
from ...measures.intervals import Interval
from ...measures.novelty import Novelty
from ..blocks import Block, Figure, Section, Table
from ..cells import Cell, Column, count_cell, interval_cells, percent_text, share_cell, share_text
from ..drawing import MUTED, RIGHT, WRONG
from .bars import Scores, distributions
from .curves import roc
from .subject import AnswerSubject


def novelty(subject: AnswerSubject) -> Section:
    """P(known) of every kind of specimen, what a threshold on it catches, and its ROC."""
    blocks: list[Block] = [_distributions(subject), _retained(subject)]
    if subject.has_novel and subject.draw.known.any():
        blocks += [_roc(subject), _measures(subject)]
    return Section("novelty", "Known or new", tuple(blocks))


def _distributions(subject: AnswerSubject) -> Figure:
    draw = subject.draw
    p, right = draw.found.answers.known, draw.found.right[:, -1]
    groups = (
        Scores("known, right", p[draw.known & right], RIGHT),
        Scores("known, wrong", p[draw.known & ~right], WRONG),
        Scores("near novel", p[draw.near], MUTED),
        Scores("far novel", p[draw.far], MUTED),
    )
    shown = [group for group in groups if len(group.values)]
    threshold = draw.figures.retained.threshold
    return Figure(
        "P(known)",
        distributions(shown, threshold, axis="P(known) at the stated prior"),
        f"Histograms of the probability of being known for {len(shown)} kinds of specimens.",
        f"How probable it seemed that the {subject.rank} is in the gallery; “right” and “wrong” "
        f"are of the likeliest {subject.rank}, in brackets the number of specimens. Each row is "
        "scaled to its own highest bar. The dashed line is the threshold of the table below.",
    )


def _retained(subject: AnswerSubject) -> Table:
    found = subject.draw.figures.retained
    columns = (
        Column("", 2.4, numeric=False),
        Column("share", 2.4),
        Column("95 % interval", 1.2),
    )
    rows = [
        (Cell(name), *interval_cells(each))
        for name, each in (
            ("right answers kept", found.retained_correct),
            ("wrong answers flagged", found.detected_failures),
            ("novel specimens flagged", found.detected_novel),
        )
    ]
    reading = (
        f"The threshold keeps {percent_text(KEPT)} of the right answers on specimens that were "
        f"left out of the gallery in turn: P(known) = {share_text(found.threshold)}. Below it a "
        "specimen is flagged."
    )
    return Table(f"Keeping {percent_text(KEPT)} of what is right", columns, rows, reading)


def _roc(subject: AnswerSubject) -> Figure:
    draw = subject.draw
    p = draw.found.answers.known
    novel = {name: p[members] for name, members in novel_kinds(draw).items()}
    return Figure(
        "Known against novel",
        roc(p[draw.known], novel),
        "Receiver operating characteristic of P(known), known against novel specimens.",
        "For every threshold on P(known), the share of known specimens kept over the share of "
        "novel ones that pass for known; the diagonal is guessing.",
    )


def _measures(subject: AnswerSubject) -> Table:
    found = {"all": subject.draw.figures.novelty, **subject.details.by_kind}
    if len(found) == 2:
        del found["all"]  # there is one kind only
    columns = (
        Column("against", 1.3, numeric=False),
        Column("AUROC", 2.0),
        Column("95 % interval", 1.4),
        Column("known", 0.8),
        Column("novel", 0.8),
        Column("FPR at 95 % TPR", 1.1),
        Column("AUPR in"),
        Column("AUPR out"),
        Column("OSCR"),
        Column("right or not"),
        Column("right or wrong"),
    )
    intervals = {"all": subject.headlines[-1][1][0], **subject.details.auroc_by_kind}
    rows = [_measured(kind, each, intervals[kind]) for kind, each in found.items()]
    reading = (
        "AUROC: the chance that a known specimen has a higher P(known) than a novel one. FPR: the "
        "share of novel specimens that pass where 95 % of the known do; 0 is best. AUPR: average "
        "precision of finding the known (in) or the novel (out). OSCR: known specimens accepted "
        "and right, over novel ones accepted. The last two are AUROCs of right answers against "
        "all else, and against wrong answers to known specimens alone."
    )
    return Table("", columns, rows, reading)


def _measured(kind: str, found: Novelty, interval: Interval) -> tuple[Cell, ...]:
    return (
        Cell(kind),
        *interval_cells(interval),
        count_cell(found.n_known),
        count_cell(found.n_novel),
        share_cell(found.fpr95),
        share_cell(found.aupr_in),
        share_cell(found.aupr_out),
        share_cell(found.oscr),
        share_cell(found.auroc_correct),
        share_cell(found.auroc_wrong),
    )
