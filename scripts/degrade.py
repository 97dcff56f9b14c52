"""`python -m holotype.scripts.degrade`: a manifest's pictures as a second imaging set-up."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .console import JsonFlag, one_sentence, out, print_json, progress
from .ingest import show_problems

if TYPE_CHECKING:
    from holotype.eval.set_ups.simulated import SecondSetup


def degrade(
    source: Annotated[
        Path,
        typer.Argument(help="A folder or manifest, as ingest takes it.", show_default=False),
    ],
    to: Annotated[Path, typer.Option("--out", help="Folder for the copies.", show_default=False)],
    seed: Annotated[int, typer.Option(min=0, help="Of the noise.")] = 0,
    as_json: JsonFlag = False,
) -> None:
    """Copy every picture as a poor camera sees it, and write a manifest with both set-ups.

    72 px on the long side, blur, a colour cast, noise, JPEG quality 35. The manifest has two rows
    a picture, of one specimen, and a column 'imaging': clean or degraded.
    """
    made = run_degrade(source, to, seed=seed)
    if as_json:
        print_json(made.to_dict())
        return
    show_problems(made.problems)
    out.print(
        f"Degraded {made.pictures} pictures; both set-ups are in {made.manifest}",
        highlight=False,
        soft_wrap=True,
    )


def run_degrade(source: Path, to: Path, *, seed: int = 0) -> SecondSetup:
    """Degrade with a progress bar on stderr."""
    from holotype.eval.set_ups.simulated import add_second_setup
    from holotype.index.manifests.manifest import Manifest

    with progress("Degrading") as on_picture:
        return add_second_setup(Manifest.read(source), to, seed=seed, on_picture=on_picture)


if __name__ == "__main__":
    with one_sentence():
        typer.run(degrade)
