"""`holotype eval`: how good is this collection at finding the right taxon?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, err, out, print_json

if TYPE_CHECKING:
    from holotype.eval.evaluation import Evaluation


def evaluate(
    collection: CollectionArgument,
    space: SpaceOption = None,
    query: Annotated[
        list[str] | None, typer.Option(help="Images that ask, e.g. split=test. Repeatable.")
    ] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(help="Images that answer, e.g. split=train. Repeatable.")
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.json, report.html, per_species.parquet."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure recall@1/5/10 at every rank; images of the query's own specimen never count.

    Without --query and --gallery every image asks and all others answer (leave-one-out).
    """
    found = run_evaluation(collection, space=space, query=query, gallery=gallery, to=to)
    if as_json:
        print_json(found)
    else:
        show_recall(found)
        if to is not None:
            out.print(f"Report: {to / 'report.html'}", highlight=False, soft_wrap=True)


def run_evaluation(
    folder: Path,
    *,
    space: str | None = None,
    query: list[str] | None = None,
    gallery: list[str] | None = None,
    to: Path | None = None,
) -> dict[str, Any]:
    """Evaluate, write the report where a folder is given, and return the figures."""
    from holotype.eval.evaluation import evaluate as run
    from holotype.eval.report import write_report
    from holotype.index.collection import Collection

    with Collection.open(folder) as opened:
        with err.status("Measuring recall …"):
            found: Evaluation = run(opened, space=space, query=query or (), gallery=gallery or ())
        if to is not None:
            with err.status("Drawing the report …"):
                write_report(found, opened, to)
        return found.to_dict()


def show_recall(found: dict[str, Any]) -> None:
    """Print recall at every rank as a table."""
    from rich.table import Table

    protocol = found["protocol"]
    out.print(
        f"{found['n']} queries against {protocol['n_gallery']} gallery images, "
        f"{protocol['name']}, own specimens excluded",
        highlight=False,
    )
    table = Table(box=None, padding=(0, 2))
    for name in ("rank", "recall@1", "95 % interval", "@5", "@10", "macro @1", "n"):
        table.add_column(name, justify="left" if name == "rank" else "right", no_wrap=True)
    for rank, row in found["ranks"].items():
        recall, interval = row["recall"], row["recall_at_1_interval"]
        table.add_row(
            rank,
            _figure(recall["1"]["micro"]),
            f"{_figure(interval['low'])}–{_figure(interval['high'])}",
            _figure(recall["5"]["micro"]),
            _figure(recall["10"]["micro"]),
            _figure(recall["1"]["macro"]),
            str(row["n_answerable"]),
        )
    out.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
