"""`holotype export`: a collection's images as Parquet or CSV, its determinations as Darwin Core."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, out, print_json


def export(
    collection: CollectionArgument,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="A .parquet file, with vectors, or a .csv file for a spreadsheet, without.",
            show_default=False,
        ),
    ] = None,
    determinations: Annotated[
        Path | None,
        typer.Option(
            help="Write every determination to this .csv file, as Darwin Core has it.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace .csv files that are there.")
    ] = False,
    space: SpaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write one row an image: ids, ranks, split, metadata and, as Parquet, the vector.

    With --determinations, one row for each time that a specimen was named: what, by whom, when,
    why, and whether that counts now. One of the two or both.
    """
    from holotype.index.collection import Collection
    from holotype.index.export.determinations import export_determinations
    from holotype.index.export.images import export_images

    _check(to, determinations, overwrite=overwrite)
    said: dict[str, int | str] = {}
    with Collection.open(collection) as opened:
        if to is not None:
            rows = export_images(opened, to, space=space, overwrite=overwrite)
            said |= {"rows": rows, "file": str(to)}
        if determinations is not None:
            count = export_determinations(opened, determinations)
            said |= {"determinations": count, "determinations_file": str(determinations)}
    if as_json:
        print_json(said)
        return
    if to is not None:
        out.print(f"Wrote {said['rows']} rows to {to}.", highlight=False, soft_wrap=True)
    if determinations is not None:
        told = f"Wrote {said['determinations']} determinations to {determinations}."
        out.print(told, highlight=False, soft_wrap=True)


def _check(to: Path | None, determinations: Path | None, *, overwrite: bool) -> None:
    """Refuse names of files before anything is written."""
    from holotype.index.errors import UsageError
    from holotype.index.export.images import KINDS

    from .answers.files import require_new

    if to is None and determinations is None:
        raise UsageError(
            "Name a file: --out FILE.parquet or FILE.csv, --determinations FILE.csv, or both"
        )
    if to is not None and to.suffix.lower() not in KINDS:
        raise UsageError(f"--out is {to}; name a file that ends in .parquet or .csv")
    if to is not None and to.suffix.lower() == ".csv":
        require_new(to, overwrite=overwrite)
    if determinations is not None:
        if determinations.suffix.lower() != ".csv":
            raise UsageError(f"--determinations is {determinations}; name a .csv file")
        require_new(determinations, overwrite=overwrite)
    if to is not None and determinations is not None and to.resolve() == determinations.resolve():
        raise UsageError(f"--out and --determinations are both {to}; name two files")
