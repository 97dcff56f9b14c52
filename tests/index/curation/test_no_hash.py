"""Vectors that were made elsewhere have no pictures and often no hashes: they are no copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.curation.duplicates import united_by_copies
from holotype.index.curation.named import Named
from holotype.scripts.bench.faults import plain


@pytest.mark.parametrize(("phash", "united"), [(0, False), (0xF0F0_1234_5678_9ABC, True)])
def test_what_has_no_hash_is_no_copy(tmp_path: Path, phash: int, united: bool) -> None:
    vectors = np.eye(1, plain.DIM, dtype=np.float32) + 0.01 * np.eye(4, plain.DIM, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Collection.create(tmp_path / "c") as collection:
        space = plain.space_of(collection)
        images = [replace(plain.image_of(f"{number}"), phash=phash) for number in range(4)]
        collection.store(space, list(zip(images, vectors, strict=True)))
        specimens = united_by_copies(collection, Named.of(collection, space.name))
    assert len(np.unique(specimens)) == (1 if united else 4)
