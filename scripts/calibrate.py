"""`holotype calibrate`: how sure may an answer be?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from .console import (
    CollectionArgument,
    InterruptionError,
    JsonFlag,
    SpaceOption,
    out,
    percentage,
    print_json,
)

if TYPE_CHECKING:
    from holotype.index.collection import Collection


def calibrate(
    collection: CollectionArgument,
    space: SpaceOption = None,
    seed: int = typer.Option(0, help="Seed of the folds."),
    as_json: JsonFlag = False,
) -> None:
    """Fit confidence at every rank on specimens and species that are left out in turn.

    Until it is done, and where it is interrupted, the collection stays as it is. Repeat it after
    adding pictures or naming specimens; answers say when it is due.
    """
    from holotype.index.collection import Collection

    with Collection.open(collection) as opened:
        found = run_calibration(opened, space=space, seed=seed)
    if as_json:
        print_json(found)
        return
    out.print(
        f"Calibrated at {', '.join(found['ranks'])} in {found['seconds']} s; identify uses it from "
        "now on.",
        highlight=False,
        soft_wrap=True,
    )


def run_calibration(
    collection: Collection, *, space: str | None = None, seed: int = 0
) -> dict[str, Any]:
    """Calibrate a collection and show how far it is."""
    from holotype.training.spaces import calibrate_space

    try:
        with percentage("Calibrating") as update:
            return calibrate_space(collection, space=space, seed=seed, progress=update)
    except KeyboardInterrupt:
        raise InterruptionError(f"Interrupted; {collection.folder} is as it was before.") from None
