"""`holotype demo`: the whole story in a minute, then the page."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .calibrate import run_calibration
from .console import err, out, print_labelled, progress
from .evaluation.command import measured
from .evaluation.recall_tables import show_recall
from .identify import show_answer, show_note
from .ingest import run_ingest, show_problems

if TYPE_CHECKING:
    from holotype.index.collection import Collection
    from holotype.index.storage.records import Image

_SHOWN = 4


def demo(
    source: Annotated[
        Path | None,
        typer.Argument(
            help="Your own folder or manifest; by default shells are drawn.", show_default=False
        ),
    ] = None,
    to: Annotated[Path, typer.Option(help="Folder for what the demo makes.")] = Path(
        "holotype-demo"
    ),
    serve: Annotated[bool, typer.Option(help="Serve the page at the end.")] = True,
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 8000,
    views: Annotated[
        int | None,
        typer.Option(min=1, max=3, help="Views averaged per picture.", show_default=False),
    ] = None,
) -> None:
    """Make a collection, embed it, prove how good it is, identify specimens, serve the page.

    Repeated, it resumes: what is drawn and embedded is not done again.
    """
    if source is None:
        _step(1, "Drawing shells from Raup's model of coiling")
        source = _draw(to / "shells")
    else:
        _step(1, f"Taking {source}")
    collection = to / "collections" / _folder_name(source)
    _step(2, f"Embedding the pictures into {collection}")
    report = run_ingest(source, collection, views=views)
    show_problems(report.problems)
    out.print(f"  {report.embedded} embedded, {report.unchanged} there already", highlight=False)
    _step(3, "Asking every specimen what it is, the others answering")
    reports = to / "reports" / collection.name
    show_recall(measured(collection, "leave-one-out", {"space": None}, reports))
    out.print(f"  Report with pictures: {reports / 'report.html'}", highlight=False, soft_wrap=True)
    _step(4, "Calibrating: how sure may an answer be?")
    _calibrate(collection)
    _step(5, "Identifying held-out specimens, each with its evidence")
    _identify_some(collection)
    if serve:
        _step(6, "Serving the page; Ctrl-C ends")
        from holotype.service.server import serve as run

        run(collection, port=port)
    else:
        out.print()
        out.print(f"The page: holotype serve {collection}", highlight=False, soft_wrap=True)


def _step(number: int, what: str) -> None:
    err.print()
    print_labelled(f"{number}.", "bold", what)


def _draw(folder: Path) -> Path:
    from .synthetic import write_collection

    with progress("Drawing  ") as update:
        return write_collection(folder, progress=update)


def _folder_name(source: Path) -> str:
    """Return a readable name that differs for sources of one name in different places."""
    place = source.resolve()
    label = place.parent.name if place.stem == "manifest" else place.stem
    return f"{label}-{hashlib.sha256(str(place).encode()).hexdigest()[:6]}"


def _calibrate(folder: Path) -> None:
    """Calibrate a collection where that is due and possible."""
    from holotype.index.collection import Collection
    from holotype.index.errors import UsageError
    from holotype.index.identification.kept_calibration import kept_calibration

    with Collection.open(folder) as collection:
        kept = kept_calibration(collection, collection.gallery())
        if kept is not None and not kept.stale:
            out.print(f"  Calibrated already, {kept.created_at}", highlight=False)
            return
        try:
            found = run_calibration(collection)
        except UsageError as error:  # a few pictures are a demo too
            out.print(f"  {error}", highlight=False, soft_wrap=True)
            return
        out.print(f"  At {', '.join(found['ranks'])}, in {found['seconds']} s", highlight=False)


def _identify_some(folder: Path) -> None:
    """Identify a few specimens; a test split asks the training images, else all other specimens."""
    from holotype.index.collection import Collection
    from holotype.index.identification.identify import identify
    from holotype.index.search.search import encoder_of

    with Collection.open(folder) as collection:
        encoder = encoder_of(collection.space())
        images = _held_out(collection)
        only = ("split=train",) if images and images[0].split == "test" else ()
        answers = []
        for image in images:
            path = collection.picture_path(image)
            truth = f"{image.image_id} (labelled {image.lineage[-1] or 'nothing'})"
            answers.append(identify(collection, encoder, [path], name=truth, only=only, k=5))
            show_answer(answers[-1])
        show_note(answers, folder)


def _held_out(collection: Collection) -> list[Image]:
    """Return images of different species, spread over the collection."""
    named = [image for image in collection.images() if image.lineage[-1]]
    splits = {image.split for image in named}
    if {"train", "test"} <= splits:
        named = [image for image in named if image.split == "test"]
    first = list({image.lineage[-1]: image for image in reversed(named)}.values())
    return first[:: max(1, len(first) // _SHOWN)][:_SHOWN]
