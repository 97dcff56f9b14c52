from __future__ import annotations

import pytest
import torch
from pytorch_metric_learning.distances import LpDistance
from torch import Tensor

from holotype.training.miners.registry import MINERS

ONE_EACH = ("random-negative", "semi-hard-negative", "hardest-negative")


def mined(name: str, features: Tensor, labels: Tensor, seed: int = 0) -> list[tuple[int, ...]]:
    generator = torch.Generator().manual_seed(seed)
    triplets = MINERS[name](LpDistance(), generator)(features, labels)
    return list(zip(*(one.tolist() for one in triplets), strict=True))


def batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    features = torch.randn(24, 5, generator=torch.Generator().manual_seed(seed))
    return torch.nn.functional.normalize(features), torch.arange(24) % 5


def distance(features: Tensor, one: int, other: int) -> float:
    return float((features[one] - features[other]).norm())


@pytest.mark.parametrize("name", [name for name in MINERS if name != "multi-similarity"])
@pytest.mark.parametrize("seed", range(3))
def test_triplets_are_an_image_another_of_its_class_and_one_of_another(
    name: str, seed: int
) -> None:
    features, labels = batch(seed)
    triplets = mined(name, features, labels)
    assert triplets
    for anchor, positive, negative in triplets:
        assert anchor != positive
        assert labels[anchor] == labels[positive] != labels[negative]


@pytest.mark.parametrize("name", ONE_EACH)
def test_every_image_that_can_is_an_anchor_once(name: str) -> None:
    features, labels = batch()
    labels[0] = 9  # alone
    assert [triplet[0] for triplet in mined(name, features, labels)] == list(range(1, 24))


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_batch_without_negatives_or_positives_gives_none(name: str) -> None:
    features, labels = batch()
    assert mined(name, features, torch.zeros_like(labels)) == []
    assert mined(name, features, torch.arange(24)) == []


@pytest.mark.parametrize("name", ONE_EACH)
def test_positives_are_drawn_from_the_generator(name: str) -> None:
    features, labels = batch()
    first = mined(name, features, labels, seed=1)
    assert mined(name, features, labels, seed=1) == first
    other = mined(name, features, labels, seed=2)
    assert [triplet[1] for triplet in other] != [triplet[1] for triplet in first]


def test_the_hardest_negative_is_the_nearest_of_another_class() -> None:
    features, labels = batch()
    for anchor, _, negative in mined("hardest-negative", features, labels):
        others = [row for row in range(24) if labels[row] != labels[anchor]]
        nearest = min(distance(features, anchor, row) for row in others)
        assert distance(features, anchor, negative) == pytest.approx(nearest, abs=1e-5)


def test_a_semi_hard_negative_is_the_nearest_that_is_farther_than_the_positive() -> None:
    features, labels = batch()
    for anchor, positive, negative in mined("semi-hard-negative", features, labels):
        to_positive = distance(features, anchor, positive)
        farther = [
            found
            for row in range(24)
            if labels[row] != labels[anchor]
            and (found := distance(features, anchor, row)) > to_positive
        ]
        if farther:
            given = distance(features, anchor, negative)
            assert given == pytest.approx(min(farther), abs=1e-4)


def test_kinds_of_triplets_part_all_of_them() -> None:
    features, labels = batch()
    every = set(mined("all", features, labels))
    members = [int((labels == label).sum()) for label in labels]
    assert len(every) == sum((own - 1) * (24 - own) for own in members)
    hard, semi = (set(mined(name, features, labels)) for name in ("hard", "semi-hard"))
    assert hard
    assert semi
    assert not hard & semi
    assert hard | semi < every
    for a, p, n in every:
        gap = distance(features, a, n) - distance(features, a, p)
        if abs(gap) > 1e-5 and abs(gap - 0.2) > 1e-5:
            assert ((a, p, n) in hard) == (gap < 0)
            assert ((a, p, n) in semi) == (0 < gap < 0.2)
