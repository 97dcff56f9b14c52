"""Squares in a file are those in memory, and one bad picture does not bring all into memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.training.metric import pictures
from holotype.training.metric.pictures import Squares, labelled, read_squares

from .conftest import Grow


@pytest.mark.parametrize("gone", [[], [0], [3, 4, 9], [11]])
def test_a_file_of_squares_holds_those_that_can_be_used(
    gone: list[int], grow: Grow, tmp_path: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    kinds = [number % 3 for number in range(12)]
    file = tmp_path / "squares.npy"
    with Collection.open(grow([f"Xestia {code}" for code in kinds], kinds)) as collection:
        gallery = collection.gallery("base")
        images = labelled(collection, gallery, np.arange(12)).images

        def read() -> Squares:
            return read_squares(collection, images, tiny, largest=32, file=file)

        whole = read()
        assert not file.exists()
        assert whole.usable.all()
        for place in gone:
            (tmp_path / "pictures" / Path(images[place].path).name).unlink()
        in_memory = read()
        monkeypatch.setattr(pictures, "_IN_MEMORY", 0)
        in_file = read()
    assert isinstance(in_file.pixels, np.memmap)
    left = np.setdiff1d(np.arange(12), gone)
    for squares in (in_memory, in_file):
        np.testing.assert_array_equal(np.flatnonzero(squares.usable), left)
        np.testing.assert_array_equal(squares.pixels, whole.pixels[left])
        named = [problem.split(":")[0] for problem in squares.problems]
        assert named == [images[place].path for place in gone]
