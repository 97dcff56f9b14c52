"""`holotype collection delete`, `remove-space`, `log`, `undo`: what is taken out or taken back."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer

from holotype.index.visible import visible

from .console import FILTERS, CollectionArgument, JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from holotype.index.collection import Collection

ByOption = Annotated[
    str, typer.Option("--by", help="Who does it, for the record; by default the login name.")
]
WhyOption = Annotated[str, typer.Option("--why", help="Why, for the record.")]


def delete(
    collection: CollectionArgument,
    image_ids: Annotated[
        list[str] | None, typer.Option("--id", help="An image's id; may be repeated.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Every image that satisfies this, such as split=test. " + FILTERS),
    ] = None,
    by: ByOption = "",
    why: WhyOption = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="With --where: delete what was shown; without, only show.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Delete images from every space, all of them or none. Picture files are not touched.

    With --where it shows what would go, and deletes nothing without --yes (exit code 1).
    """
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError

    if bool(image_ids) == bool(where):
        raise UsageError("Name the images with --id, or with --where; give one of the two")
    with Collection.open(collection) as opened:
        chosen = image_ids or _shown(opened, where or [], yes=yes, as_json=as_json)
        deleted = opened.delete(chosen, by=by or getpass.getuser(), remarks=why)
    if as_json:
        print_json({"deleted": deleted, "image_ids": chosen})
        return
    out.print(f"Deleted {deleted} images.", highlight=False)


def _shown(collection: Collection, where: list[str], *, yes: bool, as_json: bool) -> list[str]:
    """Show which images satisfy conditions and return their ids; without `yes`, end there."""
    from holotype.index.upkeep.deletion import doomed_by, shown_lines

    doomed = doomed_by(collection, where)
    for line in shown_lines(collection.folder, doomed):
        err.print(line, highlight=False, soft_wrap=True)
    if not yes:
        if as_json:
            print_json({"deleted": 0, "image_ids": doomed.image_ids, **doomed.to_dict()})
        err.print("Nothing was deleted; repeat the command with --yes to delete them.")
        raise typer.Exit(1)
    return doomed.image_ids


def remove_space(
    collection: CollectionArgument,
    name: Annotated[str, typer.Argument(help="The space's name.", show_default=False)],
    with_tuned: Annotated[
        bool, typer.Option("--with-tuned", help="Also the spaces that are tuned from it.")
    ] = False,
    last: Annotated[bool, typer.Option("--last", help="Even the only one that is left.")] = False,
    by: ByOption = "",
    why: WhyOption = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Remove a space with its vectors and its calibration. Images and determinations stay."""
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        count = opened.count(opened.space(name))
        if not yes:
            question = f"Remove space '{name}' of {collection} ({count} vectors)?"
            typer.confirm(visible(question), abort=True, err=True)
        removed = opened.remove_space(
            name, with_tuned=with_tuned, last=last, by=by or getpass.getuser(), remarks=why
        )
    if as_json:
        print_json({"removed": removed})
        return
    out.print(f"Removed {', '.join(removed)}.", highlight=False)


def log(
    collection: CollectionArgument,
    specimen: Annotated[str | None, typer.Option(help="Only of this specimen.")] = None,
    imports: Annotated[bool, typer.Option(help="Also what manifests stated.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show determinations and undos, oldest first: who, when, what, and why."""
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        events = opened.history(specimen)
    shown = [event for event in events if imports or event.origin != "import"]
    if as_json:
        print_json([event.to_dict() for event in shown])
        return
    for event in shown:
        what = f"undoes {event.undoes}" if event.undoes else f"{event.qualifier} {event.taxon}"
        out.print(
            f"{event.determination_id}  {event.determined_at}  {event.determined_by}  "
            f"{event.specimen_id}: {what.strip() or 'no name'}{'' if event.stands else ' (undone)'}"
            f"; {event.before or 'no name'} -> {event.after or 'no name'}  {event.remarks}",
            highlight=False,
            soft_wrap=True,
        )


def undo(
    collection: CollectionArgument,
    determination: Annotated[
        int, typer.Argument(help="Its number in 'holotype collection log'.", show_default=False)
    ],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Take back a determination, or an undo. Nothing is erased: the undo is appended."""
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        number = opened.undo(determination, by=by or getpass.getuser(), remarks=why)
        event = next(e for e in opened.history() if e.determination_id == number)
    if as_json:
        print_json(event.to_dict())
        return
    out.print(
        f"{event.specimen_id}: {event.before or 'no name'} -> {event.after or 'no name'} "
        f"(undo {number})",
        highlight=False,
        soft_wrap=True,
    )
