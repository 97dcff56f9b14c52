"""Sections on single taxa: recall at a precision, and the measures of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...measures.averages import mean
from ...measures.classification import ClassCounts
from ..blocks import Section, Table, Tile, Tiles
from ..cells import Cell, Column, count_cell, interval_cells, plural, share_cell, taxon_cell
from .subject import AnswerSubject

_SHOWN = 25
_WILSON_NEEDS = 73  # right answers in a row until Wilson's lower bound of precision reaches 95 %


def species(subject: AnswerSubject) -> Section | None:
    """Every taxon that asked or was answered, least recall first; None without known specimens."""
    if not subject.details.when_sure.n:
        return None
    blocks = (
        _tiles(subject),
        _at_precision(subject),
        _totals(subject),
        _classes(subject),
    )
    return Section("taxa", f"{plural(subject.rank).capitalize()} one by one", blocks)


def _tiles(subject: AnswerSubject) -> Tiles:
    recall = subject.details.species["recall_at_95_precision"].dropna().to_numpy(np.float64)
    lowest = np.sort(recall)[: max(len(recall) // 10, 1)]
    many = plural(subject.rank)
    return Tiles(
        (
            Tile(
                "Recall at ≥ 95 % precision",
                share_cell(float(np.median(recall)), bar=True),
                f"median of {len(recall):,} {many}",
            ),
            Tile("Mean", share_cell(mean(recall), bar=True), f"of all {many}"),
            Tile("Worst tenth", share_cell(mean(lowest), bar=True), f"mean of {len(lowest):,}"),
            Tile(
                "Not found at all",
                share_cell(float((recall == 0).mean()), bar=True),
                f"{int((recall == 0).sum()):,} {many}",
            ),
        )
    )


def _at_precision(subject: AnswerSubject) -> Table:
    rank = subject.rank
    columns = (
        Column(rank, 3.0, numeric=False),
        Column("recall at ≥ 95 % precision", 2.4),
        Column("from P(right)", 0.9),
        Column("surely ≥ 95 %", 1.0),
        Column("known specimens", 0.9),
        Column("gallery", 0.8),
        Column("novel specimens", 0.9),
        Column(f"given another {rank}", 1.0),
    )
    rows = [_precision_row(row, rank) for row in subject.details.species.to_dict("records")]
    reading = (
        f"Least recall first. Known specimens are sorted by the probability that their likeliest "
        f"{rank} is right; the recall is the largest share of the {rank}'s own that can be named "
        "while at least 95 % of those named so are right. “Surely”: by the lower bound of Wilson's "
        f"interval, which takes {_WILSON_NEEDS} specimens named without an error, so that it is 0 "
        f"for rarer {plural(rank)}. The last columns are of {plural(rank)} that were left out of "
        "the gallery."
    )
    return Table("Recall at 95 % precision", columns, rows, reading, shown=_SHOWN)


def _precision_row(row: dict[Any, Any], rank: str) -> tuple[Cell, ...]:
    return (
        taxon_cell(row["taxon"], rank),
        share_cell(row["recall_at_95_precision"], bar=True),
        share_cell(row["threshold_at_95_precision"]),
        share_cell(row["recall_at_95_precision_wilson"]),
        count_cell(row["n"]),
        count_cell(row["n_gallery"]),
        count_cell(row["n_novel"]),
        count_cell(row["n_novel_given_finest"]) if row["n_novel"] else Cell("–"),
    )


def _totals(subject: AnswerSubject) -> Table:
    columns = (
        Column("known specimens", 2.2, numeric=False),
        Column("answered"),
        Column("accuracy", 2.0),
        Column("95 % interval", 1.4),
        Column("balanced"),
        Column("macro precision"),
        Column("macro F1"),
        Column("kappa"),
    )
    kinds = (
        (f"always given the likeliest {subject.rank}", subject.details.always),
        (f"given a {subject.rank} only when sure", subject.details.when_sure),
    )
    reading = (
        f"Accuracy is over all known specimens, so that one without a {subject.rank} counts as not "
        "right. Balanced accuracy, precision and F1 are means over the taxa that have a specimen; "
        "a precision without an answer is undefined and left out."
    )
    return Table("As a classifier", columns, [_total(n, c) for n, c in kinds], reading)


def _total(name: str, counts: ClassCounts) -> tuple[Cell, ...]:
    return (
        Cell(name),
        count_cell(int(counts.predicted.sum())),
        *interval_cells(counts.accuracy_interval),
        share_cell(counts.balanced_accuracy),
        share_cell(counts.macro_precision),
        share_cell(counts.macro_f1),
        share_cell(counts.kappa),
    )


def _classes(subject: AnswerSubject) -> Table:
    table = subject.details.species
    table = table[(table["n"] > 0) | (table["n_predicted"] > 0) | (table["n_given_to_novel"] > 0)]
    columns = (
        Column(subject.rank, 3.0, numeric=False),
        Column("specimens", 0.9),
        Column("given", 0.8),
        Column("right", 0.8),
        Column("sensitivity", 2.2),
        Column("precision", 2.2),
        Column("specificity"),
        Column("fall-out"),
        Column("F1", 0.8),
        Column("given to novel", 0.8),
    )
    rows = [
        _class_row(row, subject.rank)
        for row in table.sort_values(["f1", "taxon"], kind="stable").to_dict("records")
    ]
    reading = (
        f"Least F1 first. Answers that are given at {subject.rank} to known specimens. "
        "Sensitivity: right answers among the specimens of the taxon; precision: among the "
        "answers of that name; the lines on the bars are Wilson's 95 % intervals. Fall-out is the "
        "share of all other specimens that were given the name, specificity the rest. The last "
        "column counts novel specimens that were given it."
    )
    return Table("Classification by taxon", columns, rows, reading, shown=_SHOWN)


def _class_row(row: dict[Any, Any], rank: str) -> tuple[Cell, ...]:
    sensitivity, precision = (
        share_cell(row[name], bar=True, interval=(row[f"{name}_low"], row[f"{name}_high"]))
        for name in ("sensitivity", "precision")
    )
    return (
        taxon_cell(row["taxon"], rank),
        *(count_cell(row[name]) for name in ("n", "n_predicted", "n_right")),
        sensitivity,
        precision,
        *(share_cell(row[name]) for name in ("specificity", "fall_out", "f1")),
        count_cell(row["n_given_to_novel"]),
    )
