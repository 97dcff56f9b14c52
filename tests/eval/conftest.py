"""What the tests of the measures share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from holotype.index.collection import Collection
from tests.eval.planting import Names, Planted, noisy, plant


@pytest.fixture
def make(tmp_path: Path) -> Iterator[Callable[[Sequence[Planted]], Collection]]:
    """Plants collections, which are closed afterwards."""
    opened: list[Collection] = []

    def collection(rows: Sequence[Planted]) -> Collection:
        opened.append(plant(tmp_path / f"made-{len(opened)}", rows))
        return opened[-1]

    yield collection
    for each in opened:
        each.close()


@pytest.fixture
def fill(make: Callable[[Sequence[Planted]], Collection]) -> Callable[..., Collection]:
    """Plants pictures of noise: `fill(taxa, each=6, …)`, see `noisy`."""

    def collection(taxa: Sequence[Names], **options: Any) -> Collection:
        return make(noisy(taxa, **options))

    return collection
