from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holotype.index.arrays import Codes, Ids
from holotype.index.errors import UsageError
from holotype.training.samplers import SAMPLERS, Sampler, make_sampler, names

# How many images every class has, shuffled among others without a name.
SIZES = st.lists(st.integers(1, 13), min_size=2, max_size=9)


def labels_of(sizes: list[int], unnamed: int = 3) -> Codes:
    labels = np.concatenate([np.full(unnamed, -1), np.repeat(np.arange(len(sizes)) * 7, sizes)])
    return np.random.default_rng(0).permutation(labels).astype(np.int64)


def drawn(sampler: Sampler, epochs: int) -> Ids:
    return np.concatenate([batch for number in range(epochs) for batch in sampler.epoch(number)])


@pytest.mark.parametrize("name", SAMPLERS)
@settings(max_examples=15, deadline=None, derandomize=True)
@given(sizes=SIZES, batch=st.integers(6, 40), per_class=st.integers(1, 3))
def test_every_named_image_appears_and_no_other(
    name: str, sizes: list[int], batch: int, per_class: int
) -> None:
    labels = labels_of(sizes)
    sampler = make_sampler(name, labels, batch, per_class, 1)
    assert all(1 <= len(rows) <= batch for rows in sampler.epoch(0))
    assert all(rows.dtype == np.int64 for rows in sampler.epoch(0))
    epochs = 1 if name == "random" else max(sizes)
    assert set(drawn(sampler, epochs)) == set(np.flatnonzero(labels >= 0))


@pytest.mark.parametrize("name", SAMPLERS)
def test_batches_are_the_same_for_a_seed_and_an_epoch_in_any_order(name: str) -> None:
    labels = labels_of([5, 9, 2, 1, 7, 12])

    def epochs(seed: int, *numbers: int) -> dict[int, list[list[int]]]:
        sampler = make_sampler(name, labels, 8, 2, seed)
        return {number: [b.tolist() for b in sampler.epoch(number)] for number in numbers}

    first = epochs(4, 0, 1, 2, 3)
    assert epochs(4, 3, 1, 0, 2) == first
    assert epochs(5, 0)[0] != first[0]
    assert len({str(batches) for batches in first.values()}) == 4


@settings(max_examples=15, deadline=None, derandomize=True)
@given(sizes=SIZES, batch=st.integers(4, 40), data=st.data())
def test_a_batch_has_as_many_different_images_of_each_of_its_classes_as_asked(
    sizes: list[int], batch: int, data: st.DataObject
) -> None:
    per_class = data.draw(st.integers(1, batch // 2))
    labels = labels_of(sizes)
    sampler = make_sampler("per-class", labels, batch, per_class, 2)
    for rows in sampler.epoch(0) + sampler.epoch(1):
        counts = Counter(labels[rows].tolist())
        assert len(counts) >= 2
        assert len(set(rows.tolist())) == len(rows)
        assert all(counts[code] == min(per_class, sizes[code // 7]) for code in counts)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(sizes=SIZES)
def test_classes_are_drawn_alike_and_their_images_take_turns(sizes: list[int]) -> None:
    labels = labels_of(sizes)
    sampler = make_sampler("balanced", labels, 16, 1, 0)
    each = -(-sum(sizes) // len(sizes))
    of_class = Counter(labels[drawn(sampler, 1)].tolist())
    assert set(of_class.values()) == {each}
    times = Counter(drawn(sampler, 3).tolist())
    for code, size in enumerate(sizes):
        seen = [times[row] for row in np.flatnonzero(labels == code * 7)]
        assert len(seen) == size
        assert max(seen) - min(seen) <= 1


def test_lengths_of_epochs_are_as_told() -> None:
    labels = labels_of([5] * 20)
    assert len(drawn(make_sampler("random", labels, 16, 4, 0), 1)) == 100
    assert len(drawn(make_sampler("balanced", labels, 16, 4, 0), 1)) == 100
    assert len(drawn(make_sampler("per-class", labels, 16, 4, 0), 1)) == 160  # two rounds of 80
    sizes = {len(rows) for rows in make_sampler("random", labels, 16, 4, 0).epoch(0)}
    assert sizes == {14, 15}


def test_even_classes_show_every_image_in_every_epoch() -> None:
    labels = labels_of([5] * 20)
    sampler = make_sampler("per-class", labels, 16, 4, 0)
    for number in range(3):
        rows = np.concatenate(sampler.epoch(number))
        assert set(rows) == set(np.flatnonzero(labels >= 0))


def test_what_cannot_make_a_batch_is_refused_in_a_sentence() -> None:
    def refused(name: str, labels: list[int], batch: int = 8, per_class: int = 4) -> str:
        codes = np.array(labels, np.int64)
        with pytest.raises(UsageError) as told:
            make_sampler(name, codes, batch, per_class, 0)
        return str(told.value)

    assert "did you mean 'per-class'?" in refused("perclass", [0, 1])
    assert "None of 2 images has a name" in refused("random", [-1, -1])
    assert "batches.batch is 1" in refused("random", [0, 1], batch=1)
    assert "set it to 4 or less" in refused("per-class", [0, 1], per_class=5)
    assert "from 1 up" in refused("per-class", [0, 1], per_class=0)
    assert "All 3 images to learn from have one name" in refused("per-class", [2, 2, 2, -1])
    assert names() == ["random", "balanced", "per-class"]
