"""The sections of a report on a sweep."""

from __future__ import annotations

from collections.abc import Sequence

from ...classifiers.grid import Grid
from ...retrieval.learning_curve import Curve
from ..blocks import Block, Facts, Figure, Section, Table, Tiles, interval_tile
from ..cells import Cell, Column, count_cell, share_cell, share_text
from ..facts import made_fact, today
from .plots import Line, curves, grid_map

_NEAREST = "recall@1"


def sweep_summary(found: Curve | Grid) -> str:
    """Return what the report is about in one line."""
    made = found.protocol
    what = "learning rate against momentum" if isinstance(found, Grid) else "learning curve"
    return (
        f"{len(made.query_rows):,} queries against {len(made.gallery_rows):,} gallery images, "
        f"{what} · {today()}"
    )


def sweep_sections(found: Curve | Grid) -> list[Section]:
    """Return the sections of a sweep."""
    made = found.protocol
    facts = (
        ("Queries", " and ".join(made.query)),
        ("Gallery", " and ".join(made.gallery)),
        ("Left out", "Images of the query's own specimen, and its copies"),
        made_fact(),
    )
    section = _grid(found) if isinstance(found, Grid) else _curve(found)
    return [section, Section("protocol", "What was asked of what", (Facts(facts),))]


def _curve(found: Curve) -> Section:
    lines = _lines(found)
    unit = found.unit if found.unit.startswith("images") else f"values of {found.unit}"
    last = ", ".join(f"{line.name} {share_text(line.means[-1])}" for line in lines)
    columns = (
        Column(unit, 1.4),
        Column("images"),
        *(
            column
            for line in lines
            for column in (Column(line.name, 1.4), Column("sd", 0.8), Column("draws", 0.8))
        ),
    )
    sizes = found.by_size()
    rows = [
        (
            count_cell(line_n),
            Cell(f"{images:,.0f}", value=float(images)),
            *(
                cell
                for line in lines
                for cell in (
                    share_cell(line.means[place]),
                    share_cell(line.sds[place]),
                    count_cell(line.draws[place]),
                )
            ),
        )
        for place, (line_n, images) in enumerate(
            zip(sizes["n"].tolist(), sizes["images"].tolist(), strict=True)
        )
    ]
    reading = (
        "Every size was drawn several times, the whole once; the shaded band is one standard "
        "deviation over draws. All queries count that the whole gallery can answer: a "
        f"{found.rank} that a draw lacks is a miss."
    )
    blocks: tuple[Block, ...] = (
        Figure(
            f"Right answers against {unit}",
            curves(lines, x_axis=unit),
            f"Lines of the share of right answers; with the whole gallery {last}.",
            reading,
        ),
        Table(
            "Every size",
            columns,
            rows,
            "recall@1 is of the most similar image, the other columns of what was fitted on the "
            "draw. A draw on which a method cannot be fitted has no figure and does not count.",
        ),
    )
    return Section("curve", "The more there is to learn from", blocks)


def _lines(found: Curve) -> Sequence[Line]:
    return [
        Line(
            name,
            table["n"].tolist(),
            table["mean"].tolist(),
            table["sd"].tolist(),
            table["draws"].tolist(),
        )
        for name, table in (
            (_NEAREST, found.by_size()),
            *((name, found.by_size(name)) for name in found.classifiers),
        )
    ]


def _grid(found: Grid) -> Section:
    chosen = found.chosen
    picked = f"learning rate {chosen.learning_rate:g}, momentum {chosen.momentum:g}"
    columns = (
        Column("learning rate", 1.2, numeric=False),
        *(Column(f"momentum {momentum:g}", 2.0) for momentum in found.momenta),
    )
    rows = [
        (Cell(f"{rate:g}"), *(share_cell(float(share), bar=True) for share in shares))
        for rate, shares in zip(found.rates, found.accuracy, strict=True)
    ]
    blocks: tuple[Block, ...] = (
        Tiles(
            (
                interval_tile("Chosen perceptron, accuracy", found.test),
                interval_tile("Nearest neighbours, accuracy", found.neighbours),
            ),
            lead=True,
        ),
        Figure(
            "Accuracy by learning rate and momentum",
            grid_map(found.accuracy, found.rates, found.momenta),
            f"A map of {len(found.rates)} × {len(found.momenta)} cells; the best is at {picked}.",
            f"Fitted on {found.n_fitted:,} images of the gallery, judged on {found.n_chosen_on:,} "
            f"others of it; framed is the best, {picked}. Only that one was fitted again on the "
            "whole gallery and asked with the queries, once. A dash: the loss grew beyond all "
            "numbers.",
        ),
        Table("Every cell", columns, rows, "Accuracy on the part of the gallery that chooses."),
    )
    return Section("grid", "Learning rate and momentum", blocks)
