"""The section on classifiers beside nearest neighbours (METHODS 4.3, 4.4)."""

from __future__ import annotations

import math

import numpy as np

from ...classifiers.methods import TITLES
from ...classifiers.side_by_side import ClassifierFigures, SideBySide
from ...measures.comparison import mcnemar
from ..blocks import Block, Figure, Section, Table, Text
from ..cells import (
    Cell,
    Column,
    count_cell,
    gain_cell,
    interval_cells,
    interval_text,
    p_text,
    share_cell,
    taxon_cell,
)
from .classifier_plots import accuracy_and_coverage
from .subject import Subject

_METHOD = Column("classifier", 2.4, numeric=False)


def classifiers(subject: Subject) -> Section | None:
    """What classifiers do on the same queries; None where none was asked for."""
    found = subject.evaluation.classifiers
    if found is None:
        return None
    blocks: list[Block] = [Text((_asked(found),)), _figure(found), _figures(found)]
    if len(found.methods) > 1:
        blocks.append(_gains(found))
    blocks += [_thresholds(found), _by_taxon(found)]
    return Section("classifiers", "Classifiers beside neighbours", tuple(blocks))


def _asked(found: SideBySide) -> str:
    text = (
        f"{found.n:,} queries whose {found.rank} the gallery holds. Each classifier was fitted on "
        "the gallery alone, on what the encoder gives; of a specimen that asks nothing was learned."
    )
    if found.n_unanswerable:
        text += f" {found.n_unanswerable:,} queries of taxa that the gallery lacks did not ask."
    if found.n_unused:
        text += (
            f" {found.n_unused:,} gallery images without a name, or of what crosses the split, "
            "were not learned from."
        )
    return text


def _figure(found: SideBySide) -> Figure:
    figures = [f"{one.method} {one.figures['accuracy'].estimate:.3f}" for one in found.methods]
    return Figure(
        "Accuracy, and what is answered above the threshold",
        accuracy_and_coverage(found.methods),
        f"Accuracy of {', '.join(figures)}; macro F1; coverage and accuracy above a threshold.",
        "Dots are figures, lines their 95 % intervals. At the right only answers above the "
        "threshold are given: so many queries are answered, so many of the answers are right.",
    )


def _figures(found: SideBySide) -> Table:
    columns = (
        _METHOD,
        Column("accuracy", 2.0),
        Column("95 % interval", 1.4),
        Column("macro F1"),
        Column("95 % interval", 1.4),
        Column("kappa"),
        Column("95 % interval", 1.4),
        Column("balanced accuracy"),
    )
    rows = []
    for each in found.methods:
        f1, kappa = each.figures["macro_f1"], each.figures["kappa"]
        rows.append(
            (
                Cell(each.method),
                *interval_cells(each.figures["accuracy"]),
                share_cell(f1.estimate),
                Cell(interval_text(f1.low, f1.high)),
                share_cell(kappa.estimate),
                Cell(interval_text(kappa.low, kappa.high)),
                share_cell(each.figures["balanced_accuracy"].estimate),
            )
        )
    told = "; ".join(f"{each.method}: {TITLES[each.method]}" for each in found.methods)
    reading = f"Read a row as: so large a share of the queries was named rightly by it. {told}."
    return Table("Figures", columns, rows, reading)


def _gains(found: SideBySide) -> Table:
    first = found.methods[0].method
    columns = (
        _METHOD,
        Column("accuracy"),
        Column("95 % interval", 1.4),
        Column("macro F1"),
        Column("kappa"),
        Column("95 % interval", 1.4),
        Column("fixed"),
        Column("broken"),
        Column("McNemar"),
    )
    rows = [
        (
            Cell(each.method),
            gain_cell(each.differences["accuracy"].estimate),
            Cell(_bounds(each, "accuracy")),
            gain_cell(each.differences["macro_f1"].estimate),
            gain_cell(each.differences["kappa"].estimate),
            Cell(_bounds(each, "kappa")),
            count_cell(each.fixes),
            count_cell(each.breaks),
            Cell(p_text(mcnemar(each.fixes, each.breaks))),
        )
        for each in found.methods[1:]
    ]
    reading = (
        f"What each has more than {first} on the same queries; a difference whose interval holds 0 "
        "may be chance."
    )
    return Table(f"Compared with {first}", columns, rows, reading)


def _bounds(each: ClassifierFigures, name: str) -> str:
    gain = each.differences[name]
    if not (math.isfinite(gain.low) and math.isfinite(gain.high)):
        return "–"
    return f"{gain.low:+.3f} – {gain.high:+.3f}".replace("-", "−")


def _thresholds(found: SideBySide) -> Table:
    columns = (
        _METHOD,
        Column("threshold", 1.4),
        Column("answered"),
        Column("coverage", 2.0),
        Column("95 % interval", 1.4),
        Column("accuracy"),
        Column("kappa"),
        Column("right, of all"),
    )
    rows = [
        (
            Cell(each.method),
            Cell(_threshold_text(each)),
            count_cell(each.above.n_accepted),
            *interval_cells(each.coverage),
            share_cell(each.above.accuracy.estimate),
            share_cell(each.above.kappa),
            share_cell(each.above.overall_correct),
        )
        for each in found.methods
    ]
    reading = (
        f"The threshold is the one of largest coverage that reached a kappa of {found.kappa} on a "
        "quarter of the gallery, by what was fitted on the rest; none means that no threshold did. "
        "Kappa above it is of the answered alone, whose mix of taxa is another."
    )
    return Table("Answering only when sure", columns, rows, reading)


def _threshold_text(each: ClassifierFigures) -> str:
    """Return the threshold, or the smallest and the largest of several galleries."""
    texts = [f"{at:.3f}" if math.isfinite(at) else "none" for at in sorted(each.thresholds)]
    return texts[0] if texts[0] == texts[-1] else f"{texts[0]} – {texts[-1]}"


def _by_taxon(found: SideBySide) -> Table:
    columns = [Column(found.rank, 2.4, numeric=False), Column("n", 0.5)]
    for each in found.methods:
        columns += [Column(f"{each.method} sensitivity"), Column("fall-out", 0.8)]
    counts = found.methods[0].counts
    rows = [
        (
            taxon_cell(found.names[place], found.rank),
            count_cell(int(counts.positives[place])),
            *(
                share_cell(float(figures[place]))
                for each in found.methods
                for figures in (each.counts.sensitivity, each.counts.fall_out)
            ),
        )
        for place in np.flatnonzero(counts.present)
    ]
    reading = (
        "Of the images of a taxon, the share that is given it; of all other images, the share that "
        "is given it by mistake. The file classifiers_by_taxon.csv has precision, F1 and intervals."
    )
    return Table(f"Every {found.rank}", tuple(columns), rows, reading)
