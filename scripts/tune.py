"""`holotype tune`: a better space in seconds."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from .console import FILTERS, CollectionArgument, JsonFlag, SpaceOption, err, out, print_json


def tune(
    collection: CollectionArgument,
    name: Annotated[str, typer.Option("--as", help="What the tuned space is called.")] = "tuned",
    space: SpaceOption = None,
    where: Annotated[
        list[str] | None,
        typer.Option(help="Learn from these images only, e.g. split=train. " + FILTERS),
    ] = None,
    as_json: JsonFlag = False,
) -> None:
    """Learn from the labels which differences matter, without a GPU and without new embeddings.

    The method is chosen by cross-validation inside the images that are learned from. The result is
    a space of its own name, which identify, search, eval and export take with --space.
    """
    from holotype.index.collection import Collection
    from holotype.training.spaces import tune_space

    with Collection.open(collection) as opened, err.status("Tuning …"):
        found = tune_space(opened, space=space, name=name, where=where or ())
    if as_json:
        print_json(found)
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    for column in ("tried", "power", "known species @1", "unseen species @1"):
        table.add_column(column, justify="left" if column == "tried" else "right")
    for trial in found["trials"]:
        style = "bold" if trial == found["chosen"] else None
        row = (
            trial["recipe"],
            f"{trial['exponent']:g}",
            f"{trial['known_recall_at_1']:.3f}",
            f"{trial['unseen_recall_at_1']:.3f}",
        )
        table.add_row(*row, style=style)
    out.print(table)
    out.print(
        f"Space '{found['space']}' ({found['dim']} dimensions) was tuned from "
        f"'{found['tuned_from']}' on {found['images']} images in {found['seconds']} s with "
        f"{found['chosen']['recipe']}.",
        highlight=False,
        soft_wrap=True,
    )
