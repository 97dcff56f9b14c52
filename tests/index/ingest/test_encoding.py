"""Where the device wants one feeder, one thread encodes; what is stored is the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from copy import copy
from pathlib import Path

import numpy as np
import pytest

from holotype.index.arrays import Embeddings, Pixels
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.encoding import encoded
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.settings import settings


@pytest.fixture(autouse=True)
def small_batches(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Several workers and many batches."""
    monkeypatch.setenv("HOLOTYPE_THREADS", "3")
    monkeypatch.setenv("HOLOTYPE_BATCH_SIZE", "2")
    settings.cache_clear()
    yield
    settings.cache_clear()


class _Watched(Encoder):
    """An encoder that remembers which threads encoded with it."""

    seen: set[int]

    def begin_images(self, pixels: Pixels) -> Callable[[], Embeddings]:
        self.seen.add(threading.get_ident())
        return super().begin_images(pixels)


def watched(encoder: Encoder, *, single_feeder: bool) -> _Watched:
    other = copy(encoder)
    other.__class__ = _Watched
    assert isinstance(other, _Watched)
    other.seen, other.single_feeder = set(), single_feeder
    return other


def stored(folder: Path, source: Path, encoder: Encoder) -> dict[str, np.ndarray]:
    with Collection.create(folder) as collection:
        report = ingest(Manifest.read(source), collection, encoder)
        assert (report.device, report.precision) == ("cpu", "float32")
        ids = [image.image_id for image in collection.images()]
        return dict(zip(ids, collection.vectors(collection.space("base")), strict=True))


def test_one_thread_feeds_and_the_embeddings_are_the_same(
    tiny: Encoder, source: Path, tmp_path: Path
) -> None:
    one = watched(tiny, single_feeder=True)
    by_one = stored(tmp_path / "one", source, one)
    by_many = stored(tmp_path / "many", source, tiny)
    assert one.seen == {threading.get_ident()}  # a new thread has a GPU prepare itself anew
    assert by_one.keys() == by_many.keys()
    for image_id, vector in by_one.items():
        np.testing.assert_allclose(vector, by_many[image_id], atol=1e-6)


@pytest.mark.parametrize("single_feeder", [False, True])
def test_batches_come_in_order_and_one_without_pictures_too(
    tiny: Encoder, single_feeder: bool
) -> None:
    encoder = watched(tiny, single_feeder=single_feeder)
    side = encoder.preprocessing.size
    decoding = set[int]()

    def decode(number: int) -> tuple[int, list[Pixels]]:
        decoding.add(threading.get_ident())
        return number, [np.full((1, side, side, 3), number, np.uint8)] * (number % 3)

    found = list(encoded(range(12), decode, encoder))
    assert [number for number, _ in found] == list(range(12))
    assert [len(vectors) for _, vectors in found] == [number % 3 for number in range(12)]
    assert not single_feeder or not encoder.seen & decoding


@pytest.mark.parametrize("single_feeder", [False, True])
def test_what_fails_in_a_thread_is_raised_and_the_rest_is_not_begun(
    tiny: Encoder, single_feeder: bool
) -> None:
    encoder, begun = watched(tiny, single_feeder=single_feeder), list[int]()

    def decode(number: int) -> tuple[int, list[Pixels]]:
        begun.append(number)
        if number == 1:
            raise RuntimeError("torn")
        return number, []

    with pytest.raises(RuntimeError, match="torn"):
        list(encoded(range(100), decode, encoder))
    assert len(begun) < 20
