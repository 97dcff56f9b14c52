"""Sections of recall: at every rank, within every category, and what could not be answered."""

from __future__ import annotations

from collections.abc import Hashable, Mapping

from ...measures.averages import Average
from ...measures.intervals import Interval
from ...measures.recall import RankRecall
from ..blocks import Block, Names, Section, Table, Text
from ..cells import Cell, Column, count_cell, interval_cells, is_italic, plural, share_cell
from .subject import Subject

OTHER_SPECIES = "genus, by other species only"


def by_rank(subject: Subject) -> Section:
    """Recall and ranking measures at every rank."""
    return Section("ranks", "Recall at every rank", (_recall_table(subject), _ranking(subject)))


def _recall_table(subject: Subject) -> Table:
    found = subject.evaluation
    ks = subject.recall.ks
    columns = (
        Column("rank", 2.1, numeric=False),
        Column("answerable queries", 1.1),
        Column("not answerable", 1.1),
        Column("recall@1", 2.0),
        Column("95 % interval", 1.3),
        *(Column(f"@{k}", 1.2) for k in ks[1:]),
        *(Column(f"macro @{k}", 0.8) for k in ks),
        Column("@1 as misses", 0.9),
    )
    rows = []
    for rank in reversed(subject.ranks):
        rows.append(_recall_row(rank, found.recall[rank], found.intervals[rank]))
        if rank == "genus" and found.other_species is not None:
            intervals = found.intervals_of_other_species
            rows.append(_recall_row(OTHER_SPECIES, found.other_species, intervals))
    reading = (
        "Read a row as: of the answerable queries, so large a share had an image of their own "
        "taxon among the k most similar; the line on the bar, and the small print behind a share, "
        "is the 95 % interval over specimens. "
        "All rows judge the same lists of neighbours. In “by other species only” an image of the "
        "query's own species is no hit: it asks whether the space knows the genus or only the "
        "species."
    )
    return Table("Recall@k", columns, rows, reading)


def _recall_row(
    name: str, recall: RankRecall, intervals: Mapping[int, Interval]
) -> tuple[Cell, ...]:
    answerable = int(recall.answerable.sum())
    return (
        Cell(name),
        count_cell(answerable),
        count_cell(int(recall.labelled.sum()) - answerable),
        *interval_cells(intervals[1]),
        *(_with_interval(intervals[k]) for k in recall.ks[1:]),
        *(share_cell(recall.recall[k].macro) for k in recall.ks),
        share_cell(recall.as_misses[1]),
    )


def _with_interval(found: Interval) -> Cell:
    return share_cell(found.estimate, interval=(found.low, found.high))


def _interval_in(row: Mapping[Hashable, float], k: int) -> Interval:
    """Return recall@k of a row of `Evaluation.by_category`."""
    return Interval(*(row[f"recall@{k}{end}"] for end in ("", "_low", "_high")))


def _ranking(subject: Subject) -> Table:
    measures = (("mAP@R", "map_at_r"), ("R-precision", "r_precision"), ("MRR", "mrr"))
    columns = [Column("rank", 1.4, numeric=False)]
    for title, _ in measures:
        columns += [Column(title, 1.6), Column(f"macro {title}", 1.0)]
    rows = []
    for rank in reversed(subject.ranks):
        ranking = subject.evaluation.ranking[rank]
        figures: list[Average] = [getattr(ranking, name) for _, name in measures]
        cells = [c for f in figures for c in (share_cell(f.micro, bar=True), share_cell(f.macro))]
        rows.append((Cell(rank), *cells))
    reading = (
        "These judge the order of the whole gallery, not only its first places: 1 means that all "
        "images of the query's taxon come before all others."
    )
    return Table("Ranking", tuple(columns), rows, reading)


def by_category(subject: Subject) -> Section | None:
    """Species recall within each category; None without categories."""
    frame = subject.evaluation.by_category
    if frame is None or frame.empty:
        return None
    ks = subject.recall.ks
    columns = (
        Column("category", 1.6, numeric=False),
        Column("species"),
        Column("answerable queries"),
        Column("recall@1", 2.0),
        Column("95 % interval", 1.3),
        *(Column(f"@{k}", 1.2) for k in ks[1:]),
        Column("mean of species @1"),
        Column("median of species @1"),
    )
    within = subject.measured.groupby("category")["recall@1"]
    mean, median, count = within.mean(), within.median(), within.size()
    rows = [
        (
            Cell(row["taxon"]),
            count_cell(int(count[row["taxon"]])),
            count_cell(row["n_answerable"]),
            *interval_cells(_interval_in(row, 1)),
            *(_with_interval(_interval_in(row, k)) for k in ks[1:]),
            share_cell(mean[row["taxon"]]),
            share_cell(median[row["taxon"]]),
        )
        for row in frame.to_dict("records")
    ]
    reading = (
        "Recall of species for the queries of one category, with its 95 % interval over specimens; "
        "the whole gallery, of all categories, answers."
    )
    return Section("categories", "Recall by category", (Table("", columns, rows, reading),))


def unanswerable(subject: Subject) -> Section:
    """The taxa that a query has and the gallery lacks."""
    lists: list[Block] = []
    for rank in reversed(subject.ranks):
        recall = subject.evaluation.recall[rank]
        n = int((recall.labelled & ~recall.answerable).sum())
        if n:
            many = len(recall.unanswerable)
            title = f"{n:,} queries of {many:,} {rank if many == 1 else plural(rank)}"
            lists.append(Names(title, recall.unanswerable, is_italic(rank)))
    text = (
        "No gallery image of another specimen has their taxon, so no space could answer. They are "
        "left out of recall, and count as misses in the column of that name."
        if lists
        else "None: every named query has an image of its taxon to be found."
    )
    blocks = (Text((text,)), *lists)
    return Section("unanswerable", "Queries that cannot be answered", blocks)
