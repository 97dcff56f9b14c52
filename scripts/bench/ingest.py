"""Ingest against its bound: the bare encoder forward on batches that are decoded already.

Once with PyTorch, the reference, and once with the engine that `holotype ingest` uses, each against
its own forward pass. Pictures of the synthetic collection; rounds are interleaved, because the
machine may be shared. Wall time decides; CPU time stands beside it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, Pixels, accelerated, load_encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.pictures.reading import read_picture
from holotype.index.runtime import worker_count

from ..console import out
from ..synthetic import write_collection
from .interleaved import Cost, measure

ROUNDS = 3
_WHOLE = "ingest: check, decode, encode, store"


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure and print images per second of the forward pass and of the whole ingest."""
    eager = load_encoder("bundled")
    with tempfile.TemporaryDirectory() as scratch:
        manifest = Manifest.read(write_collection(Path(scratch, "shells")))
        batches = _decoded(manifest, eager)
        contenders: dict[str, Callable[[], object]] = {
            "PyTorch: forward, one batch at a time": lambda: _forward_shared(eager, batches)
        }
        for name, encoder in (("PyTorch", eager), ("engine", accelerated(eager))):
            contenders |= {
                f"{name}: forward, one batch per thread": partial(
                    _forward_parallel, encoder, batches
                ),
                f"{name}: {_WHOLE}": partial(_ingest, manifest, encoder, scratch),
            }
        costs = measure(contenders, rounds, pieces=len(manifest))
    return _report(costs, len(manifest), rounds)


def _decoded(manifest: Manifest, encoder: Encoder) -> list[Pixels]:
    pixels = [
        encoder.preprocess(read_picture((manifest.root / path).read_bytes()))
        for path in manifest.frame["path"]
    ]
    size = encoder.batch_size
    return [np.stack(pixels[start : start + size]) for start in range(0, len(pixels), size)]


def _forward_shared(encoder: Encoder, batches: list[Pixels]) -> None:
    for batch in batches:
        encoder.encode_images(batch)


def _forward_parallel(encoder: Encoder, batches: list[Pixels]) -> None:
    with ThreadPoolExecutor(worker_count()) as pool:
        list(pool.map(encoder.alone().encode_images, batches))


def _ingest(manifest: Manifest, encoder: Encoder, scratch: str) -> None:
    with (
        tempfile.TemporaryDirectory(dir=scratch) as folder,
        Collection.create(folder) as collection,
    ):
        ingest(manifest, collection, encoder)


def _report(costs: dict[str, Cost], images: int, rounds: int) -> dict[str, Any]:
    rows = {
        name: {"images_per_second": 1 / cost.wall, "cpu_ms_per_image": 1000 * cost.cpu}
        for name, cost in costs.items()
    }
    out.print()
    out.print(f"{images} pictures, median of {rounds} interleaved rounds")
    for name, row in rows.items():
        kind = name.partition(":")[0]
        ratio = rows[f"{kind}: {_WHOLE}"]["images_per_second"] / row["images_per_second"]
        out.print(
            f"{name:44} {row['images_per_second']:7.1f} images/s "
            f"{row['cpu_ms_per_image']:6.1f} CPU ms/image   ingest by {kind} is {ratio:.2f} of it",
            highlight=False,
            soft_wrap=True,
        )
    return {"images": images, "rounds": rounds, "rows": rows}
