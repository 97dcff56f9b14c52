"""Small collections that a tiny network is trained on in seconds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Draw

Grow = Callable[[Sequence[str], Sequence[int]], Path]


@pytest.fixture
def grow(tmp_path: Path, draw: Draw, tiny: Encoder) -> Grow:
    """Makes a collection of one picture a specimen, from a species and a colour for each."""

    def make(species: Sequence[str], colours: Sequence[int]) -> Path:
        lines = ["path,specimen_id,species"]
        for number, (name, colour) in enumerate(zip(species, colours, strict=True)):
            path = draw(tmp_path / "pictures" / f"{number}.png", number, like=colour)
            lines.append(f"{path.name},{number},{name}")
        table = tmp_path / "pictures" / "manifest.csv"
        table.write_text("\n".join(lines) + "\n")
        with Collection.create(tmp_path / "c") as collection:
            ingest(Manifest.read(table), collection, tiny)
        return tmp_path / "c"

    return make


@pytest.fixture
def short(tmp_path: Path) -> Path:
    """A config of a few steps."""
    file = tmp_path / "short.toml"
    file.write_text(
        "[batches]\nbatch = 8\nper_class = 2\n"
        "[schedule]\npictures = 32\nsizes = [1.0]\nshares = [1.0]\n"
    )
    return file
