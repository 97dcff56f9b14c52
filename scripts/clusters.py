"""`holotype name`, `accept`, `undo` and `holotype clusters`: what people decide about clusters."""

from __future__ import annotations

import getpass
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .answers.clusters import cluster_lines, clustering_lines
from .collection_changes import ByOption, WhyOption
from .console import CollectionOption, JsonFlag, err, out, print_json

if TYPE_CHECKING:
    from holotype.index.clusters.decide import Decider
    from holotype.index.collection import Collection

app = typer.Typer(help="Look at clusters and decide about them.", no_args_is_help=True)

ClusterArgument = Annotated[int, typer.Argument(help="The cluster's number.", show_default=False)]
VersionOption = Annotated[
    int | None,
    typer.Option(
        help="The version that you looked at; refused where the cluster has changed since.",
        show_default=False,
    ),
]
UnderOption = Annotated[
    str,
    typer.Option(help="Where a new name belongs, such as family=Noctuidae.", show_default=False),
]


def _decide(
    collection: Path, by: str, why: str, cluster: int, as_json: bool, work: Callable[[Decider], int]
) -> None:
    """Make a decision, and show it with the cluster as it is then."""
    from holotype.index.clusters.decide import Decider
    from holotype.index.clusters.view import as_dict, cluster_now
    from holotype.index.collection import Collection
    from holotype.index.storage.clusters.records import decision

    with Collection.open(collection) as opened:
        made = work(Decider(opened, by or getpass.getuser(), why))
        told = decision(opened.database, made)
        now = as_dict(cluster_now(opened, cluster))
    if as_json:
        print_json({"decision": told.to_dict(), "cluster": now})
        return
    out.print(f"Decision {made}: {told.what}.", highlight=False, soft_wrap=True)
    for line in cluster_lines(now) if now["size"] else ():
        out.print(line, highlight=False, soft_wrap=True)


def name(
    cluster: ClusterArgument,
    taxon: Annotated[str, typer.Argument(help="A species or a higher taxon.", show_default=False)],
    collection: CollectionOption,
    under: UnderOption = "",
    version: VersionOption = None,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Name a cluster: all its specimens are determined so, and the next query knows them."""
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.name(cluster, taxon, under=under, version=version),
    )


def accept(
    cluster: Annotated[
        int | None, typer.Argument(help="The cluster's number.", show_default=False)
    ] = None,
    *,
    collection: CollectionOption,
    known: Annotated[
        bool,
        typer.Option(
            "--known", help="Instead: all that the last clustering set aside as known, at once."
        ),
    ] = False,
    version: VersionOption = None,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Accept the provisional name of a cluster, or the answer that it was set aside with."""
    from holotype.index.errors import UsageError

    if known == (cluster is not None):
        raise UsageError("Give either the number of one cluster, or --known")
    if cluster is None:
        _accept_known(collection, by, why, as_json=as_json)
        return
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.accept(cluster, version=version),
    )


def _accept_known(collection: Path, by: str, why: str, *, as_json: bool) -> None:
    from holotype.index.clusters.decide import Decider
    from holotype.index.collection import Collection
    from holotype.index.storage.clusters.records import decisions

    with Collection.open(collection) as opened:
        last = _last(opened)
        made = Decider(opened, by or getpass.getuser(), why).accept_known(last)
        before = [one.decision_id for one in decisions(opened.database, last)]
    if as_json:
        print_json({"decisions": made})
        return
    out.print(
        f"Accepted {len(made)} names (decisions {made[0]} to {made[-1]}); 'holotype undo --in "
        f"{shlex.quote(str(collection))} --to {max(one for one in before if one < made[0])}' takes "
        "them back.",
        highlight=False,
        soft_wrap=True,
    )


def _last(collection: Collection) -> int:
    """Return the number of the last clustering.

    Raises:
        NotFoundError: there is none.
    """
    from holotype.index.errors import NotFoundError
    from holotype.index.storage.clusters.records import clusterings

    known = clusterings(collection.database)
    if not known:
        raise NotFoundError(f"{collection.folder} has no clusters; 'holotype cluster' makes them")
    return known[-1].clustering_id


@app.command("place")
def place(
    cluster: ClusterArgument,
    under: Annotated[
        str, typer.Argument(help="A rank and a taxon: genus=Xestia.", show_default=False)
    ],
    collection: CollectionOption,
    version: VersionOption = None,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Hang a cluster under a taxon above the species."""
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.place(cluster, under, version=version),
    )


@app.command("merge")
def merge(
    cluster: ClusterArgument,
    others: Annotated[
        list[int], typer.Argument(help="The clusters that go into it.", show_default=False)
    ],
    collection: CollectionOption,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Put other clusters into one, which keeps its number and its name."""
    _decide(
        *(collection, by, why, cluster, as_json), lambda decider: decider.merge(cluster, others)
    )


@app.command("split")
def split(
    cluster: ClusterArgument,
    collection: CollectionOption,
    parts: Annotated[int, typer.Option(min=2, help="Into how many sub-clusters.")] = 2,
    version: VersionOption = None,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Take a cluster apart; the largest part keeps its number and its name."""
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.split(cluster, parts, version=version),
    )


@app.command("move")
def move(
    cluster: ClusterArgument,
    images: Annotated[list[str], typer.Argument(help="Images' ids.", show_default=False)],
    collection: CollectionOption,
    to: Annotated[
        str, typer.Option(help="Another cluster's number, 'new', or 'none'.", show_default=False)
    ],
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Move images, with all of their specimens, into another cluster, a new one or none."""
    from holotype.index.errors import UsageError

    if to not in ("new", "none") and not to.isdecimal():
        raise UsageError(f"--to {to} is no cluster; give its number, 'new' or 'none'")
    target = int(to) if to.isdecimal() else (None if to == "none" else to)
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.move(cluster, images, target),
    )


@app.command("reject")
def reject(
    cluster: ClusterArgument,
    collection: CollectionOption,
    version: VersionOption = None,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Say that a cluster is no taxon."""
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.reject(cluster, version=version),
    )


@app.command("set-aside")
def set_aside(
    cluster: ClusterArgument,
    collection: CollectionOption,
    version: VersionOption = None,
    by: ByOption = "",
    why: WhyOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Leave a cluster for later."""
    _decide(
        *(collection, by, why, cluster, as_json),
        lambda decider: decider.set_aside(cluster, version=version),
    )


def undo(
    decision: Annotated[
        int | None,
        typer.Argument(help="Its number in 'holotype clusters log'.", show_default=False),
    ] = None,
    *,
    collection: CollectionOption,
    to: Annotated[
        int | None,
        typer.Option(
            help="Instead: take back everything since this decision, and bring back what was "
            "undone since.",
            show_default=False,
        ),
    ] = None,
    by: ByOption = "",
    why: WhyOption = "",
    yes: Annotated[
        bool, typer.Option("--yes", help="With --to: also what others decided.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Take back a decision about clusters with all its determinations; an undo too.

    Nothing is erased. --to shows what it takes back; where others decided some of that, it does
    nothing without --yes (exit code 1). 'holotype collection undo' takes back single
    determinations.
    """
    from holotype.index.clusters.decide import Decider
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError

    if (decision is None) == (to is None):
        raise UsageError("Give either the number of one decision, or --to for all since one")
    with Collection.open(collection) as opened:
        decider = Decider(opened, by or getpass.getuser(), why)
        if to is not None:
            _show_since(opened, to, decider.by, yes=yes, as_json=as_json)
        made = [decider.undo(decision)] if decision is not None else decider.undo_since(to or 0)
    if as_json:
        print_json({"undos": made})
        return
    what = f"decision {decision}" if decision is not None else f"everything since decision {to}"
    numbers = ", ".join(map(str, made))
    out.print(f"Undone: {what} (undo {numbers})." if made else "Nothing has changed since.")


def _show_since(collection: Collection, to: int, by: str, *, yes: bool, as_json: bool) -> None:
    """Show what changes when all since a decision is taken back; end there where others decided."""
    from holotype.index.storage.clusters.undo import changes_since

    back, again = changes_since(collection.database, to)
    for what, events in (("Takes back", back), ("Brings back what was undone in", again)):
        for one in events:
            err.print(f"{what} {one}", highlight=False, soft_wrap=True, markup=False)
    if any(one.decided_by != by for one in [*back, *again]) and not yes:
        if as_json:
            print_json({"undos": [], "decisions": [one.decision_id for one in [*back, *again]]})
        err.print(
            "Nothing was undone: others decided some of these. Repeat the command with --yes, or "
            "undo your own one by one."
        )
        raise typer.Exit(1)


@app.command("list")
def show_all(
    collection: CollectionOption,
    clustering: Annotated[
        int | None, typer.Option(help="Which one; by default the last.", show_default=False)
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            help="Write a picture to this .png file: typical images and outliers of each cluster.",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file of --sheet where it is there.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show the clusters of a clustering as they are now."""
    from .answers.cluster_sheet import write_cluster_sheet
    from .answers.drawing import require_new_sheet

    require_new_sheet(sheet, overwrite=overwrite)
    from holotype.index.clusters.view import clustering_dict
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        opened.require_intact()
        found = clustering_dict(opened, _last(opened) if clustering is None else clustering)
        if sheet is not None:
            write_cluster_sheet(opened, found, sheet)
    if as_json:
        print_json(found)
        return
    for line in clustering_lines(found):
        out.print(line, highlight=False, soft_wrap=True)


@app.command("show")
def show(cluster: ClusterArgument, collection: CollectionOption, as_json: JsonFlag = False) -> None:
    """Show a cluster as it is now."""
    from holotype.index.clusters.view import as_dict, cluster_now
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        opened.require_intact()
        found = as_dict(cluster_now(opened, cluster))
    if as_json:
        print_json(found)
        return
    for line in [*cluster_lines(found), f"        version {found['version']}"]:
        out.print(line, highlight=False, soft_wrap=True)


@app.command("log")
def log(
    collection: CollectionOption,
    clustering: Annotated[
        int | None, typer.Option(help="Only about this one.", show_default=False)
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what was decided about clusters, oldest first: number, time, who, what and why."""
    from holotype.index.collection import Collection
    from holotype.index.storage.clusters.records import decisions

    with Collection.open(collection) as opened:
        opened.require_intact()
        found = decisions(opened.database, clustering)
    if as_json:
        print_json([one.to_dict() for one in found])
        return
    for one in found:
        undone = "" if one.stands else " (undone)"
        line = f"{one.decision_id}  {one.decided_at}  {one.decided_by}  {one.what}{undone}"
        out.print(f"{line}  {one.remarks}".rstrip(), highlight=False, soft_wrap=True)
