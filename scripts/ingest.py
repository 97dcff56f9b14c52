"""`holotype ingest`: pictures into a collection."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import (
    JsonFlag,
    LevelsOption,
    StoreOption,
    goes_on_when_repeated,
    out,
    print_json,
    print_labelled,
    progress,
)

if TYPE_CHECKING:
    from holotype.index.ingest.pictures import IngestReport
    from holotype.index.manifests.problems import Problem


def ingest(
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of pictures (root/species/*.jpg or root/category/species/*.jpg; other "
            "trees with --levels), a manifest (CSV, TSV, text or Parquet) with a column 'path', or "
            "vectors: Parquet with a column 'embedding', or a folder of such files.",
            show_default=False,
        ),
    ],
    to: Annotated[
        Path, typer.Option(help="The collection's folder; made if need be.", show_default=False)
    ],
    encoder: Annotated[
        str | None,
        typer.Option(
            help="bundled:320, bundled, bundled:large, timm:MODEL, open_clip:MODEL/WEIGHTS, "
            "hf-hub:ORG/MODEL, local-dir:FOLDER or checkpoint:FOLDER; for vectors, the name of "
            "what made them, where the file does not say. By default that of the space, and "
            "bundled:320 for a new one.",
            show_default=False,
        ),
    ] = None,
    space: Annotated[str, typer.Option(help="The name under which the vectors are kept.")] = "base",
    views: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=3,
            help="Views averaged into one vector: 1 the whole picture; 2 and its centre; "
            "3 and its mirror image (not where handedness matters). By default as the space has "
            "them; of a new one 2 with bundled:320 and bundled:large, else 1.",
            show_default=False,
        ),
    ] = None,
    strict: Annotated[
        bool, typer.Option(help="Store nothing if any row has an error or any file is left out.")
    ] = False,
    levels: LevelsOption = "",
    column: Annotated[
        list[str] | None,
        typer.Option(
            help="Which column of the manifest is what, such as species=label; with nothing after "
            "the =, none is. Repeatable.",
            show_default=False,
        ),
    ] = None,
    copy_images: Annotated[
        bool, typer.Option(help="Keep a copy of every picture in the collection.")
    ] = False,
    into_existing: Annotated[
        bool,
        typer.Option(
            "--into-existing", help="Make the collection in a folder that holds other files."
        ),
    ] = False,
    pictures: Annotated[
        list[Path] | None,
        typer.Option(
            help="For vectors: a folder of the pictures that the rows name, besides the table's "
            "own; pictures elsewhere are never opened. Repeatable.",
            show_default=False,
        ),
    ] = None,
    store: StoreOption = "",
    as_json: JsonFlag = False,
) -> None:
    """Check, embed and store pictures, or store vectors. Interrupted, it resumes where it was."""
    from holotype.index.database.own_folder import check_place
    from holotype.index.errors import UsageError
    from holotype.index.manifests.vector_file import holds_vectors

    check_place(to, into_existing=into_existing)  # before the long work
    vectors = holds_vectors(source)
    if pictures and not vectors:
        raise UsageError("--pictures is for vectors; name the folder of pictures as the source")
    if vectors and (levels or column):
        raise UsageError(
            "--levels and --column are for pictures; vectors have columns of their own"
        )
    told = Told()
    report = (
        run_load(
            source,
            to,
            encoder=encoder,
            space=space,
            strict=strict,
            pictures=pictures or [],
            store=store,
            into_existing=into_existing,
        )
        if vectors
        else run_ingest(
            source,
            to,
            encoder=encoder,
            space=space,
            views=views,
            strict=strict,
            copy_images=copy_images,
            store=store,
            into_existing=into_existing,
            levels=split_levels(levels),
            columns=dict(map(_column, column or [])),
            on_read=None if as_json else told.show,
        )
    )
    if as_json:
        print_json(report.to_dict())
        return
    told.show(report.problems)
    what, unit = ("vectors", "rows") if vectors else ("new pictures", "images")
    rate = f" at {report.embedded / report.seconds:.0f} {unit}/s" if report.embedded else ""
    rate += f" on {report.device} in {report.precision}" if report.device not in ("", "cpu") else ""
    out.print(
        f"Stored {report.embedded} {what} in space '{report.space}' of {to}{rate}; "
        f"{report.unchanged} were there already{_left_out(report)}.",
        highlight=False,
        soft_wrap=True,
    )
    for sentence in report.corrections.sentences():
        out.print(sentence, highlight=False, soft_wrap=True)


def _left_out(report: IngestReport) -> str:
    """Return how many rows and files were left out, and for which reasons, where any were."""
    by_reason: dict[str, int] = report.to_dict()["left_out_by_reason"]
    if not by_reason:
        return ""
    reasons = ", ".join(f"{reason}: {count}" for reason, count in by_reason.items())
    left = f"; {sum(by_reason.values())} left out ({reasons})"
    if report.left_as_stored:
        left += f", {report.left_as_stored} of these pictures stay as they were stored before"
    return left


def _column(said: str) -> tuple[str, str]:
    """Return (column, the table's name for it) of what the user said."""
    from holotype.index.errors import UsageError

    column, equals, name = said.partition("=")
    if not equals:
        raise UsageError(f"--column '{said}' is not understood; write it as species=label")
    return column.strip().lower(), name.strip()


def run_ingest(
    source: Path,
    to: Path,
    *,
    encoder: str | None = None,
    space: str = "base",
    views: int | None = None,
    strict: bool = False,
    copy_images: bool = False,
    store: str = "",
    into_existing: bool = False,
    levels: Sequence[str] = (),
    columns: Mapping[str, str] | None = None,
    on_read: Callable[[list[Problem]], None] | None = None,
) -> IngestReport:
    """Ingest with progress bars on stderr.

    Args:
        on_read: called with what reading the source found, before the long work.
    """
    from holotype.index.collection import Collection
    from holotype.index.ingest.chosen_encoder import encoder_for
    from holotype.index.ingest.pictures import ingest as run
    from holotype.index.manifests.manifest import Manifest

    manifest = Manifest.read(source, levels=levels, columns=columns)
    if on_read:
        on_read(manifest.problems)
    loaded = encoder_for(to, space, encoder, views)
    with (
        goes_on_when_repeated(),
        Collection.create(to, store=store, into_existing=into_existing) as collection,
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


def run_load(
    source: Path,
    to: Path,
    *,
    encoder: str | None,
    space: str,
    strict: bool,
    pictures: list[Path],
    store: str = "",
    into_existing: bool = False,
) -> IngestReport:
    """Load vectors with a progress bar on stderr."""
    from holotype.index.collection import Collection
    from holotype.index.ingest.vectors import load_vectors

    with (
        goes_on_when_repeated(),
        Collection.create(to, store=store, into_existing=into_existing) as collection,
        progress("Loading", unit="rows") as on_load,
    ):
        return load_vectors(
            source,
            collection,
            space=space,
            encoder=encoder,
            strict=strict,
            pictures=pictures,
            on_load=on_load,
        )


def split_levels(levels: str) -> list[str]:
    """Return the levels of folders that `--levels` names."""
    return [level.strip() for level in levels.split(",")] if levels else []


class Told:
    """Shows problems once each, some before others are known."""

    def __init__(self) -> None:
        self._shown: set[tuple[int, str]] = set()  # paths may be told otherwise later

    def show(self, problems: list[Problem]) -> None:
        """Show those that were not shown yet, see `show_problems`."""
        show_problems([one for one in problems if (one.row, one.message) not in self._shown])
        self._shown.update((one.row, one.message) for one in problems)


def show_problems(problems: list[Problem]) -> None:
    """Show what was left out, and what needs attention, on stderr: the first few of a reason."""
    from holotype.index.manifests.problems import in_short

    for severity, text in in_short(problems):
        print_labelled(severity, "red" if severity == "error" else "yellow", text)
