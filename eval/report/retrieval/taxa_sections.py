"""Sections with one row a taxon: all species, all genera."""

from __future__ import annotations

from typing import Any

import numpy as np

from holotype.index.arrays import Floats

from ...measures.averages import mean_by
from ...measures.recall import RankRecall
from ..blocks import Section, Table
from ..cells import Cell, Column, count_cell, is_italic, plural, share_cell, taxon_cell
from .subject import Subject
from .taxon_table import taxon_table


def table(subject: Subject) -> Section:
    """Every taxon of the finest rank, worst first."""
    rank = subject.rank
    group = subject.grouping if subject.grouping != "genus" else None
    columns = (
        Column(rank, 3.0, numeric=False),
        *((Column(group, 1.5, numeric=False),) if group else ()),
        Column("queries", 0.9),
        Column("gallery", 0.9),
        Column("recall@1", 2.4),
        *(Column(f"@{k}", 0.8) for k in subject.recall.ks[1:]),
        Column("@1 at ≥ 95 % precision", 1.1),
        Column("mostly mistaken for", 3.0, numeric=False),
    )
    rows = [_taxon_row(row, subject, group) for row in subject.taxa.to_dict("records")]
    reading = (
        "Worst first. The bar is recall@1, the line on it Wilson's 95 % interval: with ten "
        f"queries it is wide. “Mostly mistaken for” is the {rank} that the nearest image was most "
        "often of when it was wrong, and how often. “At ≥ 95 % precision”: the largest share of "
        f"its queries whose nearest image names the {rank} with so high a cosine that 95 % of "
        "all queries named so are right."
    )
    if rank == "species":
        reading += " The same table, with all digits, is per_species.parquet."
    blocks = (Table("", columns, rows, reading, shown=25),)
    return Section("taxa", f"All {plural(rank)}", blocks)


def _taxon_row(row: dict[Any, Any], subject: Subject, group: str | None) -> tuple[Cell, ...]:
    mistaken = Cell("")
    if row["n_mistaken"]:
        italic = is_italic(subject.rank)
        mistaken = Cell(row["mistaken_for"], italic=italic, note=f"{row['n_mistaken']}×")
    interval = (row["recall@1_low"], row["recall@1_high"])
    return (
        taxon_cell(row["taxon"], subject.rank),
        *((taxon_cell(row[group], group),) if group else ()),
        count_cell(row["n_queries"]),
        count_cell(row["n_gallery"]),
        share_cell(row["recall@1"], bar=True, interval=interval),
        *(share_cell(row[f"recall@{k}"]) for k in subject.recall.ks[1:]),
        share_cell(row["recall_at_95_precision"]),
        mistaken,
    )


def genera(subject: Subject) -> Section | None:
    """Every genus, worst first, with and without hits of the own species."""
    others = subject.evaluation.other_species
    if others is None:
        return None
    recall = subject.evaluation.recall["genus"]
    columns = (
        Column("genus", 2.2, numeric=False),
        Column("species", 0.9),
        Column("queries", 0.9),
        Column("gallery", 0.9),
        Column("recall@1", 2.4),
        *(Column(f"@{k}", 0.8) for k in recall.ks[1:]),
        Column("@1 by other species", 2.0),
        Column(f"@{recall.ks[-1]} by other species", 1.2),
    )
    reading = (
        "Worst first. “By other species”: an image of the query's own species is no hit, so that "
        "only genera with two species or more have a figure."
    )
    rows = _genus_rows(subject, recall, others)
    return Section("genera", "All genera", (Table("", columns, rows, reading, shown=20),))


def _genus_rows(subject: Subject, recall: RankRecall, others: RankRecall) -> list[tuple[Cell, ...]]:
    frame = taxon_table(subject.evaluation, "genus")
    # An animal's and a plant's genus may have one name; they are counted apart.
    key = [name for name in ("category", "genus") if name in subject.taxa]
    species = subject.taxa.groupby(key[0] if len(key) == 1 else key).size()
    first, last = (_by_genus(subject, others, place) for place in (0, -1))
    rows = []
    for code, row in zip(frame.index, frame.to_dict("records"), strict=True):
        name = (row["category"], row["taxon"]) if len(key) == 2 else row["taxon"]
        rows.append(
            (
                taxon_cell(row["taxon"], "genus"),
                count_cell(int(species.get(name, 0))),
                count_cell(row["n_queries"]),
                count_cell(row["n_gallery"]),
                share_cell(row["recall@1"], bar=True),
                *(share_cell(row[f"recall@{k}"]) for k in recall.ks[1:]),
                share_cell(float(first[code]), bar=True),
                share_cell(float(last[code])),
            )
        )
    return rows


def _by_genus(subject: Subject, others: RankRecall, place: int) -> Floats:
    """Return recall at one place of `ks` for every genus code, NaN where there is none."""
    taxa = subject.evaluation.taxa["genus"]
    asked = others.answerable
    return mean_by(others.hits[asked, place].astype(np.float64), taxa.query[asked], len(taxa.names))
