"""`holotype collection`: what a collection holds, and whether it is whole."""

from __future__ import annotations

from typing import Annotated

import typer

from .console import CollectionArgument, JsonFlag, err, out, print_json

app = typer.Typer(help="Look into a collection and check it.", no_args_is_help=True)


@app.command("info")
def info(collection: CollectionArgument, as_json: JsonFlag = False) -> None:
    """Show counts, spaces with their encoders, and index kinds."""
    from holotype.index.collection import Collection
    from holotype.index.info import info as run

    with Collection.open(collection) as opened:
        found = run(opened)
    if as_json:
        print_json(found)
        return
    ranks = ", ".join(f"{count} at rank {rank}" for rank, count in found["taxa"].items())
    out.print(f"{found['images']} images of {found['specimens']} specimens", highlight=False)
    out.print(f"Taxa: {ranks or 'none'}", highlight=False)
    for split, count in found["splits"].items():
        out.print(f"Split {split}: {count} images", highlight=False)
    for space in found["spaces"]:
        out.print(
            f"Space {space['name']}: {space['embeddings']} vectors of {space['dim']} dimensions, "
            f"encoder {space['encoder']} with {space['views']} view(s), "
            f"index {space['index'] or 'not built yet'}",
            highlight=False,
            soft_wrap=True,
        )


@app.command("verify")
def verify(
    collection: CollectionArgument,
    pictures: Annotated[
        bool, typer.Option(help="Also compare every picture with its stored hash.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check the database, the vectors and the index files. Exit code 4 where the truth is hurt."""
    from holotype.index.collection import Collection
    from holotype.index.info import verify as run

    with Collection.open(collection) as opened:
        found = run(opened, pictures=pictures)
    if as_json:
        print_json({"ok": not found.errors, **vars(found)})
    else:
        for sentence in found.errors:
            err.print(f"[red]error[/red] {sentence}", highlight=False, soft_wrap=True)
        for sentence in found.warnings:
            err.print(f"[yellow]warning[/yellow] {sentence}", highlight=False, soft_wrap=True)
        out.print("The collection is damaged." if found.errors else "The collection is whole.")
    if found.errors:
        raise typer.Exit(4)
