"""What the service bears: searches by vector beside a bare FastAPI and FAISS route, and too many.

    python -m holotype.scripts.bench.load --rows 100000 --dim 512 --seconds 60

Both are served from processes of their own and asked in turns of a few seconds by the same
connections, so that they meet the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.training.spaces import calibrate_space

from ..console import out
from .asking import OK, answered, post, served, serving
from .measures import images

_TURN = 5.0  # seconds that one of the two is asked before the other
_FEW = 200  # different questions
_OVERLOAD = 10  # times as many connections

_BARE = """
import sys, faiss, numpy as np, uvicorn
from fastapi import FastAPI
from pydantic import BaseModel
vectors = np.load(sys.argv[1])
index = faiss.IndexFlatIP(vectors.shape[1])
index.add(vectors)
faiss.omp_set_num_threads(1)
class Question(BaseModel):
    vector: list[float]
    k: int = 10
app = FastAPI()
@app.post("/v1/search")
def search(question: Question):
    scores, rows = index.search(np.array([question.vector], np.float32), question.k)
    return {"hits": [{"image_id": int(r), "cosine": float(s)} for r, s in zip(rows[0], scores[0])]}
import asyncio, socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listener.getsockname()[1]} ", flush=True)
uvicorn.Server(uvicorn.Config(app, log_level="warning")).run([listener])
"""


@dataclass
class Asked:
    """What came of some seconds of questions."""

    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        """Answers of status 200 a second."""
        return self.statuses[OK] / self.seconds

    def wait(self, share: float) -> float:
        """Return how long a share of the questions waited at most, in milliseconds."""
        return 1000 * float(np.quantile(self.waits, share))


def main() -> None:
    """Print the rates, and what an overload does, as one JSON object."""
    parser = argparse.ArgumentParser(prog="python -m holotype.scripts.bench.load")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dim", type=int, default=512)
    parser.add_argument("--seconds", type=float, default=60.0, help="for each of the two")
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    found = run(options.rows, options.dim, options.seconds, options.connections)
    out.print_json(json.dumps(found))


def run(rows: int, dim: int, seconds: float, connections: int) -> dict[str, Any]:
    """Measure on made vectors of 1,000 species."""
    with tempfile.TemporaryDirectory() as scratch:
        vectors = made_vectors(rows, dim)
        np.save(Path(scratch, "vectors.npy"), vectors)
        folder = _make(Path(scratch, "c"), vectors)
        noise = np.random.default_rng(1).normal(size=(_FEW, dim)) * 0.2 / dim**0.5
        queries = vectors[:: max(1, rows // _FEW)][:_FEW] + noise
        searches = [post("/v1/search", {"vector": _short(one), "k": 10}) for one in queries]
        bare = (sys.executable, "-c", _BARE, str(Path(scratch, "vectors.npy")))
        with served(*bare) as plain, served(*serving(folder)) as ours:
            until_ready(ours, searches)
            return _measured(plain, ours, searches, rows, seconds, connections)


def _measured(
    plain: int, ours: int, searches: list[bytes], rows: int, seconds: float, connections: int
) -> dict[str, Any]:
    turns = max(1, round(seconds / _TURN))
    both = {"bare": Asked(), "search": Asked()}
    for _ in range(turns):
        for name, port in (("bare", plain), ("search", ours)):
            ask(port, searches, connections, _TURN, both[name])
    stored = [str(row) for row in range(0, rows, max(1, rows // 5000))]
    alike, known = Asked(), Asked()
    for turn in range(3):
        prior = 0.2 + turn / 1e4  # never asked before
        looked = [post("/v1/search", {"image_id": one, "k": 10 + turn}) for one in stored]
        named = [post("/v1/identify", {"image_id": one, "prior": prior}) for one in stored]
        ask(ours, looked, connections, _TURN, alike)
        ask(ours, named, connections, _TURN, known)
    crowd = ask(ours, searches, _OVERLOAD * connections, 10.0, Asked())
    after = ask(ours, searches, connections, 10.0, Asked())
    found = {name: told(asked) for name, asked in both.items()}
    found |= {"search_of_stored": told(alike), "identify_of_stored": told(known)}
    found |= {"overload": told(crowd), "after_overload": told(after)}
    return found | {
        "search_of_bare (target .5)": both["search"].rate / both["bare"].rate,
        "identify_of_search (target .5)": known.rate / alike.rate,
    }


def told(asked: Asked) -> dict[str, Any]:
    """Return rate, waits and statuses as JSON-ready values."""
    return {
        "per_s": asked.rate,
        "p50_ms": asked.wait(0.5),
        "p99_ms": asked.wait(0.99),
        "statuses": {str(status): count for status, count in sorted(asked.statuses.items())},
    }


def made_vectors(rows: int, dim: int) -> Embeddings:
    """Return unit rows of 1,000 species, two a specimen, float32 [rows, dim]."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(1000, dim)).astype(np.float32)
    vectors = centres[np.arange(rows) // 2 % 1000]
    vectors += rng.standard_normal(vectors.shape, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def _make(folder: Path, vectors: Embeddings) -> Path:
    rows, dim = vectors.shape
    with Collection.create(folder) as made:
        space = made.add_space("base", encoder="external:bench", fingerprint="0", views=1, dim=dim)
        made.store(space, zip(images(rows, 1000), vectors, strict=True))
        calibrate_space(made)
    return folder


def _short(vector: Embeddings) -> list[float]:
    return [round(float(value), 6) for value in vector]


def until_ready(port: int, searches: list[bytes]) -> None:
    """Ask one question, which waits until the collection is loaded."""
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        if ask(port, searches, 1, 0.5, Asked()).statuses[OK]:
            return
    raise RuntimeError("the service answers no question")


def ask(port: int, requests: list[bytes], connections: int, seconds: float, into: Asked) -> Asked:
    """Ask for some seconds over connections that stay open, and add what came of it."""
    began = time.perf_counter()
    asyncio.run(_crowd(port, requests, connections, seconds, into))
    into.seconds += time.perf_counter() - began
    return into


async def _crowd(
    port: int, requests: list[bytes], connections: int, seconds: float, into: Asked
) -> None:
    turns, end = cycle(requests), time.perf_counter() + seconds

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        while (start := time.perf_counter()) < end:
            into.statuses[await answered(reader, writer, next(turns))] += 1
            into.waits.append(time.perf_counter() - start)
        writer.close()

    await asyncio.gather(*(client() for _ in range(connections)))


if __name__ == "__main__":
    main()
