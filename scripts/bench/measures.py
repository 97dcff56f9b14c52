"""`python -m holotype.scripts.bench.measures`: tuning and a full evaluation of 10,000 x 1280.

Made vectors of 300 species in 100 genera and 20 families, two images a specimen; no pictures.
"""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from holotype.eval.report import write_report
from holotype.eval.retrieval.evaluate import evaluate
from holotype.eval.retrieval.two_spaces import compare_spaces
from holotype.index.collection import Collection
from holotype.index.encoders import Embeddings
from holotype.index.runtime import prepare
from holotype.index.storage.records import DETAILS, Image
from holotype.index.taxonomy import RANKS
from holotype.training.spaces import tune_space

from ..console import out

ROWS, DIM, SPECIES = 10_000, 1280, 300


def main() -> None:
    """Print wall and CPU seconds of tuning, evaluating and comparing, reports included."""
    prepare()
    with tempfile.TemporaryDirectory() as scratch, Collection.create(Path(scratch, "c")) as made:
        space = made.add_space("base", encoder="none", fingerprint="0" * 64, views=1, dim=DIM)
        made.store(space, zip(images(), _vectors(), strict=True))
        two = ("base", "tuned")
        asked, held = ["split=test"], ["split=train"]
        _time("tune", lambda: tune_space(made, where=held))
        _time(
            "evaluate, leave-one-out, and its report",
            lambda: write_report(evaluate(made), made, Path(scratch, "a")),
        )
        _time(
            "compare two spaces on a given split, and its report",
            lambda: write_report(
                compare_spaces(made, two, query=asked, gallery=held), made, Path(scratch, "b")
            ),
        )


def _time(what: str, work: Callable[[], Any]) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    out.print(f"{wall:6.1f} s wall {cpu:6.1f} s CPU  {what}", highlight=False)


def images(rows: int = ROWS, kinds: int = SPECIES) -> Iterator[Image]:
    """Yield records of images without pictures, two a specimen, of some species in turn."""
    for row in range(rows):
        specimen = row // 2
        species = specimen % kinds
        names = {
            "category": "Moth",
            "family": f"Family{species // 15}",
            "genus": f"Genus{species // 3}",
            "species": f"Genus{species // 3} s{species}",
        }
        yield Image(
            image_id=f"{row}",
            specimen_id=f"{specimen}",
            path=f"{row}.jpg",
            sha256=hashlib.sha256(str(row).encode()).hexdigest(),
            phash=int.from_bytes(hashlib.sha256(str(row).encode()).digest()[:7], "big"),
            width=1,
            height=1,
            split="test" if specimen % 4 == 0 else "train",
            lineage=tuple(names.get(rank, "") for rank in RANKS),
            details=dict.fromkeys(DETAILS, ""),
            metadata={},
        )


def _vectors() -> Iterator[Embeddings]:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(SPECIES, 64)) @ rng.normal(size=(64, DIM)) * 0.2
    for row in range(ROWS):
        vector = centres[row // 2 % SPECIES] + 2 * rng.normal(size=DIM)
        yield (vector / np.linalg.norm(vector)).astype(np.float32)


if __name__ == "__main__":
    main()
