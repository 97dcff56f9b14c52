"""The section on calibration: whether a probability of 90 % is right nine times in ten."""

from __future__ import annotations

from holotype.index.identification.answers import stated

from ...measures.calibration_error import CalibrationError
from ...measures.intervals import Interval
from ..blocks import Figure, Section, Table
from ..cells import Cell, Column, count_cell, interval_text, share_cell
from .curves import RankReliability, reliability_panels
from .subject import AnswerSubject


def reliability(subject: AnswerSubject) -> Section | None:
    """Reliability at every rank, of known specimens and of the open mixture; None without known."""
    figures = subject.draw.figures
    if not figures.n_known:
        return None
    mixed = figures.open_calibration
    panels = [
        RankReliability(
            rank, figures.calibration[rank].mass, mixed[rank].mass if rank in mixed else None
        )
        for rank in reversed(subject.ranks)
    ]
    figure = Figure(
        "Stated probability against the share that is right",
        reliability_panels(panels),
        f"Reliability diagrams at {len(panels)} ranks, in ten bins of equal weight.",
        "One mark a tenth of the specimens (bins of equal weight), for known ones with Wilson's "
        "95 % interval of the share right; on the diagonal a stated probability is what it says. "
        "Above it answers are better than they claim, below it worse." + _mixture(subject),
    )
    return Section("calibration", "Whether probabilities are honest", (figure, _table(subject)))


def _mixture(subject: AnswerSubject) -> str:
    if not subject.draw.figures.open_calibration:
        return ""
    return (
        " “Known” are known specimens, answered with prior 0; “with novel” all specimens, "
        f"answered and weighed at the stated prior of {stated(subject.found.prior)}."
    )


def _table(subject: AnswerSubject) -> Table:
    figures, details = subject.draw.figures, subject.details
    columns = (
        Column("rank", 1.2, numeric=False),
        Column("specimens", 1.4, numeric=False),
        Column("ECE", 0.9),
        Column("95 % interval", 1.5),
        Column("n", 0.8),
        Column("equal width"),
        Column("largest gap"),
        Column("Brier", 0.9),
        Column("log loss", 0.9),
    )
    rows = []
    for rank in reversed(subject.ranks):
        rows.append(_row(rank, "known", figures.calibration[rank], details.ece_known[rank]))
        if rank in figures.open_calibration:
            mixed = figures.open_calibration[rank]
            rows.append(_row(rank, "with novel", mixed, details.ece_open[rank]))
    reading = (
        "ECE is the expected calibration error: the mean gap between stated probability and share "
        "right, here in ten bins of equal weight, beside it in fifteen of equal width; 0 is best. "
        "Chance alone adds to it, the more the fewer specimens, and adds to the 300 draws of "
        "specimens behind the interval once more, so that the error lies near its lower end."
    )
    return Table("Calibration error", columns, rows, reading)


def _row(rank: str, kind: str, found: CalibrationError, interval: Interval) -> tuple[Cell, ...]:
    return (
        Cell(rank),
        Cell(kind),
        share_cell(found.mass.ece),
        Cell(interval_text(interval.low, interval.high)),
        count_cell(found.n),
        share_cell(found.width.ece),
        share_cell(found.mass.mce),
        share_cell(found.brier),
        share_cell(found.nll),
    )
