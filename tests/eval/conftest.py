"""What the tests of the measures share."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray


@pytest.fixture
def units() -> Callable[[np.random.Generator, int, int], NDArray[np.float32]]:
    """Draws random unit rows, float32 [n, dim]."""

    def draw(rng: np.random.Generator, n: int, dim: int) -> NDArray[np.float32]:
        values = rng.standard_normal((n, dim))
        values /= np.linalg.norm(values, axis=1, keepdims=True)
        return values.astype(np.float32)

    return draw
