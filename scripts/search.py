"""`holotype search`: which specimens look most like this?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from .console import (
    FILTERS,
    CollectionOption,
    JsonFlag,
    SpaceOption,
    out,
    print_json,
    print_labelled,
)


def search(
    collection: CollectionOption,
    image: Annotated[Path | None, typer.Argument(help="A picture.", show_default=False)] = None,
    image_id: Annotated[str | None, typer.Option("--id", help="A stored image.")] = None,
    text: Annotated[
        str | None, typer.Option(help="A description, where the encoder has a text tower.")
    ] = None,
    k: Annotated[int, typer.Option(min=1, help="Hits to return.")] = 10,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Search among these only, e.g. category=Moth. " + FILTERS),
    ] = None,
    space: SpaceOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Find the specimens nearest to a picture, a stored image or a description, best first."""
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError
    from holotype.index.runtime import worker_count
    from holotype.index.search.query import found_by, query_of
    from holotype.index.search.search import encoder_of

    if sum(value is not None for value in (image, image_id, text)) != 1:
        raise UsageError("Give exactly one of a picture, --id and --text")
    with Collection.open(collection) as opened:
        query = query_of(
            opened,
            lambda: encoder_of(opened.space(space), threads=worker_count()),
            picture=image,
            image_id=image_id,
            text=text,
            space=space,
        )
        found = found_by(opened, query, k=k, where=where or (), space=space)
    if as_json:
        print_json(found)
        return
    _show(found["hits"])
    for note in found.get("notes", ()):
        print_labelled("Note:", "yellow", note)


def _show(hits: list[dict[str, Any]]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    table.add_column("cosine", justify="right")
    table.add_column("species", style="italic")
    table.add_column("image", overflow="fold")
    for hit in hits:
        table.add_row(f"{hit['score']:.3f}", hit["species"], hit["image_id"])
    out.print(table)
