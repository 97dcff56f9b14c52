"""`holotype collection`: what a collection holds, whether it is whole, and copies that last."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from . import collection_changes, collection_trust
from .console import CollectionArgument, JsonFlag, StoreOption, out, print_json, print_labelled

if TYPE_CHECKING:
    from holotype.index.upkeep.snapshots import Copied

app = typer.Typer(help="Look into a collection, check it, copy it.", no_args_is_help=True)

_NOTES = 20  # that are shown one by one

ToArgument = Annotated[
    Path, typer.Argument(help="A folder that does not exist yet.", show_default=False)
]


@app.command("info")
def info(collection: CollectionArgument, as_json: JsonFlag = False) -> None:
    """Show counts, spaces with their encoders, and index kinds."""
    from holotype.index.collection import Collection
    from holotype.index.upkeep.info import info as run

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
            f"{_made_with(space)}{_about_index(space)}",
            highlight=False,
            soft_wrap=True,
        )


def _made_with(space: dict[str, Any]) -> str:
    return f"made with {space['made_with']}; " if space["made_with"] else ""


def _about_index(space: dict[str, Any]) -> str:
    if not space["index"]:
        return "index not built yet"
    if space["index_recall"] is None:
        return f"index {space['index_why']}"
    return f"index {space['index_why']}; recall@10 {space['index_recall']:.3f}"


@app.command("verify")
def verify(
    collection: CollectionArgument,
    pictures: Annotated[
        bool, typer.Option(help="Also compare every picture with its stored hash.")
    ] = False,
    recall: Annotated[
        bool, typer.Option(help="Also measure every index against exact search.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check the database, the vectors and the index files. Exit code 4 where the truth is hurt."""
    from holotype.index.collection import Collection
    from holotype.index.upkeep.info import recall_of
    from holotype.index.upkeep.info import verify as run

    with Collection.open(collection) as opened:
        found = run(opened, pictures=pictures)
        measured = recall_of(opened) if recall and not found.errors else {}
    if as_json:
        print_json(
            {"ok": not found.errors, **vars(found)} | ({"recall": measured} if recall else {})
        )
    else:
        for sentence in found.errors:
            print_labelled("error", "red", sentence)
        for sentence in found.warnings:
            print_labelled("warning", "yellow", sentence)
        for sentence in found.notes[:_NOTES]:
            print_labelled("note", "cyan", sentence)
        if len(found.notes) > _NOTES:
            print_labelled("note", "cyan", f"{len(found.notes) - _NOTES} more; --json has all")
        for space, share in measured.items():
            out.print(f"Space {space}: recall@10 {share:.3f} against exact search", highlight=False)
        out.print("The collection is damaged." if found.errors else "The collection is whole.")
    if found.errors:
        raise typer.Exit(4)


@app.command("snapshot")
def snapshot(collection: CollectionArgument, to: ToArgument, as_json: JsonFlag = False) -> None:
    """Copy a collection as it stands at one moment, with checksums, while others write to it."""
    from holotype.index.collection import Collection
    from holotype.index.upkeep.snapshots import snapshot as run

    with Collection.open(collection) as opened:
        made = run(opened, to)
    _show_copied(made, f"Snapshot {to}", as_json)


@app.command("restore")
def restore(
    snapshot: Annotated[Path, typer.Argument(help="The snapshot's folder.", show_default=False)],
    to: ToArgument,
    store: StoreOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Make a collection of a snapshot; a damaged one is refused with exit code 4."""
    from holotype.index.upkeep.snapshots import restore as run

    _show_copied(run(snapshot, to, store=store), f"Collection {to}", as_json)


def _show_copied(copied: Copied, name: str, as_json: bool) -> None:
    if as_json:
        print_json(vars(copied))
        return
    for path in copied.missing:
        print_labelled("warning", "yellow", f"{path} was lost before")
    out.print(
        f"{name}: {copied.images} images, {copied.files} files, {copied.size / 1e6:.1f} MB",
        highlight=False,
        soft_wrap=True,
    )


@app.command("compact")
def compact(collection: CollectionArgument, as_json: JsonFlag = False) -> None:
    """Give back the space of what was deleted; others go on reading."""
    from holotype.index.collection import Collection
    from holotype.index.upkeep.compaction import compact as run

    with Collection.open(collection) as opened:
        done = run(opened)
    if as_json:
        print_json(vars(done))
        return
    out.print(
        f"Removed {len(done.removed)} files; the database went from {done.before / 1e6:.1f} to "
        f"{done.after / 1e6:.1f} MB.",
        highlight=False,
    )


app.command("delete")(collection_changes.delete)
app.command("remove-space")(collection_changes.remove_space)
app.command("log")(collection_changes.log)
app.command("undo")(collection_changes.undo)
app.command("trust")(collection_trust.trust)
