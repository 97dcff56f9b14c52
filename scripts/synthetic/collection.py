"""Write a synthetic collection: a folder of pictures with its manifest."""

from __future__ import annotations

import csv
import io
from functools import partial
from pathlib import Path
from typing import get_args

from holotype.index.errors import UsageError
from holotype.index.files.durable import write_durably

from .camera import OVERSAMPLING, photograph, place_lamp, pose
from .folder import check_range, claim_folder, write_picture
from .plan import Setups, Shot, plan_collection
from .seeds import LARGEST, Stream, generator
from .setups import Picture, develop
from .species import LIMIT, draw_specimen
from .workers import Progress, run_jobs


def write_collection(
    folder: Path,
    *,
    species: int = 30,
    images: int = 40,
    seed: int = 0,
    setup: Setups = "clean",
    size: int = 256,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write pictures of invented shells, and `manifest.csv`, which lists them.

    The folder depends on the parameters alone, not on the number of workers. What is there already
    is not drawn again, so an interrupted call is continued by repeating it.

    Args:
        folder: made where it is missing.
        species: number of species, in 3 to 12 genera of three categories.
        images: pictures a species (and set-up); about one in eight shows a specimen again.
        seed: >= 0.
        setup: imaging set-up; `both` takes every picture in either.
        size: edge of the pictures in pixels, >= 32.
        workers: processes; by default one a core. They are spawned: a script of your own needs
            `if __name__ == "__main__":`.
        progress: called with (pictures done, pictures in all).

    Returns:
        The path of the manifest.

    Raises:
        UsageError: a parameter is out of its range, or the folder was made with others.
    """
    _check(species, images, seed, setup, size)
    given = {"species": species, "images": images, "seed": seed, "setup": setup, "size": size}
    claim_folder(folder, "collection", given)
    shots = plan_collection(species, images, seed, setup)
    missing = [shot for shot in shots if not (folder / shot.path).exists()]
    done = len(shots) - len(missing)
    for _ in run_jobs(partial(_write_shot, folder, seed, size), missing, workers, few=48):
        done += 1
        if progress:
            progress(done, len(shots))
    manifest = folder / "manifest.csv"
    write_durably(manifest, _table(shots))
    return manifest


def _check(species: int, images: int, seed: int, setup: str, size: int) -> None:
    check_range("species", species, 1, LIMIT)
    check_range("images", images, 1, 9999)
    check_range("seed", seed, 0, LARGEST)
    check_range("size", size, 32, 1024)
    if setup not in get_args(Setups):
        raise UsageError(f"setup is '{setup}'; it must be one of {', '.join(get_args(Setups))}")


def take(shot: Shot, seed: int, size: int) -> Picture:
    """Return one picture of a collection, uint8 [size, size, 3]."""
    specimen = draw_specimen(shot.species, shot.specimen, seed)
    rng = generator(Stream.PICTURE, seed, shot.species.index, shot.specimen, shot.view)
    view, lamp, fill = pose(shot.species.genus, rng), place_lamp(rng), rng.uniform(0.72, 0.86)
    lit = photograph(specimen, view, lamp, round(size * OVERSAMPLING), fill)
    return develop(lit, shot.setup, rng, size)


def _write_shot(folder: Path, seed: int, size: int, shot: Shot) -> None:
    write_picture(folder / shot.path, take(shot, seed, size))


def _table(shots: list[Shot]) -> bytes:
    """Return the manifest as CSV."""
    rows = [shot.row() for shot in shots]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()
