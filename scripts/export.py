"""`holotype export`: a collection's records and vectors as a Parquet file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, out, print_json


def export(
    collection: CollectionArgument,
    to: Annotated[Path, typer.Option("--out", help="The .parquet file.", show_default=False)],
    space: SpaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Write one row an image: ids, ranks, split, metadata and the vector that is searched."""
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError
    from holotype.index.export.parquet import export_parquet

    if to.suffix.lower() != ".parquet":
        raise UsageError(f"--out is {to}; name a file that ends in .parquet")
    with Collection.open(collection) as opened:
        rows = export_parquet(opened, to, space=space)
    if as_json:
        print_json({"rows": rows, "file": str(to)})
    else:
        out.print(f"Wrote {rows} rows to {to}.", highlight=False, soft_wrap=True)
