"""The section on answering above a threshold only (METHODS 4.4)."""

from __future__ import annotations

import math

from ...measures.selective import KAPPA, SelectivePoint, selective_point
from ..blocks import Block, Figure, Section, Table, Text
from ..cells import Cell, Column, count_cell, interval_cells, share_cell, share_text
from .curves import risk_coverage, threshold_curves
from .subject import AnswerSubject


def threshold(subject: AnswerSubject) -> Section | None:
    """Coverage, accuracy and kappa against the threshold; None without known specimens."""
    curve, chosen = subject.details.curve, subject.draw.figures.selective
    if curve.empty:
        return None
    marks = {"chosen": chosen.threshold, "knee": subject.details.knee}
    told = [f"{name} {share_text(at)}" for name, at in marks.items()]
    blocks: list[Block] = [
        Text(
            (
                f"Known specimens only: the likeliest {subject.rank} counts as answered where the "
                "probability that it is right, at prior 0, reaches the threshold.",
            )
        ),
        Figure(
            "Coverage, accuracy and kappa against the threshold",
            threshold_curves(curve, marks),
            f"Three curves over the threshold; marked are {' and '.join(told)}.",
            "Coverage is the share answered, accuracy and Cohen's kappa are of the answered "
            "alone, whose mix of taxa changes with the threshold. “Chosen” is the threshold of "
            f"largest coverage that reached a kappa of {KAPPA} on specimens left out of the "
            "gallery in turn; “knee” is where more accuracy begins to cost much coverage.",
        ),
        _points(subject, chosen),
        Figure(
            "Risk against coverage",
            risk_coverage(curve),
            "Share of wrong answers over coverage, beside the best possible order.",
            "From answering only the surest at the left to answering all at the right. The area "
            f"under the curve (AURC) is {share_text(subject.details.aurc)}; of it "
            f"{share_text(subject.details.e_aurc)} is excess over the best possible order "
            "(E-AURC), in which every wrong answer is less sure than every right one. 0 is best.",
        ),
    ]
    return Section("threshold", "Answering only when sure", tuple(blocks))


def _points(subject: AnswerSubject, chosen: SelectivePoint) -> Table:
    columns = (
        Column("threshold", 2.2, numeric=False),
        Column("P(right)"),
        Column("answered"),
        Column("coverage", 2.0),
        Column("accuracy", 2.0),
        Column("95 % interval", 1.4),
        Column("kappa"),
        Column("right, of all"),
    )
    points = [("chosen on calibration data", chosen)]
    points += [("knee of this curve", _at(subject, subject.details.knee))]
    points += [("none: all are answered", _at(subject, 0.0))]
    rows = [(Cell(name), *_cells(point)) for name, point in points]
    reading = (
        "What each threshold does on the specimens that asked. The knee is read off them, so it "
        "describes the curve and is no choice."
    )
    if not math.isfinite(chosen.threshold):
        reading += f" No threshold reached a kappa of {KAPPA} on calibration data: none is chosen."
    return Table("", columns, rows, reading)


def _at(subject: AnswerSubject, at: float) -> SelectivePoint:
    draw, known = subject.draw, subject.draw.known
    truth, answers = draw.found.truth[known, -1], draw.found.answers.taxa[known, -1]
    return selective_point(draw.closed.answers.p[known, -1], truth, answers, at)


def _cells(point: SelectivePoint) -> tuple[Cell, ...]:
    return (
        share_cell(point.threshold),
        count_cell(point.n_accepted),
        share_cell(point.coverage, bar=True),
        *interval_cells(point.accuracy),
        share_cell(point.kappa),
        share_cell(point.overall_correct),
    )
