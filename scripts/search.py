"""`holotype search`: which specimens look most like this?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from holotype.index.collection import Collection
    from holotype.index.encoders import Embeddings
    from holotype.index.search.search import Hit


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
    from holotype.index.search.search import search as run
    from holotype.index.search.search import seen_in_space

    if sum(value is not None for value in (image, image_id, text)) != 1:
        raise UsageError("Give exactly one of a picture, --id and --text")
    with Collection.open(collection) as opened:
        vector, own, contents = _query(opened, image, image_id, text, space)
        hits = run(opened, vector, k=k, where=where or (), space=space, exclude_specimens=own)
        seen = seen_in_space(opened, space, contents, own)
    if as_json:
        print_json({"hits": [hit.to_dict() for hit in hits]} | seen.told())
        return
    _show(hits)
    if seen.note:
        print_labelled("Note:", "yellow", seen.note)


def _query(
    collection: Collection,
    image: Path | None,
    image_id: str | None,
    text: str | None,
    space: str | None,
) -> tuple[Embeddings, set[str], list[str]]:
    """Return the query's embedding, its own specimens where they are stored, and its content."""
    from holotype.index.pictures.reading import content_hash, read_bytes
    from holotype.index.runtime import worker_count
    from holotype.index.search.search import encoder_of, picture_vector, stored_vector, text_vector

    if image_id is not None:
        stored = collection.image(image_id)
        return stored_vector(collection, stored, space), {stored.specimen_id}, [stored.sha256]
    encoder = encoder_of(collection.space(space), threads=worker_count())
    if text is not None:
        return text_vector(collection, encoder, text, space), set(), []
    assert image is not None  # the caller has checked that one of the three is given
    vector, own = picture_vector(collection, encoder, [image], space)
    return vector, own, [content_hash(read_bytes(image))]


def _show(hits: list[Hit]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    table.add_column("cosine", justify="right")
    table.add_column("species", style="italic")
    table.add_column("image", overflow="fold")
    for hit in hits:
        table.add_row(f"{hit.score:.3f}", hit.image.lineage[-1], hit.image.image_id)
    out.print(table)
