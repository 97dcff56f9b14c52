"""What an answer over HTTP costs: identifying a stored image, against a route that does nothing.

Four clients keep their connections and ask in turns of a few seconds, so that both routes meet the
same machine. The collection is calibrated: made vectors of 100 species, or one that is given.
"""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.collection import Collection
from holotype.index.identification.kept_calibration import kept_calibration
from holotype.training.spaces import calibrate_space

from ..console import out
from .asking import OK, answered, post, served, serving
from .measures import images

ROWS, DIM, ROUNDS, CLIENTS, SECONDS = 1_100, 1280, 3, 4, 3.0
_FEW = 50  # images that are asked about again and again


def run(
    rounds: int = ROUNDS, rows: int = ROWS, dim: int = DIM, collection: str = ""
) -> dict[str, Any]:
    """Measure and print the throughput of both routes, and their ratio."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(collection) if collection else _make(Path(scratch, "c"), rows, dim)
        with Collection.open(folder) as opened:
            if kept_calibration(opened, opened.gallery()) is None:
                calibrate_space(opened)
            ids = [image.image_id for image in opened.images()]
        bare = [b"GET /v1/version HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"]
        with served(*serving(folder)) as port:
            rates = [_round(port, bare, ids, number) for number in range(rounds + 1)]
    plain, new, again = (statistics.median(rate) for rate in zip(*rates[1:], strict=True))
    found = {
        "images": len(ids),
        "bare_per_s": plain,
        "identify_per_s": new,
        "again_per_s": again,
        "ratio": statistics.median(rate[1] / rate[0] for rate in rates[1:]),
        "ratio_again": statistics.median(rate[2] / rate[0] for rate in rates[1:]),
    }
    for line in (
        f"{plain:7.0f} /s GET /v1/version",
        f"{new:7.0f} /s POST /v1/identify of a stored image, never asked before: "
        f"{found['ratio']:.3f} of the bare route",
        f"{again:7.0f} /s of one that was asked since anything changed: {found['ratio_again']:.3f}",
    ):
        out.print(line, highlight=False)
    return found


def _round(port: int, bare: list[bytes], ids: list[str], number: int) -> tuple[float, float, float]:
    """Return the rates of the bare route, of new questions, and of questions asked before."""
    new = [_identify(image_id, prior=0.2 + number / 1e4) for image_id in ids]
    few = [_identify(image_id, prior=0.1) for image_id in ids[:_FEW]]
    asyncio.run(_rate(port, few, seconds=1))
    plain, first, again = (asyncio.run(_rate(port, asked)) for asked in (bare, new, few))
    return plain, first, again


def _make(folder: Path, rows: int, dim: int) -> Path:
    """Make a collection of vectors, two images a specimen."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(100, dim)) * 0.5
    vectors = np.abs(centres[np.arange(rows) // 2 % 100] + rng.normal(size=(rows, dim)))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Collection.create(folder) as made:
        space = made.add_space("base", encoder="external:bench", fingerprint="0", views=1, dim=dim)
        made.store(space, zip(images(rows, 100), vectors.astype(np.float32), strict=True))
    return folder


def _identify(image_id: str, prior: float) -> bytes:
    return post("/v1/identify", {"image_id": image_id, "prior": prior})


async def _rate(port: int, requests: list[bytes], seconds: float = SECONDS) -> float:
    """Return how many requests a second are answered."""
    turns, start = cycle(requests), time.perf_counter()

    async def client() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        done = 0
        while time.perf_counter() - start < seconds:
            status = await answered(reader, writer, next(turns))
            if status != OK:
                raise RuntimeError(f"a question was answered with {status}")
            done += 1
        writer.close()
        return done

    counts = await asyncio.gather(*(client() for _ in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - start)
