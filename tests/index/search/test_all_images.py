"""All images follow every change by value, as if they were read anew."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.ingest.patches import patch_image
from holotype.index.search import all_images as module
from holotype.index.search.all_images import AllImages, State, all_images
from holotype.index.search.filters import matching

SEED = 3
SALMO = ("Fish", "", "", "", "", "Salmonidae", "Salmo", "Salmo trutta")
CONDITIONS = (
    "sex=f",
    "species!=Salmo trutta",
    "split=test|train|spare",
    "net!=x",
    "specimen_id!=a",
)


def asked(collection: Collection, images: AllImages) -> list[object]:
    """The rows that satisfy each condition, or the sentence about a value that none has."""
    found: list[object] = []
    for one in CONDITIONS:
        try:
            allowed = matching(collection, images, [one], "of the collection")
            found.append(images.rows[allowed].tolist())
        except UsageError as error:
            found.append(str(error).partition(";")[0])
    return found


def test_any_change_is_followed(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    patch_image(collection, "0-0.png", {}, {"net": "first"})
    read = module._read
    again: list[int] = []

    def counted(opened: Collection, state: State) -> AllImages:
        again.append(1)
        return read(opened, state)

    monkeypatch.setattr(module, "_read", counted)
    for step in range(25):
        names = [image.image_id for image in collection.images()]
        specimens = sorted({image.specimen_id for image in collection.images()})
        one, specimen = str(rng.choice(names)), str(rng.choice(specimens))
        kind = rng.integers(5)
        if kind == 0 and len(names) > 20:
            collection.delete([one])
        elif kind == 1:
            collection.undo(collection.determine(specimen, SALMO, by="Ann"), by="Ann")
        elif kind == 2:
            collection.determine(specimen, SALMO, by="Ann")
        elif kind == 3:
            patch_image(collection, one, {"specimen_id": f"s{step}"}, {"net": f"n{step % 3}"})
        else:
            patch_image(collection, one, {"split": "spare"}, {"sex": None})
        followed = all_images(collection)
        fresh = read(collection, followed.state)
        np.testing.assert_array_equal(followed.rows, fresh.rows)
        np.testing.assert_array_equal(followed.taxon, fresh.taxon)
        assert asked(collection, followed) == asked(collection, fresh)
    assert len(again) == 1
