"""`python -m holotype.scripts.bench.maps`: a map of 100,000 x 512 made vectors.

Time of each step and peak memory; whether the same seed gives the same bytes; and how well images
that are placed in a map lie, against a map that is fitted on all of them, beside what two fits of
different seeds have in common.
"""

from __future__ import annotations

import resource
import time
from dataclasses import replace
from itertools import pairwise
from typing import Annotated, Any

import numpy as np
import typer

from holotype.index.encoders import Embeddings
from holotype.index.gallery.gallery import Gallery
from holotype.index.gallery.index_files import State
from holotype.index.gallery.taxa import TaxonNames
from holotype.index.morphospace.fitting import FittedMap, fit
from holotype.index.morphospace.parameters import Parameters
from holotype.index.morphospace.quality import neighbours_in_map
from holotype.index.runtime import prepare
from holotype.index.storage.records import Space
from holotype.index.vectors import FlatIndex

from ..console import print_json
from .search.data import make

K = 15
_ASKING = 2000
_LEFT_OUT = 0.1  # share of the images that are placed


def run(
    rows: int = 100_000, dim: int = 512, compared: int = 20_000, twice: bool = True
) -> dict[str, Any]:
    """Measure and print.

    Args:
        rows: images of the large map.
        dim: length of the vectors.
        compared: images of the maps that are compared with each other.
        twice: whether the large map is made again, to compare the bytes; else one of `compared`.
    """
    prepare()
    vectors = make("clustered", rows, 1, dim).vectors
    fit(_gallery(vectors[:500]), Parameters())  # what umap-learn compiles is compiled then
    steps, made = _timed(vectors)
    found: dict[str, Any] = {
        "rows": rows,
        "dim": dim,
        "steps": steps,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "quality": made.quality.to_dict(),
    }
    few = vectors[:compared]
    first = made if twice else fit(_gallery(few), Parameters())
    again = fit(_gallery(vectors if twice else few), Parameters())
    same = first.coordinates.tobytes() == again.coordinates.tobytes()
    found["same_seed"] = {"rows": len(first.covered), "same_bytes": same}
    found["placed"] = _placed(few)
    print_json(found)
    return found


def _timed(vectors: Embeddings) -> tuple[dict[str, dict[str, float]], FittedMap]:
    """Return wall and CPU seconds of every step of a fit, and the map."""
    began: list[tuple[str, float, float]] = []

    def note(what: str, done: int, total: int) -> None:
        if not began or began[-1][0] != what:
            began.append((what, time.perf_counter(), time.process_time()))

    note("Neighbours", 0, 1)
    made = fit(_gallery(vectors), Parameters(), note)
    note("end", 0, 1)
    steps = {
        one[0]: {"wall_s": two[1] - one[1], "cpu_s": two[2] - one[2]}
        for one, two in pairwise(began)
    }
    return steps, made


def _placed(vectors: Embeddings) -> dict[str, float]:
    """Return how much of the neighbourhoods of placed images other maps have in common.

    Of each image the 15 nearest in one map are looked for among the 15 nearest in another; and, as
    maps differ by chance, the 15 nearest in the space among the 15 nearest in each.
    """
    n = len(vectors)
    gallery, whole = _gallery(vectors), Parameters()
    part = replace(whole, sample=round(n * (1 - _LEFT_OUT)))
    placed, refit = fit(gallery, part), fit(gallery, whole)
    other = fit(gallery, replace(whole, seed=1))
    left_out = np.flatnonzero(~placed.fitted)[:_ASKING]
    _, near = FlatIndex(vectors).search(vectors[left_out], K + 1)
    in_space = near[:, 1:]

    def of(made: FittedMap) -> Any:
        return neighbours_in_map(made.coordinates, left_out, K)

    return {
        "images": len(left_out),
        "placed in a refit": _shared(of(placed), of(refit)),
        "a refit in another seed's": _shared(of(refit), of(other)),
        "space in placed": _shared(in_space, of(placed)),
        "space in a refit": _shared(in_space, of(refit)),
        "far": float(placed.far[left_out].mean()),
    }


def _shared(one: Any, other: Any) -> float:
    pairs = zip(one, other, strict=True)
    return float(np.mean([len(np.intersect1d(a, b)) / K for a, b in pairs]))


def _gallery(vectors: Embeddings) -> Gallery:
    """Return made vectors as a gallery of unnamed images."""
    n = len(vectors)
    own = np.arange(n)
    space = Space(1, "made", "none", "0" * 64, 1, vectors.shape[1], "float32")
    nothing = TaxonNames()
    return Gallery(
        space, State(n, n), 0, "", "", own, own, own, np.full(n, -1), lambda: nothing,
        FlatIndex(vectors),
    )  # fmt: skip


def main(
    rows: Annotated[int, typer.Option(help="Images of the large map.")] = 100_000,
    dim: Annotated[int, typer.Option(help="Length of the vectors.")] = 512,
    compared: Annotated[int, typer.Option(help="Images of the maps that are compared.")] = 20_000,
    twice: Annotated[bool, typer.Option(help="Make the large map again, to compare.")] = True,
) -> None:
    """Measure a map of made vectors."""
    run(rows, dim, compared, twice)


if __name__ == "__main__":
    typer.run(main)
