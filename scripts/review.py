"""`holotype review`: what should be looked at in a collection, and what one decides about it."""

from __future__ import annotations

import getpass
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .collection_changes import ByOption, WhyOption
from .console import CollectionArgument, JsonFlag, SpaceOption, err, out, percentage, print_json

if TYPE_CHECKING:
    from holotype.index.collection import Collection
    from holotype.index.curation.actions import DecisionKind
    from holotype.index.curation.queues import Entry, Page, Queue
    from holotype.index.storage.determinations import Event


def review(
    collection: CollectionArgument,
    queue: Annotated[
        str,
        typer.Option(
            help="mislabels: another name fits better. unnamed: without a name, and one fits. "
            "duplicates: specimens that share a picture. far: unlike the others of their name. "
            "singletons: the only ones of theirs."
        ),
    ] = "mislabels",
    limit: Annotated[int, typer.Option(help="Entries to show, 1 to 1000.")] = 20,
    offset: Annotated[int, typer.Option(help="Entries to pass over first.")] = 0,
    space: SpaceOption = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            help="Write a picture to this .png file: each specimen beside those to compare with.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file of --sheet where it is there.")
    ] = False,
    specimens: Annotated[
        list[str] | None,
        typer.Option(
            "--specimen", help="Decide about this one instead of showing; may be repeated."
        ),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Give it the name that the queue proposes.")
    ] = False,
    correct: Annotated[
        str | None,
        typer.Option(
            help="Give it this name: 'Genus species', a taxon of the collection, or rank=name.",
            show_default=False,
        ),
    ] = None,
    dismiss: Annotated[
        bool, typer.Option("--dismiss", help="Its name is right: do not ask again.")
    ] = False,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Show what should be looked at, the most doubtful first, or decide about specimens.

    Every decision is a determination: 'holotype collection log' shows it, 'undo' takes it back.
    """
    from holotype.index.collection import Collection
    from holotype.index.curation.actions import Decision, decide
    from holotype.index.curation.queues import require_queue
    from holotype.index.storage.determinations import events_at

    require_queue(queue)
    _require_one_way(specimens or [], accept, correct, dismiss)
    with Collection.open(collection) as opened:
        if specimens:
            kind: DecisionKind = "accept" if accept else "dismiss" if dismiss else "correct"
            by = by or getpass.getuser()
            decision = Decision(kind, specimens, by, why, correct or "")
            made = decide(opened, decision, partial(_queue, opened, queue, space))
            _show_events(events_at(opened.database, made), as_json=as_json)
            return
        from .answers.drawing import require_new_sheet

        require_new_sheet(sheet, overwrite=overwrite)
        page = _queue(opened, queue, space).page(offset, limit)
        if sheet is not None:
            from .answers.review_sheet import write_sheet

            write_sheet(opened, page, sheet)
    if as_json:
        print_json(page.to_dict())
    else:
        _show(page, sheet)


def _require_one_way(
    specimens: list[str], accept: bool, correct: str | None, dismiss: bool
) -> None:
    from holotype.index.errors import UsageError

    ways = accept + (correct is not None) + dismiss
    if bool(specimens) != bool(ways) or ways > 1:
        raise UsageError(
            "Give --specimen with one of --accept, --correct NAME and --dismiss, or none of them "
            "to see the queue"
        )


def _queue(collection: Collection, name: str, space: str | None) -> Queue:
    """Return a queue; names are compared first, where they were not yet."""
    from holotype.training.doubts import queue_of

    with ExitStack() as shown:
        bars: list[Any] = []

        def progress(done: int, total: int) -> None:
            if not bars:  # names that are compared already need none
                bars.append(shown.enter_context(percentage("Comparing names")))
            bars[0](done, total)

        return queue_of(collection, name, space=space, progress=progress)


def _show_events(events: list[Event], *, as_json: bool) -> None:
    if as_json:
        print_json([event.to_dict() for event in events])
        return
    for event in events:
        kept = event.before == event.after
        told = f"{event.after} confirmed" if kept else f"{event.before or 'no name'} -> "
        told += "" if kept else event.after
        out.print(
            f"{event.specimen_id}: {told} (determination {event.determination_id})",
            highlight=False,
            soft_wrap=True,
        )


def _show(page: Page, sheet: Path | None) -> None:
    for entry in page.entries:
        _show_entry(entry)
    last = page.offset + len(page.entries)
    shown = f"{page.offset + 1} to {last} of " if page.entries else ""
    entries = "entry" if page.total == 1 else "entries"
    err.print(
        f"{shown}{page.total} {entries} in the queue '{page.queue}', space '{page.space}'.",
        highlight=False,
        soft_wrap=True,
    )
    for reason, count in page.left_out.items():
        err.print(f"Left out, {reason}: {count}.", highlight=False, soft_wrap=True)
    if sheet is not None:
        err.print(f"Pictures: {sheet}", highlight=False, soft_wrap=True)


def _show_entry(entry: Entry) -> None:
    taxa = " / ".join(dict.fromkeys(taxon or "no name" for taxon in entry.taxa))
    proposed = f" -> {list(entry.proposed.values())[-1]}?" if entry.proposed else ""
    ids = ", ".join(entry.specimen_ids[:5]) + (" …" if len(entry.specimen_ids) > 5 else "")
    out.print(f"{entry.place:>4}  {ids}", soft_wrap=True, highlight=False)
    out.print(f"      {taxa}{proposed}", style="bold", soft_wrap=True, highlight=False)
    out.print(f"      {entry.reason}", style="dim", soft_wrap=True, highlight=False)
    for near in entry.evidence:
        cosine = "" if near.cosine is None else f"{near.cosine:.3f}  "
        out.print(f"        {cosine}{near.taxon}  {near.image_id}", soft_wrap=True, highlight=False)
