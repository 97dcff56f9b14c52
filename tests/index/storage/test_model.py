"""Any sequence of operations leaves a collection as a dictionary would be.

`HOLOTYPE_TEST_EXAMPLES=200 pytest tests/index/storage/test_model.py` tries many more sequences.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from holotype.index.collection import Collection
from holotype.index.search.search import search
from holotype.index.upkeep.compaction import compact
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.bench.faults import plain

EXAMPLES = int(os.environ.get("HOLOTYPE_TEST_EXAMPLES", "20"))

ids = st.sampled_from([f"image {number}" for number in range(8)])
versions = st.integers(0, 3)
batches = st.lists(st.tuples(ids, versions), min_size=1, max_size=5, unique_by=lambda put: put[0])


class CollectionMachine(RuleBasedStateMachine):
    """A collection and the dictionary {image_id: version} that it should be."""

    store_address: ClassVar[str]

    @initialize()
    def start(self) -> None:
        self.place = Path(tempfile.mkdtemp(dir="/dev/shm" if Path("/dev/shm").is_dir() else None))
        self.collection = Collection.create(self.place / "0", store=self.store_address)
        self.model: dict[str, int] = {}
        self.copies: list[tuple[Path, dict[str, int]]] = []

    def teardown(self) -> None:
        if hasattr(self, "place"):
            self.collection.close()
            shutil.rmtree(self.place)

    @rule(batch=batches)
    def store(self, batch: list[tuple[str, int]]) -> None:
        plain.put(self.collection, batch)
        self.model.update(batch)

    @precondition(lambda self: self.model)
    @rule(data=st.data())
    def delete(self, data: st.DataObject) -> None:
        gone = data.draw(st.sets(st.sampled_from(sorted(self.model)), min_size=1))
        assert self.collection.delete(sorted(gone)) == len(gone)
        for image_id in gone:
            del self.model[image_id]

    @precondition(lambda self: self.model)
    @rule(image_id=ids, version=versions, k=st.integers(1, 10))
    def search(self, image_id: str, version: int, k: int) -> None:
        query = plain.vector_of(plain.content_of(image_id, version))
        held = {
            name: float(query @ plain.vector_of(plain.content_of(name, v)))
            for name, v in self.model.items()
        }
        hits = search(self.collection, query, k=k)
        found = {hit.image.image_id: hit.score for hit in hits}
        best = sorted(held.values(), reverse=True)[:k]
        np.testing.assert_allclose([hit.score for hit in hits], best, atol=1e-6)
        np.testing.assert_allclose(list(found.values()), [held[name] for name in found], atol=1e-6)

    @rule()
    def restart(self) -> None:
        folder = self.collection.folder
        self.collection.close()
        self.collection = Collection.open(folder)

    @rule()
    def compact(self) -> None:
        compact(self.collection)

    @rule()
    def snapshot(self) -> None:
        to = self.place / f"snapshot {len(self.copies)}"
        snapshot(self.collection, to)
        self.copies.append((to, dict(self.model)))

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def go_back(self, data: st.DataObject) -> None:
        taken, model = data.draw(st.sampled_from(self.copies))
        self.collection.close()
        folder = self.place / f"{len(list(self.place.iterdir()))}"
        restore(taken, folder, store=self.store_address)
        self.collection, self.model = Collection.open(folder), dict(model)

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        if hasattr(self, "model"):
            assert plain.stored(self.collection) == self.model
            assert verify(self.collection).errors == []


@pytest.mark.both_stores
def test_any_sequence_of_operations(store: str) -> None:
    run_state_machine_as_test(
        type("Machine", (CollectionMachine,), {"store_address": store}),
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
