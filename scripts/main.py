"""The command `holotype`. Each command is a module here; heavy imports wait until it runs."""

from __future__ import annotations

import io
import sys

import typer

from holotype.version import __version__

from . import (
    assistant,
    calibrate,
    cluster,
    clusters,
    collection,
    demo,
    export,
    identify,
    ingest,
    morphospace,
    review,
    search,
    serve,
    train,
    tune,
)
from .console import one_sentence, out
from .evaluation.command import evaluate

app = typer.Typer(
    name="holotype",
    help="Pictures of specimens in, honest identifications out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    add_completion=False,
)


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(__version__, highlight=False)
        raise typer.Exit


@app.callback()
def _root(
    version: bool = typer.Option(
        False, "--version", callback=_show_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Pictures of specimens in, honest identifications out."""


app.command("demo")(demo.demo)
app.command("ingest")(ingest.ingest)
app.command("identify")(identify.identify)
app.command("search")(search.search)
app.command("eval")(evaluate)
app.command("calibrate")(calibrate.calibrate)
app.command("tune")(tune.tune)
app.command("train")(train.train)
app.command("cluster")(cluster.cluster)
app.command("name")(clusters.name)
app.command("accept")(clusters.accept)
app.command("undo")(clusters.undo)
app.add_typer(clusters.app, name="clusters")
app.command("serve")(serve.serve)
app.command("mcp")(assistant.mcp)
app.command("map")(morphospace.draw_map)
app.command("review")(review.review)
app.command("export")(export.export)
app.add_typer(collection.app, name="collection")


def main() -> None:
    """Run the command line."""
    if isinstance(sys.stdout, io.TextIOWrapper):  # file names may hold what it cannot print
        sys.stdout.reconfigure(errors="backslashreplace")
    with one_sentence():
        app()
