"""Labelled rows without pictures, for what never looks at them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

import numpy as np

from holotype.index.arrays import Codes, Embeddings
from holotype.index.storage.records import Image
from holotype.training.metric.pictures import Labelled


def rows_of(
    species: Sequence[int] | Codes,
    specimens: Sequence[int] | Codes,
    vectors: Embeddings | None = None,
) -> Labelled:
    """Return rows named to species alone."""
    codes = np.asarray(species, np.int64)
    images = cast(list[Image], [None] * len(codes))
    names = [[f"Xestia {code}" for code in range(int(codes.max(initial=-1)) + 1)]]
    if vectors is None:
        vectors = np.zeros((len(codes), 2), np.float32)
    groups = np.asarray(specimens, np.int64)
    return Labelled(images, vectors, groups, ("species",), codes[:, None], names)
