"""Ingest against its bound: the bare encoder forward on batches that are decoded already.

Pictures of the synthetic collection; rounds of both are interleaved, because the machine may be
shared. Wall time decides; CPU time stands beside it.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, Pixels, load_encoder, single_threaded
from holotype.index.ingest import ingest
from holotype.index.manifest import Manifest
from holotype.index.pictures import read_picture
from holotype.index.runtime import worker_count

from ..console import out
from ..synthetic import write_collection

ROUNDS = 3


def run(rounds: int = ROUNDS) -> dict[str, Any]:
    """Measure and print images per second of the forward pass and of the whole ingest."""
    encoder = load_encoder()
    with tempfile.TemporaryDirectory() as scratch:
        manifest = Manifest.read(write_collection(Path(scratch, "shells")))
        batches = _decoded(manifest, encoder)
        contenders: dict[str, Callable[[], float]] = {
            "forward, one batch at a time": lambda: _forward_shared(encoder, batches),
            "forward, one batch per thread": lambda: _forward_parallel(encoder, batches),
            "ingest: check, decode, encode, store": lambda: _ingest(manifest, encoder, scratch),
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in contenders}
        for _ in range(rounds):
            for name, measured in contenders.items():
                cpu = time.process_time()
                wall = measured()
                times[name].append((wall, time.process_time() - cpu))
    return _report(times, len(manifest), rounds)


def _decoded(manifest: Manifest, encoder: Encoder) -> list[Pixels]:
    pixels = [
        encoder.preprocess(read_picture((manifest.root / path).read_bytes()))
        for path in manifest.frame["path"]
    ]
    size = encoder.batch_size
    return [np.stack(pixels[start : start + size]) for start in range(0, len(pixels), size)]


def _forward_shared(encoder: Encoder, batches: list[Pixels]) -> float:
    start = time.perf_counter()
    for batch in batches:
        encoder.encode_images(batch)
    return time.perf_counter() - start


def _forward_parallel(encoder: Encoder, batches: list[Pixels]) -> float:
    start = time.perf_counter()
    with single_threaded(), ThreadPoolExecutor(worker_count()) as pool:
        list(pool.map(encoder.encode_images, batches))
    return time.perf_counter() - start


def _ingest(manifest: Manifest, encoder: Encoder, scratch: str) -> float:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        start = time.perf_counter()
        with Collection.create(folder) as collection:
            ingest(manifest, collection, encoder)
        return time.perf_counter() - start


def _report(
    times: dict[str, list[tuple[float, float]]], images: int, rounds: int
) -> dict[str, Any]:
    rows = {
        name: {
            "images_per_second": images / statistics.median(wall for wall, _ in runs),
            "cpu_ms_per_image": 1000 * statistics.median(cpu for _, cpu in runs) / images,
        }
        for name, runs in times.items()
    }
    names = list(rows)
    whole = rows[names[-1]]["images_per_second"]
    out.print(f"\n{images} pictures, median of {rounds} interleaved rounds")
    for name, row in rows.items():
        ratio = whole / row["images_per_second"]
        out.print(
            f"{name:40} {row['images_per_second']:7.1f} images/s "
            f"{row['cpu_ms_per_image']:6.1f} CPU ms/image   ingest is {ratio:.2f} of it",
            highlight=False,
        )
    return {"images": images, "rounds": rounds, "rows": rows}
