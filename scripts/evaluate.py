"""`holotype eval`: how good is this collection at finding the right taxon?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, err, out, print_json

if TYPE_CHECKING:
    from holotype.eval.evaluation import Evaluation
    from holotype.eval.spaces import SpaceComparison


def evaluate(
    collection: CollectionArgument,
    space: SpaceOption = None,
    query: Annotated[
        list[str] | None, typer.Option(help="Images that ask, e.g. split=test. Repeatable.")
    ] = None,
    gallery: Annotated[
        list[str] | None, typer.Option(help="Images that answer, e.g. split=train. Repeatable.")
    ] = None,
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
        honesty = _run_identification(
            collection, space=space, risk=risk, prior=prior, **asked, **draws
        )
        print_json(honesty) if as_json else show_identification(honesty)
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


def _run_identification(folder: Path, **asked: Any) -> dict[str, Any]:
    from holotype.eval.honesty import evaluate_honesty
    from holotype.index.collection import Collection

    with Collection.open(folder) as opened, err.status("Calibrating and identifying …"):
        return evaluate_honesty(opened, **asked)


def show_identification(found: dict[str, Any]) -> None:
    """Print how honest the answers are: means over the seeds."""
    mean = found["mean"]
    rows = (
        ("known specimens with a right answer at some rank", mean["known_right_at_some_rank"]),
        ("given answers that are right, at the stated prior", mean["given_answers_right"]),
        ("novel specimens given a species", mean["over_commitment"]),
        ("AUROC of known against novel", mean["novelty"]["auroc"]),
        ("coverage at the threshold for kappa .974", mean["selective"]["coverage"]),
        ("kappa there", mean["selective"]["kappa"]),
        ("95 % sets that hold the species", mean["set_coverage"]),
        ("species in a set", mean["set_size"]),
    )
    for what, value in rows:
        out.print(f"{_figure(value):>8}  {what}", highlight=False)
    for rank, error in mean["ece_known"].items():
        mixed = mean["ece_open"].get(rank)
        out.print(
            f"{_figure(error):>8}  calibration error at {rank}, known specimens"
            f" ({_figure(mixed)} with novel ones at the stated prior)",
            highlight=False,
        )
    out.print(f"{len(found['runs'])} draw(s); --json has each, with intervals", highlight=False)


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
    from holotype.eval.evaluation import evaluate as run
    from holotype.eval.report import write_report
    from holotype.eval.spaces import compare_spaces
    from holotype.index.collection import Collection

    asked: dict[str, Any] = {
        "query": query or (),
        "gallery": gallery or (),
        "allow_leak": allow_leak,
    }
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


def show_leaks(found: dict[str, Any]) -> None:
    """Print recall@1 with and without what crosses the split."""
    for rank, inflated in found["recall_at_1_with_leaks"].items():
        clean = found["ranks"][rank]["recall"]["1"]["micro"]
        out.print(
            f"{rank}: recall@1 {_figure(clean)}; it would have seemed {_figure(inflated)} with the "
            "specimens and copies that cross the split",
            highlight=False,
            soft_wrap=True,
        )


def show_comparison(found: dict[str, Any]) -> None:
    """Print what the second space gains over the first."""
    if "comparison" not in found:
        return
    before, after = (each["space"]["name"] for each in found["spaces"])
    rank, change = list(found["comparison"].items())[-1]
    gain = change["gain_over_taxa"]
    out.print(
        f"{rank}: {before} {_figure(change['before']['micro'])} → {after} "
        f"{_figure(change['after']['micro'])}, gain {_figure(gain['estimate'])} "
        f"({_figure(gain['low'])}–{_figure(gain['high'])} over taxa), "
        f"{change['fewer_errors'] or 0:.0%} fewer errors, {change['fixes']} fixed, "
        f"{change['breaks']} broken (McNemar p = {change['p']:.2g})",
        highlight=False,
        soft_wrap=True,
    )
    for title, key in (("most improved", "most_improved"), ("most worsened", "most_worsened")):
        named = ", ".join(f"{row['taxon']} {row['gain']:+.2f}" for row in change[key][:5])
        out.print(f"  {title}: {named or 'none'}", highlight=False, soft_wrap=True)


def show_recall(found: dict[str, Any]) -> None:
    """Print recall at every rank as a table."""
    from rich.table import Table

    protocol = found["protocol"]
    out.print(
        f"{found['n']} queries against {protocol['n_gallery']} gallery images, "
        f"{protocol['name']}, own specimens excluded",
        highlight=False,
    )
    table = Table(box=None, padding=(0, 2))
    for name in ("rank", "recall@1", "95 % interval", "@5", "@10", "macro @1", "n"):
        table.add_column(name, justify="left" if name == "rank" else "right", no_wrap=True)
    for rank, row in found["ranks"].items():
        recall, interval = row["recall"], row["recall_at_1_interval"]
        table.add_row(
            rank,
            _figure(recall["1"]["micro"]),
            f"{_figure(interval['low'])}–{_figure(interval['high'])}",
            _figure(recall["5"]["micro"]),
            _figure(recall["10"]["micro"]),
            _figure(recall["1"]["macro"]),
            str(row["n_answerable"]),
        )
    out.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
