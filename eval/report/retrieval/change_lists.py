"""The section on single taxa that gain or lose between two spaces (METHODS 4.12)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...measures.comparison import PRIOR_QUERIES, Comparison, most_changed
from ...retrieval.two_spaces import SpaceComparison
from ..blocks import Block, Figure, Section, Table, Text
from ..cells import (
    Column,
    correlation_text,
    count_cell,
    gain_cell,
    is_italic,
    plural,
    share_cell,
    taxon_cell,
)
from ..marks import Points
from .change_plots import Change, dumbbells, gain_scatter
from .change_sections import names_of
from .spread import rho_text
from .subject import Subject

_LISTED = 5
_DRAWN = 10  # taxa drawn at most on either side; where many tie, the table lists all


def changes(subject: Subject) -> Section | None:
    """The taxa that gain and lose most; None where only one space was measured, or nothing."""
    found = subject.comparison
    if found is None or not found.by_rank[subject.rank].n:
        return None
    blocks: list[Block] = []
    for rank in dict.fromkeys((subject.rank, "genus")):
        if rank in found.by_rank:
            blocks += _most_changed(found, rank, subject.rank)
    blocks.append(_against_images(found.by_rank[subject.rank], subject.rank))
    return Section("changes", "What gained and what lost", tuple(blocks))


def _most_changed(found: SpaceComparison, rank: str, finest: str) -> list[Block]:
    table = found.by_rank[rank].per_taxon
    improved, worsened = (_listed(table, worst=worst) for worst in (False, True))
    if improved.empty and worsened.empty:
        return [Text((f"No {rank} has another recall@1 than before.",))]
    return [
        _dumbbells(found, rank, finest, (improved, worsened)),
        _table(rank, names_of(found), pd.concat([improved, worsened])),
    ]


def _listed(per_taxon: pd.DataFrame, *, worst: bool) -> pd.DataFrame:
    """Return the most changed; of those that tie, the ones with more queries come first."""
    listed = most_changed(per_taxon, _LISTED, worst=worst)
    return listed.sort_values(["gain", "n"], ascending=[worst, False], kind="stable")


def _dumbbells(
    found: SpaceComparison, rank: str, finest: str, listed: tuple[pd.DataFrame, pd.DataFrame]
) -> Figure:
    up, down = ([_change(row) for row in s[:_DRAWN].to_dict("records")] for s in listed)
    counted = "" if rank == finest else f" A query is a hit where its {finest} is right."
    left_out = sum(len(side) for side in listed) - len(up) - len(down)
    more = f" {left_out} more that tie are in the table only." if left_out else ""
    many = plural(rank)
    return Figure(
        f"The {many} that gained and lost most",
        dumbbells(up, down, names_of(found), key=f"change-{rank}", italic=is_italic(rank)),
        f"Recall@1 before and after of the {many} that changed most.",
        f"A line leads from before to after, the five largest gains on top, the five largest "
        f"losses below, with all that tie; in brackets the number of queries.{counted} “Shrunken” "
        "is the gain drawn towards the mean gain of all, as if "
        f"{PRIOR_QUERIES} more queries had shown that: of few queries, the better guess.{more}",
    )


def _change(row: dict[Any, Any]) -> Change:
    return Change(row["taxon"], row["n"], row["before"], row["after"], row["shrunk_gain"])


def _table(rank: str, spaces: tuple[str, str], listed: pd.DataFrame) -> Table:
    columns = (
        Column(rank, 3.0, numeric=False),
        Column("queries", 0.8),
        Column("gallery", 0.8),
        *(Column(space, 2.0) for space in spaces),
        Column("gain"),
        Column("shrunken"),
    )
    rows = [
        (
            taxon_cell(row["taxon"], rank),
            count_cell(row["n"]),
            count_cell(row["n_images"]),
            share_cell(row["before"], bar=True),
            share_cell(row["after"], bar=True),
            gain_cell(row["gain"]),
            gain_cell(row["shrunk_gain"]),
        )
        for row in listed.to_dict("records")
    ]
    return Table("", columns, rows, "The same in figures.", shown=2 * _DRAWN)


def _against_images(change: Comparison, rank: str) -> Block:
    counts = change.per_taxon["n_images"].to_numpy(np.int64)
    if counts.min() == counts.max():
        text = (
            f"Gain against number of images: all {len(counts)} {plural(rank)} have {counts[0]} "
            "gallery images, so their gains cannot be compared by it."
        )
        return Text((text,))
    taxa, gains = change.per_taxon["taxon"].tolist(), change.per_taxon["gain"]
    return Figure(
        "Gain against number of gallery images",
        gain_scatter(
            Points("", taxa, gains.to_numpy(np.float64)),
            counts,
            x_axis=f"gallery images of the {rank}",
            y_axis="gain in recall@1",
        ),
        f"Scatter plot of gain against gallery images of {len(taxa)} {plural(rank)}.",
        f"One dot a {rank}, shifted a little sideways so that none hides another. "
        + rho_text(correlation_text(change.gain_by_images), "a larger gain"),
    )
