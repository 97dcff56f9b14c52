"""`holotype eval`: how good is this collection at finding the right taxon?"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from holotype.eval.evaluations.protocols import (
    IDENTIFICATION,
    PROTOCOLS,
    chosen,
    options_of,
    takers,
)

from ..console import (
    FILTERS,
    CollectionArgument,
    JsonFlag,
    SpaceOption,
    print_json,
)
from .shown import SHOWN, watching
from .tables import say


def _of(option: str, told: str, **more: Any) -> Any:
    """Return an option that the help shows under the protocols that take it."""
    typed = f"--{option.replace('_', '-')}"
    return typer.Option(typed, help=told, rich_help_panel=f"With {takers(option)}", **more)


class Likeness(StrEnum):
    """How much the degraded copies know of the target's set-up."""

    RANDOM = "random"
    EXACT = "exact"


def evaluate(
    context: typer.Context,
    collection: CollectionArgument,
    protocol: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="; ".join(f"{name}: {each.what}" for name, each in PROTOCOLS.items()) + ".",
            show_default=False,
        ),
    ] = None,
    identification: Annotated[
        bool, typer.Option("--identification", help="The same as --protocol identification.")
    ] = False,
    space: SpaceOption = None,
    to: Annotated[
        Path | None,
        typer.Option("--out", help="Folder for report.json, report.html, per_species.parquet."),
    ] = None,
    as_json: JsonFlag = False,
    query: Annotated[
        list[str] | None, _of("query", "Images that ask, e.g. split=test. " + FILTERS)
    ] = None,
    gallery: Annotated[
        list[str] | None, _of("gallery", "Images that answer, e.g. split=train. Repeatable.")
    ] = None,
    spaces: Annotated[
        str | None, _of("spaces", "Compare two spaces query by query, e.g. base,tuned.")
    ] = None,
    allow_leak: Annotated[
        bool,
        _of(
            "allow_leak",
            "Measure where specimens or copies cross, or the space was fitted on queries: both "
            "figures.",
        ),
    ] = False,
    classifiers: Annotated[
        str | None,
        _of(
            "classifiers",
            "Fitted on each gallery, asked alike; some of knn,knn-tuned,logistic,mlp.",
        ),
    ] = None,
    folds: Annotated[int, _of("folds", "How many.")] = 5,
    group: Annotated[
        str, _of("group", "The column that stays whole, e.g. specimen, date.")
    ] = "specimen",
    site: Annotated[
        str | None,
        _of("site", "The column of sites; by default site, or for learning-curve specimens."),
    ] = None,
    per_taxon: Annotated[
        bool, _of("per_taxon", "Draw so many images of every taxon, not specimens of all.")
    ] = False,
    replicates: Annotated[int, _of("replicates", "Draws of every size.", min=1)] = 5,
    setup: Annotated[str, _of("setup", "The column that tells set-ups apart.")] = "imaging",
    copies: Annotated[
        int, _of("copies", "Degraded copies of each gallery picture; 0: none.", min=0)
    ] = 2,
    simulate: Annotated[
        Likeness,
        _of("simulate", "Another set-up for every copy, or exactly that of the command degrade."),
    ] = Likeness.RANDOM,
    networks: Annotated[
        int,
        _of(
            "networks",
            "Small networks trained on the embeddings, so many of each kind: on the source alone, "
            "and adapted to the target; 0: none.",
            min=0,
        ),
    ] = 0,
    unlabelled: Annotated[
        list[str] | None,
        _of(
            "unlabelled",
            "Images of the target's set-up that remedies adapt to, without labels; by default the "
            "queries. Repeatable.",
        ),
    ] = None,
    seed: Annotated[int, _of("seed", "Of the draws.", min=0)] = 0,
    leave_out: Annotated[
        str | None,
        _of("leave_out", "A rank; a share of its taxa is kept out of the gallery, e.g. species."),
    ] = None,
    share: Annotated[float, _of("share", "With --leave-out: that share.")] = 0.25,
    far: Annotated[list[str] | None, _of("far", "Far novel images, e.g. category=Fish.")] = None,
    seeds: Annotated[int, _of("seeds", "How many draws.", min=1)] = 1,
    risk: Annotated[float, _of("risk", "Accepted share of wrong answers.")] = 0.05,
    prior: Annotated[float, _of("prior", "Stated share of novel specimens.")] = 0.2,
) -> None:
    """Measure recall@1/5/10 at every rank; images of the query's own specimen never count.

    Without options every image asks and all others answer. An option that the protocol does not
    take is refused.
    """
    values = context.params
    sources = ((name, context.get_parameter_source(name)) for name in values)
    given = {name for name, source in sources if source and source.name != "DEFAULT"}
    name = _chosen(protocol, identification=identification, sided=bool(query or gallery))
    figures = measured(collection, name, options_of(name, given, values), to)
    if as_json:
        print_json(figures)
        return
    if "summary" in figures:
        say(figures["summary"])
    SHOWN[name](figures)
    if to is not None:
        say(f"Report: {to / ('report.html' if PROTOCOLS[name].page else 'report.json')}")


def _chosen(named: str | None, *, identification: bool, sided: bool) -> str:
    from holotype.index.errors import UsageError

    if identification and named not in (None, IDENTIFICATION):
        raise UsageError(f"--identification is a protocol of its own; leave out --protocol {named}")
    return chosen(IDENTIFICATION if identification else named, sided=sided)


def measured(
    folder: Path, name: str, options: Mapping[str, Any], to: Path | None = None
) -> dict[str, Any]:
    """Measure under a protocol, showing how far it is; see `evaluations.measured`."""
    from holotype.eval.evaluations.measured import measured as run
    from holotype.eval.evaluations.measured import require_report
    from holotype.index.collection import Collection

    if to is not None:
        require_report(to)
    with Collection.open(folder) as opened, watching(name, options) as watched:
        return run(opened, name, options, to, **watched)
