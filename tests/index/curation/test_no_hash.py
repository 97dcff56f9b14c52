"""Vectors that were made elsewhere have no pictures and often no hashes: they are no copies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.curation.duplicates import duplicates, united_by_copies
from holotype.index.curation.named import Named
from holotype.scripts.bench.faults import plain


@pytest.mark.parametrize(("phash", "groups"), [(0, 0), (0xF0F0_1234_5678_9ABC, 1)])
def test_what_has_no_hash_is_no_copy(tmp_path: Path, phash: int, groups: int) -> None:
    vectors = np.eye(1, plain.DIM, dtype=np.float32) + 0.01 * np.eye(4, plain.DIM, dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    with Collection.create(tmp_path / "c") as collection:
        space = plain.space_of(collection)
        images = [replace(plain.image_of(f"{number}"), phash=phash) for number in range(4)]
        collection.store(space, list(zip(images, vectors, strict=True)))
        named = Named.of(collection, space.name)
        assert len(duplicates(collection, named).members) == groups
        assert len(np.unique(united_by_copies(collection, named))) == 4  # by pictures alone
