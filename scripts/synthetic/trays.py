"""Write trays: pictures of many shells each, with exact boxes and masks as COCO annotations."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.files.durable import write_durably

from .folder import check_range, claim_folder, write_picture
from .plan import LICENCE, SOURCE
from .seeds import LARGEST
from .species import LIMIT, Species, make_species
from .tray import Laid, Mask, lay_tray
from .workers import Progress, run_jobs

ANNOTATIONS = "annotations_coco.json"
Json = dict[str, Any]


def write_trays(
    folder: Path,
    *,
    trays: int = 12,
    species: int = 30,
    seed: int = 0,
    width: int = 1280,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Path:
    """Write pictures of trays, and `annotations_coco.json`, which says what lies where.

    The species are those of the collection with the same number of species and seed; the specimens
    are others. Boxes are [left, top, width, height] in pixels, as tight as the masks, which are
    given as run lengths. Categories are species, their supercategories the collection's categories.

    Args:
        folder: made where it is missing.
        trays: number of pictures, each with 5 to 14 shells.
        species: number of species that the shells are of.
        seed: >= 0.
        width: of the pictures in pixels, >= 320; the height is three quarters of it.
        workers: processes; by default one a core. They are spawned: a script of your own needs
            `if __name__ == "__main__":`.
        progress: called with (trays done, trays in all).

    Returns:
        The path of the annotations.

    Raises:
        UsageError: a parameter is out of its range, or the folder was made with others.
    """
    check_range("trays", trays, 1, 9999)
    check_range("species", species, 1, LIMIT)
    check_range("seed", seed, 0, LARGEST)
    check_range("width", width, 320, 4096)
    given = {"trays": trays, "species": species, "seed": seed, "width": width}
    claim_folder(folder, "trays", given)
    kinds = make_species(species, seed)
    work = partial(_write_tray, folder, kinds, seed, width)
    found: list[list[Json]] = []
    for tray in run_jobs(work, range(trays), workers, few=6):
        found.append(tray)
        if progress:
            progress(len(found), trays)
    path = folder / ANNOTATIONS
    write_durably(path, json.dumps(_coco(found, kinds, width)).encode())
    return path


def run_lengths(mask: Mask) -> list[int]:
    """Return COCO's uncompressed run lengths: off, on, off, ... down the columns.

    >>> run_lengths(np.array([[True, False], [True, True]]))
    [0, 2, 1, 1]
    """
    flat = mask.ravel(order="F")
    changes = np.flatnonzero(np.diff(flat, prepend=False))
    counts: list[int] = np.diff(changes, prepend=0, append=flat.size).tolist()
    return counts


def _file_name(number: int) -> str:
    return f"images/tray-{number:04d}.jpg"


def _write_tray(
    folder: Path, kinds: list[Species], seed: int, width: int, number: int
) -> list[Json]:
    picture, shells = lay_tray(number, kinds, seed, width)
    write_picture(folder / _file_name(number), picture)
    return [_annotation(shell, number) for shell in shells]


def _annotation(shell: Laid, number: int) -> Json:
    return {
        "image_id": number + 1,
        "category_id": shell.species.index + 1,
        "specimen_id": shell.specimen_id,
        "bbox": list(shell.box),
        "area": int(shell.mask.sum()),
        "segmentation": {"size": list(shell.mask.shape), "counts": run_lengths(shell.mask)},
        "iscrowd": 0,
    }


def _coco(found: list[list[Json]], kinds: list[Species], width: int) -> Json:
    """Return the whole COCO document; ids count from 1."""
    size = {"width": width, "height": width * 3 // 4, "license": 1}
    annotations = [annotation for tray in found for annotation in tray]
    return {
        "info": {"description": SOURCE},
        "licenses": [{"id": 1, "name": LICENCE, "url": ""}],
        "images": [
            {"id": number + 1, "file_name": _file_name(number), **size}
            for number in range(len(found))
        ],
        "categories": [
            {"id": kind.index + 1, "name": kind.name, "supercategory": kind.genus.category}
            for kind in kinds
        ],
        "annotations": [{"id": number, **a} for number, a in enumerate(annotations, 1)],
    }
