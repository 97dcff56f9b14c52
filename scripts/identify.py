"""`holotype identify`: what is this specimen?"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import FILTERS, CollectionOption, JsonFlag, SpaceOption, out, print_json

if TYPE_CHECKING:
    from holotype.index.identification.identify import Answer


def identify(
    images: Annotated[
        list[Path], typer.Argument(help="Pictures, one specimen each.", show_default=False)
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
    as_json: JsonFlag = False,
) -> None:
    """Identify specimens: the lowest rank that is sure enough, or "unknown", with the evidence."""
    from holotype.index.collection import Collection
    from holotype.index.identification.identify import identify_all
    from holotype.index.pictures.reading import read_bytes
    from holotype.index.runtime import worker_count
    from holotype.index.search.search import encoder_of

    for image in images:
        read_bytes(image)  # a wrong path is told before an encoder is loaded
    with Collection.open(collection) as opened:
        encoder = encoder_of(opened.space(space), threads=worker_count())
        groups = [images] if same_specimen else [[image] for image in images]
        answers = identify_all(
            opened, encoder, groups, space=space, risk=risk, prior=prior, only=only or (), k=k
        )
    if as_json:
        found = [answer.to_dict() for answer in answers]
        print_json(found[0] if len(found) == 1 else found)
        return
    for answer in answers:
        show_answer(answer)
    show_note(answers, collection)


def show_note(answers: Sequence[Answer], collection: Path) -> None:
    """Print what to bear in mind about the figures of answers, once."""
    from holotype.index.identification.answers import in_words

    notes = (note for answer in answers for note in in_words(answer).about_figures)
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
    for hit in answer.neighbours[:5]:
        image = hit.image
        table.add_row(f"{hit.score:.3f}", image.lineage[-1], image.specimen_id)
    out.print(table)
