"""`holotype cluster`: a batch of unnamed pictures becomes candidate species."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .answers.clusters import clustering_lines
from .collection_changes import ByOption
from .console import (
    FILTERS,
    CollectionOption,
    JsonFlag,
    LevelsOption,
    SpaceOption,
    err,
    out,
    print_json,
    print_labelled,
    progress,
)

if TYPE_CHECKING:
    from holotype.index.collection import Collection


def cluster(
    collection: CollectionOption,
    source: Annotated[
        Path | None,
        typer.Argument(
            help="A folder of pictures without names, or a manifest; they are stored in the "
            "collection first.",
            show_default=False,
        ),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Stored images without a species' name, such as split=batch. " + FILTERS),
    ] = None,
    space: SpaceOption = None,
    k: Annotated[
        int | None, typer.Option(help="How many clusters, where that is known.", show_default=False)
    ] = None,
    method: Annotated[
        str, typer.Option(help="How they are found; see docs/clustering.md.")
    ] = "auto",
    seed: Annotated[int, typer.Option(help="The same one gives the same clusters.")] = 0,
    risk: Annotated[
        float, typer.Option(help="Share of what is set aside as known that may be wrong.")
    ] = 0.1,
    prior: Annotated[
        float, typer.Option(help="Share expected to be of species that the gallery lacks.")
    ] = 0.5,
    levels: LevelsOption = "",
    by: ByOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Set aside what the collection knows, and group the rest into candidate species.

    Nothing is named by that: see 'holotype name', 'holotype accept' and 'holotype clusters'.
    """
    import getpass

    from holotype.index.clusters.cluster import cluster as run
    from holotype.index.clusters.cluster import require_options
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError
    from holotype.training.clustering.kept import recipe_for

    if (source is None) == (not where):
        raise UsageError("Give either pictures to store and cluster, or --where for stored ones")
    require_options(risk, prior, k, method, seed)  # before pictures are stored
    with Collection.open(collection) as opened:
        specimens = None if source is None else _stored(opened, source, space, levels)
        with progress("Identifying", unit="specimens") as update:
            found = run(
                opened,
                where=where or [],
                specimens=specimens,
                space=space,
                k=k,
                method=method,
                seed=seed,
                recipe=lambda: recipe_for(opened, space=space, on_fit=_say_fitting),
                risk=risk,
                prior=prior,
                by=by or getpass.getuser(),
                source="" if source is None else str(source),
                progress=update,
            )
    for note in found["parameters"]["notes"]:
        print_labelled("note", "cyan", note)
    if as_json:
        print_json(found)
        return
    _show(found, collection)


def _stored(collection: Collection, source: Path, space: str | None, levels: str) -> list[str]:
    """Store pictures as `holotype ingest` does, without names, and return their specimens."""
    from holotype.index.errors import UsageError
    from holotype.index.ingest.pictures import ingest
    from holotype.index.manifests.manifest import Manifest
    from holotype.index.manifests.vector_file import holds_vectors
    from holotype.index.search.search import encoder_of

    from .ingest import show_problems, split_levels

    if holds_vectors(source):
        raise UsageError(
            f"{source} holds vectors; store them with 'holotype ingest', then cluster with --where"
        )
    target = collection.source(collection.space(space))
    manifest = Manifest.read(source, levels=split_levels(levels), named=False)
    encoder = encoder_of(target)
    with progress("Checking ") as on_check, progress("Embedding") as on_embed:
        report = ingest(
            manifest,
            collection,
            encoder,
            space=target.name,
            on_check=on_check,
            on_embed=on_embed,
        )
    show_problems(report.problems)
    err.print(
        f"Stored {report.embedded} new pictures; {report.unchanged} were there already.",
        highlight=False,
    )
    return report.specimens


def _say_fitting() -> None:
    err.print("Fitting on the named species how species are told apart; it is kept …")


def _show(found: dict[str, Any], collection: Path) -> None:
    for line in clustering_lines(found):
        out.print(line, highlight=False, soft_wrap=True)
    err.print(
        f"See them: holotype clusters list --in {collection} --sheet clusters.png", highlight=False
    )
    first = next(iter(found["clusters"] or found["set_aside"]), None)
    if first is not None:
        err.print(
            f"Name one: holotype name {first['id']} 'Genus epithet' --in {collection}; or take "
            f"its name as it stands: holotype accept {first['id']} --in {collection}",
            highlight=False,
            soft_wrap=True,
        )
