"""`holotype export`: a collection's records and vectors as Parquet, its determinations as CSV."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, out, print_json


def export(
    collection: CollectionArgument,
    to: Annotated[
        Path | None, typer.Option("--out", help="The .parquet file.", show_default=False)
    ] = None,
    determinations: Annotated[
        Path | None,
        typer.Option(
            help="Write every determination to this .csv file, as Darwin Core has it.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file of --determinations.")
    ] = False,
    space: SpaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write one row an image: ids, ranks, split, metadata and the vector that is searched.

    With --determinations, one row for each time that a specimen was named: what, by whom, when,
    why, and whether that counts now. One of the two or both.
    """
    from holotype.index.collection import Collection
    from holotype.index.export.determinations import export_determinations
    from holotype.index.export.parquet import export_parquet

    _check(to, determinations, overwrite=overwrite)
    said: dict[str, int | str] = {}
    with Collection.open(collection) as opened:
        if to is not None:
            said |= {"rows": export_parquet(opened, to, space=space), "file": str(to)}
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

    from .answers.files import require_new

    if to is None and determinations is None:
        raise UsageError("Name a file: --out FILE.parquet, --determinations FILE.csv, or both")
    if to is not None and to.suffix.lower() != ".parquet":
        raise UsageError(f"--out is {to}; name a file that ends in .parquet")
    if determinations is not None:
        if determinations.suffix.lower() != ".csv":
            raise UsageError(f"--determinations is {determinations}; name a .csv file")
        require_new(determinations, overwrite=overwrite)
