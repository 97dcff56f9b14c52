"""Stored pictures, embedded once more."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.stored import embed_stored
from holotype.index.storage.records import Image


def test_it_gives_what_ingest_gives(collection: Collection, tiny: Encoder) -> None:
    report = embed_stored(collection, tiny, "again", like=collection.space())
    old, new = collection.gallery("base"), collection.gallery("again")
    assert report.embedded == len(old) == len(new)
    assert not report.problems
    np.testing.assert_allclose(new.index.vectors, old.index.vectors, atol=1e-5)


def test_broken_off_it_goes_on(collection: Collection, tiny: Encoder) -> None:
    class StoppedError(Exception):
        pass

    def stop(done: int, total: int) -> None:
        raise StoppedError

    base = collection.space()
    with pytest.raises(StoppedError):
        embed_stored(collection, tiny, "again", like=base, on_embed=stop)
    there = len(collection.embedded(collection.space("again")))
    assert there > 0
    report = embed_stored(collection, tiny, "again", like=base)
    assert report.embedded + there == len(collection.gallery("base"))
    assert embed_stored(collection, tiny, "again", like=base).embedded == 0


def test_pictures_that_are_gone_are_listed(
    collection: Collection, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = min(image.image_id for image in collection.images())
    picture = collection.picture

    def missing(image: Image) -> bytes:
        if image.image_id == gone:
            raise FileNotFoundError(2, "No such file", image.path)
        return picture(image)

    monkeypatch.setattr(collection, "picture", missing)
    report = embed_stored(collection, tiny, "again", like=collection.space())
    assert len(report.problems) == 1
    assert report.embedded + 1 == len(collection.gallery("base"))
