"""Index files of every kind, damaged at random: built again, but never a wrong answer."""

from __future__ import annotations

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError
from holotype.index.gallery.index_files import damage
from holotype.index.settings import settings
from holotype.index.vectors import KINDS
from holotype.index.vectors.exact import nearest
from holotype.index.vectors.kinds.tuning import recall

from .corruptions import HARMS, REBUILT, REFUSED, UNHARMED, WRONG, Outcomes
from .plain import make, put, vector_of

IMAGES = 1200  # with fewer the approximate kinds only compare all
_FEW = 5  # images that are stored after the index was built
_NEIGHBOURS, _QUERIES = 10, 40
_LEAST_RECALL = 0.95  # tuned to .98 on other queries than these few


def corrupt_indexes(folder: Path, times: int, *, seed: int = 0) -> Outcomes:
    """Damage the index file of a collection in every way, for every kind of index in turn.

    A swapped generation is the index of the same images with other vectors.

    Args:
        folder: scratch; must be empty.
        times: how many files are damaged in all.
        seed: of every random choice.

    Returns:
        {(kind of index, kind of harm): outcomes}
    """
    rng, found = random.Random(seed), Outcomes()  # noqa: S311
    cases = [(kind, harm) for harm in HARMS for kind in KINDS]
    wanted = [cases[number % len(cases)] for number in range(times)]
    for kind in KINDS:
        with _asked_for(kind):
            whole, older = folder / f"{kind} whole", folder / f"{kind} older"
            _make(older, version=0)
            _make(whole, version=1)
            for harm in [harm for asked, harm in wanted if asked == kind]:
                outcome = _damaged(whole, older, harm, rng)
                found.setdefault((f"index: {kind}", harm), Counter())[outcome] += 1
    return found


@contextmanager
def _asked_for(kind: str) -> Iterator[None]:
    before = os.environ.get("HOLOTYPE_INDEX_KIND")
    os.environ["HOLOTYPE_INDEX_KIND"] = kind
    settings.cache_clear()
    try:
        yield
    finally:
        del os.environ["HOLOTYPE_INDEX_KIND"]
        if before is not None:
            os.environ["HOLOTYPE_INDEX_KIND"] = before
        settings.cache_clear()


def _make(folder: Path, *, version: int) -> None:
    make(folder, IMAGES)
    with Collection.open(folder) as collection:
        put(collection, [(f"image {number}", version) for number in range(IMAGES)])
        collection.gallery()
        put(collection, [(f"image {number}", 2) for number in range(_FEW)])


def _damaged(whole: Path, older: Path, harm: str, rng: random.Random) -> str:
    copy = Path(shutil.copytree(whole, whole.parent / "copy"))
    path = next((copy / "index").iterdir())
    before = path.read_bytes()
    HARMS[harm](path, next((older / "index").iterdir()), rng)
    outcome = UNHARMED if path.is_file() and path.read_bytes() == before else _outcome(copy)
    shutil.rmtree(copy)
    return outcome


def _outcome(folder: Path) -> str:
    queries = np.stack([vector_of(f"{number:016x}") for number in range(_QUERIES)])
    try:
        with Collection.open(folder) as collection:
            vectors = collection.vectors(collection.space())
            answer = collection.gallery().index.search(queries, _NEIGHBOURS)
            healed = damage(collection.database, collection.space()) is None
    except HolotypeError:
        return REFUSED
    truth = nearest(np.ascontiguousarray(vectors), queries, _NEIGHBOURS)
    products = np.einsum("qd,qkd->qk", queries, vectors[answer[1]])
    exact = np.allclose(answer[0], products, atol=1e-6)
    if not exact or recall(answer[1], truth[1])[0] < _LEAST_RECALL:
        return WRONG
    return REBUILT if healed else UNHARMED
