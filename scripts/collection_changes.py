"""`holotype collection delete`, `remove-space`, `log`, `undo`: what is taken out or taken back."""

from __future__ import annotations

import getpass
import re
from typing import TYPE_CHECKING, Annotated

import typer

from holotype.index.visible import visible

from .console import FILTERS, CollectionArgument, JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from holotype.index.collection import Collection
    from holotype.index.storage.determinations import Withdrawal

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
    imports: Annotated[
        bool, typer.Option(help="Every name that a manifest stated, with its number.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show what was done, oldest first: number, time, who, what and why.

    `undo` takes the number of a determination or of an undo. Imports are shown as a whole;
    deletions say how their images come back.
    """
    from holotype.index.collection import Collection
    from holotype.index.upkeep.history import log as run

    with Collection.open(collection) as opened:
        entries = run(opened, specimen, imports=imports)
    if as_json:
        print_json([entry.to_dict() for entry in entries])
        return
    for entry in entries:
        out.print(str(entry), highlight=False, soft_wrap=True)
    if not entries:
        whose = "" if specimen is None else f" of a specimen '{specimen}'"
        more = "" if imports else "; --imports shows the names that manifests gave"
        told = visible(f"The log has nothing{whose}{more}.")
        err.print(told, highlight=False, soft_wrap=True, markup=False)


def undo(
    collection: CollectionArgument,
    number: Annotated[
        str, typer.Argument(help="Its number in 'holotype collection log'.", show_default=False)
    ],
    by: ByOption = "",
    why: WhyOption = "",
    yes: Annotated[
        bool,
        typer.Option(
            "--yes",
            help="Also a name that a manifest gave, and where later determinations stand.",
        ),
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take back a determination, or an undo. Nothing is erased: the undo is appended.

    It shows what it takes back. Where that is a name that a manifest gave, or where later ones of
    the specimen stand, it does nothing without --yes (exit code 1). Decisions about clusters have
    numbers of their own: 'holotype undo'.
    """
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        chosen = _chosen(number)
        planned = opened.withdrawal(chosen)
        _show_withdrawal(planned)
        why_not = _why_not(planned)
        if why_not and not yes:
            if as_json:
                print_json({"undone": None, **planned.to_dict()})
            err.print(f"Nothing was undone; {why_not}.", highlight=False, soft_wrap=True)
            raise typer.Exit(1)
        made = opened.undo(chosen, by=by or getpass.getuser(), remarks=why)
        events = opened.history(planned.event.specimen_id)
        event = next(one for one in events if one.determination_id == made)
    if as_json:
        print_json(event.to_dict())
        return
    out.print(
        f"{event.specimen_id}: {event.before or 'no name'} -> {event.after or 'no name'} "
        f"(undo {made})",
        highlight=False,
        soft_wrap=True,
    )


def _chosen(number: str) -> int:
    """Return the number of a determination; refuse those of what cannot be undone."""
    from holotype.index.errors import UsageError

    if re.fullmatch(r"[Dd]\d+(-[Dd]?\d+)?", number, re.ASCII):
        raise UsageError(
            f"{number} is a deletion, which undo does not take back: ingest the pictures again "
            "('holotype collection log' says which are still there); what people determined of "
            "their specimens is kept and counts again then"
        )
    if not re.fullmatch(r"\d{1,18}", number, re.ASCII):
        raise UsageError(
            f"'{number}' is not the number of one determination; 'holotype collection log' shows "
            "them, with --imports also each name of an import"
        )
    return int(number)


def _why_not(planned: Withdrawal) -> str:
    """Return what to do instead, or to be sure; empty where nothing speaks against it."""
    event = planned.event
    if planned.later:
        return "repeat the command with --yes, or undo the later first"
    if event.origin == "import" and not event.undoes:
        return (
            f"{event.determination_id} is a name that a manifest gave: repeat the command with "
            "--yes to take it away. Decisions about clusters are taken back by 'holotype undo'"
        )
    return ""


def _show_withdrawal(planned: Withdrawal) -> None:
    event = planned.event
    told = f"undo of {event.undoes}" if event.undoes else event.taxon or "no name"
    lines = [
        f"Undo {event.determination_id} of {event.specimen_id}: {told}, by "
        f"{event.determined_by}, {event.determined_at}; {planned.before or 'no name'} -> "
        f"{planned.after or 'no name'}"
    ]
    for later in planned.later:
        what = f"undo of {later.undoes}" if later.undoes else later.taxon or "no name"
        lines.append(
            f"  {later.determination_id} came later and stays: {what}, by {later.determined_by}, "
            f"{later.determined_at}"
        )
    for line in lines:
        err.print(line, highlight=False, soft_wrap=True)
