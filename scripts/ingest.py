"""`holotype ingest`: pictures into a collection."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import JsonFlag, err, out, print_json, progress

if TYPE_CHECKING:
    from holotype.index.ingest import IngestReport
    from holotype.index.manifest import Problem

_SHOWN = 20


def ingest(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of pictures (root/species/*.jpg or root/category/species/*.jpg), "
            "or a CSV, TSV or Parquet manifest with a column 'path'.",
            show_default=False,
        ),
    ],
    to: Annotated[
        Path, typer.Option(help="The collection's folder; made if need be.", show_default=False)
    ],
    encoder: Annotated[
        str,
        typer.Option(
            help="bundled, timm:MODEL, open_clip:MODEL/WEIGHTS, hf-hub:ORG/MODEL, "
            "local-dir:FOLDER or checkpoint:FOLDER."
        ),
    ] = "bundled",
    space: Annotated[str, typer.Option(help="The name under which the vectors are kept.")] = "base",
    views: Annotated[
        int,
        typer.Option(
            min=1,
            max=3,
            help="Views averaged into one vector: 1 the whole picture; 2 and its centre; "
            "3 and its mirror image (not where handedness matters).",
        ),
    ] = 1,
    strict: Annotated[bool, typer.Option(help="Store nothing if any row has an error.")] = False,
    copy_images: Annotated[
        bool, typer.Option(help="Keep a copy of every picture in the collection.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Check, embed and store pictures. Interrupted, it resumes where it was."""
    report = run_ingest(
        source,
        to,
        encoder=encoder,
        space=space,
        views=views,
        strict=strict,
        copy_images=copy_images,
    )
    if as_json:
        print_json(report.to_dict())
        return
    show_problems(report.problems)
    rate = f" at {report.embedded / report.seconds:.0f} images/s" if report.embedded else ""
    out.print(
        f"Stored {report.embedded} new pictures in space '{report.space}' of {to}{rate}; "
        f"{report.unchanged} were there already.",
        highlight=False,
        soft_wrap=True,
    )


def run_ingest(
    source: Path,
    to: Path,
    *,
    encoder: str = "bundled",
    space: str = "base",
    views: int = 1,
    strict: bool = False,
    copy_images: bool = False,
) -> IngestReport:
    """Ingest with progress bars on stderr."""
    from holotype.index.collection import Collection
    from holotype.index.encoders import accelerated, load_encoder
    from holotype.index.ingest import ingest as run
    from holotype.index.manifest import Manifest

    manifest = Manifest.read(source)
    loaded = accelerated(load_encoder(encoder, views=views))
    with (
        Collection.create(to) as collection,
        progress("Checking ") as on_check,
        progress("Embedding") as on_embed,
    ):
        return run(
            manifest,
            collection,
            loaded,
            space=space,
            strict=strict,
            copy_images=copy_images,
            on_check=on_check,
            on_embed=on_embed,
        )


def show_problems(problems: list[Problem]) -> None:
    """List the rows that were left out, and those that need attention, on stderr."""
    for problem in problems[:_SHOWN]:
        colour = "red" if problem.severity == "error" else "yellow"
        err.print(f"[{colour}]{problem.severity}[/{colour}]", end=" ")
        err.print(str(problem), markup=False, highlight=False, soft_wrap=True)
    if len(problems) > _SHOWN:
        err.print(f"… and {len(problems) - _SHOWN} more; --json lists them all")
