"""`holotype map`: where specimens lie among the others, as a figure or as a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .console import (
    FILTERS,
    CollectionArgument,
    JsonFlag,
    SpaceOption,
    err,
    out,
    print_json,
    print_labelled,
)

if TYPE_CHECKING:
    from holotype.index.arrays import Allowed
    from holotype.index.collection import Collection
    from holotype.index.morphospace.morphospace import Morphospace

_TABLE = ".parquet"


def draw_map(
    collection: CollectionArgument,
    space: SpaceOption = None,
    method: Annotated[str, typer.Option(help="umap, or pca: the principal axes.")] = "umap",
    colour: Annotated[
        str | None,
        typer.Option(help="A rank or any column; by default the finest rank.", show_default=False),
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Show these only, e.g. category=Moth. " + FILTERS),
    ] = None,
    to: Annotated[
        Path | None,
        typer.Option(
            "--out",
            help="A figure (.svg, .pdf, .png) or a table (.parquet).",
            show_default=False,
        ),
    ] = None,
    shade: Annotated[
        str, typer.Option(help="Under the images: hulls, density, none, or auto.")
    ] = "auto",
    thumbnails: Annotated[
        int, typer.Option(min=0, help="Pictures of so many of the largest groups, by medoid.")
    ] = 0,
    seed: Annotated[
        int | None, typer.Option(help="Another seed, another map.", show_default=False)
    ] = None,
    n_neighbors: Annotated[
        int | None,
        typer.Option(help="Of UMAP: images that each is held to; 15.", show_default=False),
    ] = None,
    min_dist: Annotated[
        float | None,
        typer.Option(help="Of UMAP: how near images may lie; 0.1.", show_default=False),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            help="Fit on so many at most and place the rest; 100,000.", show_default=False
        ),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Make the map even where a kept one serves.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Map a space, keep the map in the collection, and draw or write it.

    A map that is kept is used again, with new images placed among the others, until a tenth of
    them came or went or other parameters are asked for.
    """
    _require_output(to, shade)
    from holotype.index.collection import Collection
    from holotype.index.morphospace.morphospace import morphospace
    from holotype.index.morphospace.parameters import Wanted
    from holotype.index.search.column_reader import read_column
    from holotype.index.search.filters import allowed_places

    wanted = Wanted(method, n_neighbors, min_dist, seed, sample)  # type: ignore[arg-type]
    with Collection.open(collection) as opened:
        gallery = opened.gallery(space)
        if colour is not None:  # refused before the long work
            read_column(opened, gallery, colour)
        allowed_places(opened, gallery, where or ())
        with err.status("Mapping …") as status:
            shown = morphospace(
                opened,
                space=space,
                wanted=wanted,
                anew=anew,
                progress=lambda what, done, total: status.update(_told(what, done, total)),
            )
        allowed = allowed_places(opened, shown.gallery, where or ())
        told = shown.to_dict()
        if to is not None:
            told |= _write(opened, shown, allowed, to, colour, shade, thumbnails)
    if as_json:
        print_json(told)
    else:
        _show(told)


def _told(what: str, done: int, total: int) -> str:
    return f"{what}: {done:,} of {total:,}" if total > 1 else f"{what} …"


def _require_output(to: Path | None, shade: str) -> None:
    """Refuse what cannot be written before the long work."""
    from holotype.index.errors import UsageError
    from holotype.index.morphospace.own_file import refuse_foreign

    endings = (".svg", ".pdf", ".png", _TABLE)
    shades = ("auto", "hulls", "density", "none")
    if shade not in shades:
        raise UsageError(f"--shade is {shade}; it must be one of {', '.join(shades)}")
    if to is None:
        return
    if to.suffix.lower() not in endings:
        raise UsageError(f"--out is {to}; name a file that ends in {', '.join(endings)}")
    if not to.absolute().parent.is_dir():
        raise UsageError(f"--out is {to}; name a file in a folder that exists")
    refuse_foreign(to)


def _write(
    collection: Collection,
    shown: Morphospace,
    allowed: Allowed | None,
    to: Path,
    colour: str | None,
    shade: str,
    thumbnails: int,
) -> dict[str, Any]:
    """Write a figure or a table of a map, and return what is said of it."""
    from holotype.index.morphospace.map_table import map_columns, write_parquet

    if to.suffix.lower() == _TABLE:
        names = list(dict.fromkeys(["specimen_id", *shown.gallery.ranks, *filter(None, [colour])]))
        table = map_columns(collection, shown, names, allowed)
        write_parquet(table, to)
        return {"file": str(to), "shown": table.num_rows}
    from holotype.index.morphospace.figures.drawing import draw_map as draw

    return draw(
        collection, shown, to, allowed=allowed, column=colour, shade=shade, thumbnails=thumbnails
    )


def _show(told: dict[str, Any]) -> None:
    quality, parameters = told["quality"], told["parameters"]
    out.print(
        f"{told['images']:,} images of space '{told['space']}' by {parameters['method']}, seed "
        f"{parameters['seed']}",
        highlight=False,
        soft_wrap=True,
    )
    if quality["trustworthiness"] is not None:
        out.print(
            f"Trustworthiness {quality['trustworthiness']:.3f}, of {quality['k']} neighbours "
            f"{quality['overlap']:.1%} are neighbours in the map too",
            highlight=False,
            soft_wrap=True,
        )
    if "file" in told:
        out.print(f"Wrote {told['file']}", highlight=False, soft_wrap=True)
    for note in told["notes"]:
        print_labelled("Note:", "yellow", note)
