"""`holotype calibrate`: how sure may an answer be?"""

from __future__ import annotations

import typer

from .console import CollectionArgument, JsonFlag, SpaceOption, err, out, print_json


def calibrate(
    collection: CollectionArgument,
    space: SpaceOption = None,
    seed: int = typer.Option(0, help="Seed of the folds."),
    as_json: JsonFlag = False,
) -> None:
    """Fit confidence at every rank on specimens and species that are left out in turn.

    identify and serve do this once by themselves; repeat it after adding pictures.
    """
    from holotype.index.collection import Collection
    from holotype.training.spaces import calibrate_space

    with Collection.open(collection) as opened, err.status("Calibrating …"):
        found = calibrate_space(opened, space=space, seed=seed)
    if as_json:
        print_json(found)
        return
    out.print(
        f"Calibrated at {', '.join(found['ranks'])} in {found['seconds']} s; identify uses it from "
        "now on.",
        highlight=False,
        soft_wrap=True,
    )
