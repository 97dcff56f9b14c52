"""`holotype identify`: what is this specimen?"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import (
    FILTERS,
    CollectionOption,
    InterruptionError,
    JsonFlag,
    SpaceOption,
    err,
    out,
    print_json,
    print_labelled,
    progress,
)

if TYPE_CHECKING:
    from holotype.index.collection import Collection
    from holotype.index.identification.identify import Answer, Options
    from holotype.index.identification.many.outcomes import Outcome
    from holotype.index.identification.many.specimen_list import SpecimenList

    from .answers.output import AnswerFiles, AnswerWriter


def identify(
    pictures: Annotated[
        list[str],
        typer.Argument(
            help="Pictures, folders of them, manifests (CSV, TSV or Parquet with a column 'path'; "
            "rows of one 'specimen_id' show one specimen) and patterns such as 'trip/*.jpg'.",
            show_default=False,
        ),
    ],
    collection: CollectionOption,
    k: Annotated[int, typer.Option(min=1, help="Neighbours to show as evidence.")] = 10,
    space: SpaceOption = None,
    risk: Annotated[
        float, typer.Option(help="Share of given answers that may be wrong: 0.05 asks for 95 %.")
    ] = 0.05,
    prior: Annotated[
        float,
        typer.Option(help="Share of specimens expected to be of species the gallery lacks."),
    ] = 0.2,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Compare with these only, e.g. family=Noctuidae. " + FILTERS),
    ] = None,
    same_specimen: Annotated[
        bool, typer.Option(help="All the pictures show one specimen: give one answer.")
    ] = False,
    table: Annotated[
        Path | None,
        typer.Option("--csv", help="Write a row a specimen to this file.", show_default=False),
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(
            "--html",
            help="Write a page to this file: small pictures, the most doubtful first, beside each "
            "its nearest neighbours (at most 5).",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace files of --csv and --html that are there.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Identify specimens: the lowest rank that is sure enough, or "unknown", with the evidence.

    A picture that cannot be used is named on stderr, the others are answered, and the exit code is
    1. With --json, one picture gives an object; several, a folder, a manifest or a pattern a list.
    """
    from holotype.index.collection import Collection
    from holotype.index.identification.many.specimen_list import specimens_of

    from .answers.output import AnswerFiles

    options: Options = {"space": space, "risk": risk, "prior": prior, "only": only or (), "k": k}
    files = AnswerFiles(table, sheet, overwrite)
    files.require_new()
    asked = specimens_of(pictures, same_specimen=same_specimen)
    files.require_apart(collection, [*pictures, *asked.files])
    _require_usable(asked)
    with Collection.open(collection) as opened:
        show = _show(asked, files, collection, as_json=as_json)
        written = _written(opened, asked, files, show, options)
    show.close()
    if files.named:
        _summarise(written, files)
    if written.refused:
        raise typer.Exit(1)


def _require_usable(asked: SpecimenList) -> None:
    """Refuse a single question that nothing can answer, before an encoder is loaded."""
    from holotype.index.pictures.inputs import named_file
    from holotype.index.pictures.reading import read_bytes
    from holotype.index.search.search import require_few_pictures

    if asked.single:
        (specimen,) = asked.specimens
        require_few_pictures(len(specimen.pictures))
        if len(specimen.pictures) == 1:
            read_bytes(Path(named_file(specimen.pictures[0])))


def _written(
    collection: Collection, asked: SpecimenList, files: AnswerFiles, show: _Show, options: Options
) -> AnswerWriter:
    """Answer, and give every answer to all that want it."""
    from holotype.index.identification.many.batches import identify_each
    from holotype.index.runtime import worker_count
    from holotype.index.search.search import encoder_of

    from .answers.output import AnswerWriter

    encoder = encoder_of(collection.space(options["space"]), threads=worker_count())
    total = len(asked.specimens)
    with AnswerWriter(files, collection, show.add) as writer:
        try:
            for note in asked.notes:
                print_labelled("Note:", "yellow", note)
            for outcome in asked.passed_over:
                writer.add(outcome)
            outcomes = identify_each(
                collection, encoder, asked.specimens, thumbnail_side=files.thumbnail_side, **options
            )
            with _watched(asked, files) as update:
                for done, outcome in enumerate(outcomes, 1):
                    writer.add(outcome)
                    update(done, total)
        except KeyboardInterrupt:
            kept = f"; {files.table} has their answers" if files.table else ""
            raise InterruptionError(
                f"Interrupted after {writer.specimens} of {total} specimens{kept}."
            ) from None
    return writer


def _watched(
    asked: SpecimenList, files: AnswerFiles
) -> AbstractContextManager[Callable[..., None]]:
    """Show how far a long identification is, where the answers themselves do not show it."""
    if len(asked.specimens) == 1 or (sys.stdout.isatty() and not files.named):
        return nullcontext(lambda done, total: None)
    return progress("Identifying", "specimens")


class _Show:
    """Shows nothing but what could not be used."""

    label = "Not used:"

    def add(self, outcome: Outcome) -> None:
        """Show what became of a specimen."""
        for refusal in outcome.refused:
            own = outcome.specimen.specimen_id
            reason = f"{refusal.reason} (specimen {own})" if own else refusal.reason
            print_labelled(self.label, "red", reason)

    def close(self) -> None:
        """Show what is told once, at the end."""


class _ShowPeople(_Show):
    """Shows answers and their evidence for people."""

    def __init__(self, collection: Path) -> None:
        self._collection = collection
        self._notes: dict[str, None] = {}

    def add(self, outcome: Outcome) -> None:
        from holotype.index.identification.answers import in_words

        super().add(outcome)
        if outcome.answer is not None:
            show_answer(outcome.answer)
            self._notes |= dict.fromkeys(in_words(outcome.answer).about_figures)

    def close(self) -> None:
        _print_notes(self._notes, self._collection)


class _ShowList(_Show):
    """Writes answers as a JSON list."""

    def __init__(self) -> None:
        from .answers.output import JsonList

        self._list = JsonList()

    def add(self, outcome: Outcome) -> None:
        super().add(outcome)
        for entry in outcome.entries():
            self._list.add(entry)

    def close(self) -> None:
        self._list.close()


class _ShowObject(_Show):
    """Writes one answer as a JSON object."""

    def add(self, outcome: Outcome) -> None:
        super().add(outcome)
        if outcome.answer is not None:
            print_json(outcome.answer.to_dict())


def _show(asked: SpecimenList, files: AnswerFiles, collection: Path, *, as_json: bool) -> _Show:
    """Return what shows answers in the way that is asked for."""
    if as_json:
        made: _Show = _ShowObject() if asked.single else _ShowList()
    else:
        made = _Show() if files.named else _ShowPeople(collection)
    if asked.single:
        made.label = "Error:"
    return made


def _summarise(written: AnswerWriter, files: AnswerFiles) -> None:
    """Say on stderr how many answers there are, and where."""
    ranks = ", ".join(f"{count} {rank}" for rank, count in written.ranks.items())
    counts = f"{written.answered} answered ({ranks})" if ranks else "None answered"
    pictures = "1 picture" if written.refused == 1 else f"{written.refused} pictures"
    refused = f", {pictures} not used" if written.refused else ""
    places = " and ".join(map(str, files.named))
    err.print(f"{counts}{refused}: {places}", highlight=False, soft_wrap=True)


def show_note(answers: Iterable[Answer], collection: Path) -> None:
    """Print what to bear in mind about the figures of answers, once."""
    from holotype.index.identification.answers import in_words

    _print_notes((n for answer in answers for n in in_words(answer).about_figures), collection)


def _print_notes(notes: Iterable[str], collection: Path) -> None:
    for note in dict.fromkeys(notes):
        command = f"'holotype calibrate {shlex.quote(str(collection))}'"
        told = note.replace("'holotype calibrate'", command)
        out.print()
        out.print(told, style="yellow", soft_wrap=True, highlight=False)


def show_answer(answer: Answer) -> None:
    """Print an answer and its evidence for people."""
    from rich.table import Table

    from holotype.index.identification.answers import in_words

    said = in_words(answer)
    out.print()
    out.print(answer.image, soft_wrap=True, highlight=False)
    if answer.unknown:
        out.print(f"  {said.name}", style="bold yellow", highlight=False)
    else:
        style = "bold italic green" if said.rank in ("genus", "species") else "bold green"
        out.print(f"  {said.name}", style=style, end=" ", soft_wrap=True, highlight=False)
        out.print(f"{said.rank}, {said.sure}", highlight=False)
    for line in filter(None, (said.why, said.novelty)):
        out.print(f"  {line}", style="dim", soft_wrap=True, highlight=False)
    for line in said.notes:
        out.print(f"  {line}", style="yellow", soft_wrap=True, highlight=False)
    if not answer.neighbours:
        return
    table = Table(box=None, padding=(0, 2), show_edge=False)
    table.add_column("cosine", justify="right")
    table.add_column("species", style="italic")
    table.add_column("specimen", overflow="fold")
    for hit in answer.neighbours:
        image = hit.image
        table.add_row(f"{hit.score:.3f}", image.lineage[-1], image.specimen_id)
    out.print(table)
