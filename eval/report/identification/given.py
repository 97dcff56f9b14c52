"""The section on how often an answer is given at each rank."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..blocks import Figure, Section, Table
from ..cells import Cell, Column, count_cell, share_cell
from .bars import RankBars, rank_bars
from .subject import AnswerSubject


def given(subject: AnswerSubject) -> Section:
    """At which rank known and novel specimens get their answer, and how often it is right."""
    table = subject.details.given
    kinds = [(str(kind), part) for kind, part in table.groupby("kind", sort=False)]
    figure = Figure(
        "The rank of the answer",
        rank_bars([_bars(kind, part) for kind, part in kinds]),
        "Bars of the share of specimens that get their answer at each rank: "
        + "; ".join(f"{kind} {_in_words(part)}" for kind, part in kinds)
        + ".",
        "Every specimen counts once, at the rank of its answer; in brackets how many there are. A "
        f"{subject.rank} for a novel specimen is always wrong: to stop at its genus or above, or "
        "to say nothing, is what it should get.",
    )
    return Section("given", "What is answered", (figure, _table(table)))


def _bars(kind: str, part: pd.DataFrame) -> RankBars:
    n = part["n"].to_numpy(np.float64)
    none = (part["rank"] == "unknown").to_numpy()
    here, right = (part[name].to_numpy(np.float64) for name in ("n_given", "n_right"))
    right = np.where(none, here, right)
    title = f"{kind} ({int(n[0]):,})"
    return RankBars(title, part["rank"].tolist(), right / n, (here - right) / n)


def _in_words(part: pd.DataFrame) -> str:
    pairs = zip(part["rank"], part["n_given"] / part["n"], strict=True)
    return ", ".join(f"{rank} {share:.0%}" for rank, share in pairs)


def _table(table: pd.DataFrame) -> Table:
    columns = (
        Column("specimens", 1.4, numeric=False),
        Column("answered at", 1.4, numeric=False),
        Column("answers"),
        Column("share of the kind", 2.0),
        Column("right"),
        Column("share right", 2.0),
    )
    rows = [
        (
            Cell(row["kind"]),
            Cell(row["rank"]),
            count_cell(row["n_given"]),
            share_cell(row["n_given"] / row["n"], bar=True),
            *_right(row["rank"], row["n_given"], row["n_right"]),
        )
        for row in table.to_dict("records")
    ]
    return Table("", columns, rows, "The same in figures.")


def _right(rank: str, n_given: int, n_right: int) -> tuple[Cell, Cell]:
    if rank == "unknown" or not n_given:
        return Cell("–"), Cell("–")
    return count_cell(n_right), share_cell(n_right / n_given, bar=True)
