"""Calibrated identification: a vector in, an answer out, at several sizes and after changes.

Made vectors of 5,000 species in 50 families (Zipf 0.6), two images a specimen; or a collection that
is calibrated already. Every size runs in a process of its own. The calibration of made vectors is
fitted on a twelfth of the species: it fits any gallery of one encoder. Times are wall and processor
time on one core, as a served question has it: medians over the rounds, and the best round. What is
kept beside the index is measured as the process's own memory.
The exhaustive road compares every row of every working space at full precision, and every class.
"""

from __future__ import annotations

import ctypes
import gc
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification.calibration import Answers
from holotype.index.identification.evidence import gather_evidence, look_up
from holotype.index.identification.gallery_reference import reference_of
from holotype.index.identification.identify import identify_vector, identify_vectors
from holotype.index.identification.kept_calibration import (
    keep_calibration,
    kept_calibration,
    labels_of,
)
from holotype.index.identification.reference import Reference
from holotype.index.ingest.vectors import load_vectors
from holotype.index.runtime import prepare
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.index.vectors import FlatIndex
from holotype.training.calibration.calibrate import calibrate

from ..console import out
from .interleaved import Spent
from .search.data import SPECIES, draw_species, of_species

ROWS, DIM, ROUNDS = (60_000,), 512, 60
_BATCH, _COMPARED, _FEWEST = 100, 200, 20
_PART, _MOST_FITTED = 12, 8_000  # the calibration's species are every twelfth; of its rows so many
_GROUP = 16_384
_FILTER = "split=test"  # of made vectors one row in a hundred

Asked = list[tuple[Embeddings, str]]  # vectors, and the specimens that they are of, if any


def run(
    rounds: int = ROUNDS,
    rows: Sequence[int] = ROWS,
    dim: int = DIM,
    collection: str | None = None,
) -> dict[str, Any]:
    """Measure and print identification at every size, and how its times grow."""
    sizes = [0] if collection else rows
    tables = [_in_process(rounds, size, dim, collection or "") for size in sizes]
    for found in tables:
        _show(found)
    if len(tables) > 1:
        _show_growth(tables)
    return {"dim": dim, "sizes": tables}


def _in_process(rounds: int, rows: int, dim: int, collection: str) -> dict[str, Any]:
    command = [sys.executable, "-m", __name__, str(rounds), str(rows), str(dim), collection]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)  # noqa: S603
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def main() -> None:
    """Measure one size, and print it as JSON."""
    rounds, rows, dim, collection = *map(int, sys.argv[1:4]), sys.argv[4]
    prepare()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "c")
        if collection:
            with Collection.open(collection) as given:
                snapshot(given, Path(scratch, "s"))
            restore(Path(scratch, "s"), folder)
            asked: Asked = []
        else:
            asked = _make(folder, rows, dim)
        with Collection.open(folder) as opened:
            print(json.dumps(_measure(opened, asked, rounds)))


def _make(folder: Path, rows: int, dim: int) -> Asked:
    """Make a calibrated collection, and return vectors of the same species that are not in it."""
    count = rows // 2
    species = draw_species(count + max(_COMPARED, _BATCH))
    vectors = of_species(np.concatenate([np.repeat(species[:count], 2), species[count:]]), dim)
    file = folder.parent / "vectors.parquet"
    _write(file, np.repeat(species[:count], 2), vectors[: 2 * count])
    with Collection.create(folder) as made:
        load_vectors(file, made, encoder="bench")
        file.unlink()
        gallery = made.gallery()
        labels = labels_of(gallery)
        fitted = np.flatnonzero(np.repeat(species[:count], 2) % _PART == 0)[:_MOST_FITTED]
        found = calibrate(vectors[fitted], labels[fitted], gallery.specimens[fitted], seed=0)
        keep_calibration(made, gallery, found)
    return [(vector, "") for vector in vectors[2 * count :]]


def _write(path: Path, species: np.ndarray[Any, Any], vectors: Embeddings) -> None:
    rows = len(species)
    table = {
        "image_id": [f"image {row:08}" for row in range(rows)],
        "specimen_id": [f"specimen {row // 2:08}" for row in range(rows)],
        "split": ["test" if row % 100 == 0 else "train" for row in range(rows)],
        "family": [f"Family{number // (SPECIES // 50)}" for number in species],
        "genus": [f"Genus{number // 10}" for number in species],
        "species": [f"Genus{number // 10} s{number}" for number in species],
        "embedding": pa.FixedSizeListArray.from_arrays(
            pa.array(vectors.reshape(-1)), vectors.shape[1]
        ),
    }
    pq.write_table(pa.table(table), path, row_group_size=_GROUP)


def _measure(collection: Collection, asked: Asked, rounds: int) -> dict[str, Any]:
    gallery = collection.gallery()
    sizes = {"rows": len(gallery), "dim": gallery.space.dim}
    bytes_of_rows = 4 * sizes["rows"] * sizes["dim"]
    stored = _stored(collection, gallery, max(rounds, _COMPARED, _BATCH))
    asked = asked or stored
    before = _own_memory()
    first = _seconds(lambda: _ask(collection, asked[0]))
    beside = (_own_memory() - before) / bytes_of_rows
    times = {"the first answer of a process": [first]}
    with threadpool_limits(1):
        times |= _warm(collection, asked, stored, rounds)
    table = {
        "memory beside the index / vectors": beside,
        **_agreement(collection, [vector for vector, _ in asked[:_COMPARED]]),
    }
    with threadpool_limits(1):
        times |= _after_changes(collection, asked, stored)
    return sizes | table | {"ms": {name: _ms(found) for name, found in times.items()}}


def _stored(collection: Collection, gallery: Gallery, count: int) -> Asked:
    """Return stored vectors spread over the gallery, with their specimens."""
    places = np.unique(np.linspace(0, len(gallery) - 1, count).astype(np.int64))
    images = collection.images_at(gallery.rows[places].tolist())
    rows = gallery.rows[places].tolist()
    vectors = gallery.index.rows(places).copy()
    return [(vector, images[row].specimen_id) for vector, row in zip(vectors, rows, strict=True)]


def _ask(collection: Collection, query: tuple[Embeddings, str], only: Sequence[str] = ()) -> None:
    own = {query[1]} if query[1] else frozenset()
    identify_vector(collection, query[0], name="q", exclude_specimens=own, only=only)


def _warm(
    collection: Collection, asked: Asked, stored: Asked, rounds: int
) -> dict[str, list[Spent]]:
    plain = [(vector, "") for vector, _ in asked]
    vectors = np.stack([vector for vector, _ in asked[:_BATCH]])

    def batch() -> None:
        identify_vectors(collection, vectors, names=["q"] * len(vectors))

    contenders: dict[str, Callable[[int], Any]] = {
        "warm": lambda turn: _ask(collection, plain[turn % len(plain)]),
        "with a 1 % filter": lambda turn: _ask(collection, plain[turn % len(plain)], [_FILTER]),
        "of a stored specimen": lambda turn: _ask(collection, stored[turn % len(stored)]),
    }
    first = _seconds(lambda: contenders["with a 1 % filter"](0))
    times: dict[str, list[Spent]] = {name: [] for name in contenders}
    for turn in range(rounds + 2):
        for name, ask in contenders.items():
            spent = _seconds(partial(ask, turn))
            if turn > 1:
                times[name].append(spent)
    each = [_seconds(batch, len(vectors)) for _ in range(max(rounds // 10, 2))]
    return {"first with a filter": [first], **times, "of a batch of 100, each": each[1:]}


def _agreement(collection: Collection, vectors: list[Embeddings]) -> dict[str, float]:
    """Return how often the indexed road determines what the exhaustive one does."""
    gallery = collection.gallery()
    kept = kept_calibration(collection, gallery)
    assert kept is not None
    reference = reference_of(gallery, kept.calibration, kept.ranks)
    assert reference is not None
    units = np.stack(vectors)
    nobody = [np.empty(0, np.int64)] * len(units)
    fast = look_up(reference, units, nobody)
    whole = _at_full_precision(reference)
    slow = gather_evidence(whole, units, classes=len(reference.classes))
    one, other = (kept.calibration.answer(reference, e, prior=0.2) for e in (fast, slow))
    same = _determined(one) == _determined(other)
    return {
        "same determination as by the exhaustive road": float(np.mean(same)),
        "largest difference of a probability": float(np.abs(one.p - other.p).max()),
        "mean difference of a probability": float(np.abs(one.p - other.p).mean()),
        "determined to species": float(np.mean(one.rank == one.taxa.shape[1] - 1)),
        "recall of the 15 nearest of a working space": float(
            np.mean((fast.nearest[:, :, None] == slow.nearest[:, None, :]).any(axis=1))
        ),
    }


def _at_full_precision(reference: Reference) -> Reference:
    """Return a reference whose working spaces hold every row as it was projected."""
    vectors = reference.index.vectors
    views = tuple(
        replace(view, index=FlatIndex(view.projection.apply(vectors))) for view in reference.views
    )
    return replace(reference, views=views)


def _determined(answers: Answers) -> np.ndarray[Any, Any]:
    """Return rank and taxon of every answer as one number."""
    taxon = np.take_along_axis(answers.taxa, np.maximum(answers.rank, 0)[:, None], axis=1)[:, 0]
    return np.where(answers.rank < 0, -1, taxon * 100 + answers.rank)


def _after_changes(collection: Collection, asked: Asked, stored: Asked) -> dict[str, list[Spent]]:
    """Return how long the first answer takes after each of some changes; best of a few."""
    specimens = [specimen for _, specimen in stored]
    first = next(image for image in collection.images() if image.specimen_id == specimens[0])
    space = collection.space()
    times: dict[str, list[Spent]] = {}

    def after(name: str, change: Callable[[], Any]) -> Any:
        done = change()
        spent = _seconds(lambda: _ask(collection, (asked[0][0], "")))
        times.setdefault(f"first answer after {name}", []).append(spent)
        return done

    for turn in range(1, 6):
        named = partial(collection.determine, specimens[turn], first.lineage, by="bench")
        event = after("one determination", named)
        after("its undo", partial(collection.undo, event, by="bench"))
        new = [
            (replace(first, image_id=f"new {turn} {n}", sha256=f"{turn}{n:063}"), stored[n][0])
            for n in range(10)
        ]
        after("ten new pictures", partial(collection.store, space, new))
        after("a deletion", partial(collection.delete, [f"new {turn} 0"]))
    return times


def _seconds(work: Callable[[], Any], pieces: int = 1) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent((time.perf_counter() - wall) / pieces, (time.process_time() - cpu) / pieces)


def _ms(found: list[Spent]) -> dict[str, float]:
    walls, cpus = zip(*found, strict=True)
    names = ("wall", "best_wall", "cpu", "best_cpu")
    values = (statistics.median(walls), min(walls), statistics.median(cpus), min(cpus))
    return {name: 1e3 * value for name, value in zip(names, values, strict=True)}


def _own_memory() -> float:
    """Return the bytes that are this process's own, after giving back what is free; 0 elsewhere."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
        with open(f"/proc/{os.getpid()}/status") as status:
            held = {line.split(":")[0]: int(line.split()[1]) for line in status if " kB" in line}
    except (AttributeError, OSError):  # not Linux
        return 0.0
    return held["RssAnon"] * 1024.0


def _show(found: dict[str, Any]) -> None:
    out.print()
    out.print(f"{found['rows']:,} x {found['dim']}, calibrated; ms, median (best)")
    for name, ms in found["ms"].items():
        wall = f"{ms['wall']:10.2f} ({ms['best_wall']:.2f})"
        cpu = f"{ms['cpu']:10.2f} ({ms['best_cpu']:.2f}) CPU"
        out.print(f"{name:45} {wall:22} {cpu}", highlight=False, soft_wrap=True)
    for name, value in found.items():
        if name not in ("rows", "dim", "ms"):
            out.print(f"{name:45} {value:10.4f}", highlight=False)


def _show_growth(tables: list[dict[str, Any]]) -> None:
    small, large = tables[0], tables[-1]
    times = large["rows"] / small["rows"]
    out.print(f"\nFrom {small['rows']:,} to {large['rows']:,} rows ({times:.1f} times):")
    for name, ms in large["ms"].items():
        grown = ms["cpu"] / small["ms"][name]["cpu"]
        out.print(f"{name:45} {grown:10.2f} times the processor time", highlight=False)


if __name__ == "__main__":
    main()
