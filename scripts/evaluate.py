"""`holotype eval`: how good is this collection at finding the right taxon?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, err, out, print_json, require_report
from .evaluate_identification import run_identification, show_identification
from .evaluate_protocols import (
    MEASURED_APART,
    Asked,
    Likeness,
    ProtocolName,
    check_protocol,
    run_protocol,
    show_protocol,
)
from .evaluate_tables import show_comparison, show_leaks, show_recall

if TYPE_CHECKING:
    from holotype.eval.retrieval.evaluate import Evaluation
    from holotype.eval.retrieval.two_spaces import SpaceComparison

__all__ = ["evaluate", "run_evaluation", "show_recall"]


def evaluate(
    collection: CollectionArgument,
    space: SpaceOption = None,
    query: Annotated[
        list[str] | None, typer.Option(help="Images that ask, e.g. split=test. Repeatable.")
    ] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(help="Images that answer, e.g. split=train. Repeatable.")
    ] = None,
    protocol: Annotated[
        ProtocolName | None,
        typer.Option(
            help="Who asks whom; by default split with --query and --gallery, else leave-one-out.",
            show_default=False,
        ),
    ] = None,
    folds: Annotated[int, typer.Option(help="With kfold: how many.")] = 5,
    group: Annotated[
        str, typer.Option(help="With kfold: the column that stays whole, e.g. specimen, date.")
    ] = "specimen",
    site: Annotated[
        str | None,
        typer.Option(
            help="Column of sites for leave-site-out (by default site) and for learning-curve "
            "(by default it goes by specimens).",
            show_default=False,
        ),
    ] = None,
    setup: Annotated[
        str, typer.Option(help="With transfer: the column that tells imaging set-ups apart.")
    ] = "imaging",
    copies: Annotated[
        int,
        typer.Option(
            min=0, help="With transfer: degraded copies of each gallery picture; 0: none."
        ),
    ] = 2,
    simulate: Annotated[
        Likeness,
        typer.Option(
            help="With --copies: another set-up for every copy, or exactly that of the command "
            "that degrades."
        ),
    ] = Likeness.RANDOM,
    seed: Annotated[
        int, typer.Option(min=0, help="With kfold, transfer, learning-curve: of the draws.")
    ] = 0,
    spaces: Annotated[
        str | None,
        typer.Option(
            help="Compare two spaces query by query, e.g. base,tuned.", show_default=False
        ),
    ] = None,
    identification: Annotated[
        bool,
        typer.Option(
            "--identification", help="Measure the answers: confidence, back-off, unknown, sets."
        ),
    ] = False,
    left_out: Annotated[
        str | None,
        typer.Option(
            "--leave-out",
            help="With --identification: a rank of which a share of the taxa is kept out of the "
            "gallery, e.g. species.",
            show_default=False,
        ),
    ] = None,
    share: Annotated[float, typer.Option(help="With --leave-out: that share.")] = 0.25,
    far: Annotated[
        list[str] | None,
        typer.Option(help="With --identification: far novel images, e.g. category=Fish."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="With --identification: draws.")] = 1,
    risk: Annotated[float, typer.Option(help="With --identification: accepted risk.")] = 0.05,
    prior: Annotated[float, typer.Option(help="With --identification: share of novel ones.")] = 0.2,
    allow_leak: Annotated[
        bool,
        typer.Option(
            "--allow-leak", help="Measure a split that specimens or copies cross: both figures."
        ),
    ] = False,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.json, report.html, per_species.parquet."),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Measure recall@1/5/10 at every rank; images of the query's own specimen never count.

    Without --query and --gallery every image asks and all others answer (leave-one-out).
    """
    if identification:
        asked = {"query": query or (), "gallery": gallery or (), "far": far or ()}
        draws = {"left_out": left_out, "share": share, "seeds": seeds}
        honesty = run_identification(
            collection, to=to, space=space, risk=risk, prior=prior, **asked, **draws
        )
        print_json(honesty) if as_json else show_identification(honesty, to)
        return
    if protocol is not None:
        check_protocol(protocol, query=query, gallery=gallery, spaces=spaces)
    if protocol in MEASURED_APART:
        asked_for = Asked(
            space=space,
            query=query or [],
            gallery=gallery or [],
            folds=folds,
            group=group,
            site=site,
            setup=setup,
            copies=copies,
            simulate=simulate,
            seed=seed,
            allow_leak=allow_leak,
        )
        figures = run_protocol(collection, protocol, asked_for, to)
        print_json(figures) if as_json else show_protocol(protocol, figures, to)
        return
    found = run_evaluation(
        collection,
        space=space,
        spaces=spaces,
        query=query,
        gallery=gallery,
        allow_leak=allow_leak,
        to=to,
    )
    if as_json:
        print_json(found)
    else:
        show_recall(found)
        show_leaks(found)
        show_comparison(found)
        if to is not None:
            out.print(f"Report: {to / 'report.html'}", highlight=False, soft_wrap=True)


def run_evaluation(
    folder: Path,
    *,
    space: str | None = None,
    spaces: str | None = None,
    query: list[str] | None = None,
    gallery: list[str] | None = None,
    allow_leak: bool = False,
    to: Path | None = None,
) -> dict[str, Any]:
    """Evaluate, write the report where a folder is given, and return the figures."""
    from holotype.eval.report import write_report
    from holotype.eval.retrieval.evaluate import evaluate as run
    from holotype.eval.retrieval.two_spaces import compare_spaces
    from holotype.index.collection import Collection

    asked: dict[str, Any] = {
        "query": query or (),
        "gallery": gallery or (),
        "allow_leak": allow_leak,
    }
    if to is not None:
        require_report(to)
    with Collection.open(folder) as opened:
        with err.status("Measuring …"):
            found: Evaluation | SpaceComparison
            if spaces is None:
                found = run(opened, space=space, **asked)
            else:
                found = compare_spaces(opened, _two(spaces), **asked)
        if to is not None:
            with err.status("Drawing the report …"):
                write_report(found, opened, to)
        return found.to_dict()


def _two(spaces: str) -> tuple[str, str]:
    from holotype.index.errors import UsageError

    names = [name.strip() for name in spaces.split(",")]
    if len(names) != 2:
        raise UsageError(f"--spaces is '{spaces}'; name two spaces, for example base,tuned")
    return names[0], names[1]
