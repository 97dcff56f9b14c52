"""Collections of plain images, and a version of umap-learn that is compiled once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from holotype.index.morphospace.layout import umap_layout
from holotype.index.morphospace.neighbours import nearest_others
from holotype.scripts.bench.faults import plain

Place = Callable[[int], Path]


@pytest.fixture(scope="session")
def umap_compiled() -> None:
    """What umap-learn compiles takes seconds once, whichever test is the first."""
    rows = np.eye(8, dtype=np.float32)
    umap_layout(rows, nearest_others(rows, 4), min_dist=0.1, seed=0)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Makes a collection of so many images: `place(40)`."""

    def make(images: int) -> Path:
        plain.make(tmp_path / "c", images)
        return tmp_path / "c"

    return make
