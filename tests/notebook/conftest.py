"""A collection with named and unnamed specimens, and one copy of it for every door."""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Draw

GENERA = (
    ("Moth", "Noctuidae", "Xestia"),
    ("Moth", "Noctuidae", "Agrotis"),
    ("Moth", "Erebidae", "Catocala"),
    ("Fish", "Salmonidae", "Salmo"),
    ("Fish", "Cyprinidae", "Rutilus"),
)
EPITHETS = ("alba", "nigra", "fusca")
EACH, UNNAMED = 4, (("one", 40), ("two", 41))


@pytest.fixture(scope="session")
def stock(tmp_path_factory: pytest.TempPathFactory, draw: Draw) -> Path:
    """A manifest of 60 named specimens of 15 species, one of them misnamed, and 12 unnamed."""
    folder = tmp_path_factory.mktemp("stock")
    lines = ["path,specimen_id,category,family,genus,species,split,sex,size"]
    species = [(*genus, f"{genus[-1]} {one}") for genus in GENERA for one in EPITHETS]
    for kind, names in enumerate(species):
        for number in range(EACH):
            path = draw(folder / f"{kind}-{number}.png", 100 * kind + number, like=kind)
            said = species[kind + 1] if (kind, number) == (3, 0) else names
            split, sex = ("test" if number == 0 else "train"), "fm"[number % 2]
            lines.append(",".join((path.name, path.stem, *said, split, sex, str(10 * number))))
    for name, like in UNNAMED:
        for number in range(6):
            path = draw(folder / f"{name}-{number}.png", 9000 + 10 * like + number, like=like)
            lines.append(f"{path.name},{path.stem},,,,,batch,,")
    table = folder / "manifest.csv"
    table.write_text("\n".join(lines) + "\n")
    return table


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory, stock: Path, tiny: Encoder) -> Path:
    """The collection of `stock`."""
    folder = tmp_path_factory.mktemp("stocked") / "collection"
    with Collection.create(folder) as made:
        ingest(Manifest.read(stock), made, tiny)
        made.gallery()
    return folder
