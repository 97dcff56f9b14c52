"""A small network on embeddings, and the weight of its domain term, chosen without labels."""

from __future__ import annotations

import inspect
from dataclasses import dataclass

import numpy as np
import pytest
import torch

from holotype.index.arrays import Codes, Embeddings, Floats
from holotype.index.errors import UsageError
from holotype.training.domain.choosing import WeightTrial, best_weight, weigh
from holotype.training.domain.config import DomainConfig
from holotype.training.domain.features import FeatureNetwork, NetworkConfig, train_on_features
from holotype.training.domain.terms import TERMS

SMALL = NetworkConfig(hidden=(32, 16), epochs=20, batch=32, rate=3e-3)
SPECIES, EACH, DIM = 6, 20, 24


@dataclass(frozen=True)
class World:
    source: Embeddings
    target: Embeddings
    labels: Codes


def units(values: Floats) -> Embeddings:
    unit: Embeddings = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return unit


@pytest.fixture(scope="module")
def world() -> World:
    """Two set-ups of the same species, the second of them turned aside and spread."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(SPECIES), EACH)
    centres = rng.standard_normal((SPECIES, DIM))
    sides = [centres[labels] + 0.5 * rng.standard_normal((len(labels), DIM)) for _ in range(2)]
    aside = 2.5 * rng.standard_normal(DIM)
    return World(units(sides[0]), units(sides[1] + aside), labels)


def domain(method: str, weight: float = 1.0) -> DomainConfig:
    return DomainConfig(method, weight, ("imaging=degraded",))


def accuracy(network: FeatureNetwork, vectors: Embeddings, labels: Codes) -> float:
    return float((network.predict(vectors) == labels).mean())


def test_a_network_learns_the_source_and_gives_unit_rows(world: World) -> None:
    labels = np.where(world.labels == 5, -1, 10 * world.labels)
    network = train_on_features(world.source, labels, config=SMALL)
    assert accuracy(network, world.source[labels >= 0], labels[labels >= 0]) > 0.95
    assert set(network.predict(world.source)) <= {0, 10, 20, 30, 40}
    rows = network.embed(world.source)
    assert rows.dtype == np.float32
    assert rows.shape == (len(labels), 16)
    assert np.linalg.norm(rows, axis=1) == pytest.approx(1, abs=1e-5)
    assert network.embed(world.source[:0]).shape == (0, 16)


@pytest.mark.parametrize("method", ["coral", "mmd"])
def test_drawing_the_set_ups_together_helps_on_the_target(world: World, method: str) -> None:
    alone = train_on_features(world.source, world.labels, config=SMALL)
    both = train_on_features(
        world.source, world.labels, world.target, domain=domain(method), config=SMALL
    )
    won = accuracy(both, world.target, world.labels) - accuracy(alone, world.target, world.labels)
    assert won > 0.02
    assert accuracy(both, world.source, world.labels) > 0.9


@pytest.mark.parametrize("method", TERMS)
def test_the_same_seed_gives_the_same_network_whatever_else_draws(
    world: World, method: str
) -> None:
    def train(seed: int) -> Embeddings:
        torch.rand(3)
        network = train_on_features(
            world.source,
            world.labels,
            world.target,
            domain=domain(method, 0.1),
            config=NetworkConfig(hidden=(8,), epochs=2, batch=32),
            seed=seed,
        )
        return network.embed(world.target)

    first = train(0)
    assert np.array_equal(first, train(0))
    assert not np.array_equal(first, train(1))


def test_no_label_of_the_target_can_come_in() -> None:
    taken = [*inspect.signature(train_on_features).parameters]
    assert taken == ["vectors", "labels", "target", "domain", "config", "seed"]


@pytest.mark.parametrize("method", TERMS)
def test_a_target_of_two_pictures_is_enough(world: World, method: str) -> None:
    network = train_on_features(
        world.source,
        world.labels,
        world.target[:2],
        domain=domain(method, 0.01),
        config=NetworkConfig(hidden=(8,), epochs=1, batch=500),
    )
    assert np.isfinite(network.embed(world.target)).all()


def test_what_cannot_be_trained_on_is_refused(world: World) -> None:
    with pytest.raises(UsageError, match="1 taxa are named; two or more"):
        train_on_features(world.source, np.zeros(len(world.labels), np.int64))
    for target in (None, world.target[:0]):
        with pytest.raises(UsageError, match="coral needs images of the target, and there are no"):
            train_on_features(world.source, world.labels, target, domain=domain("coral"))
    narrow = units(world.target[:, :5].astype(np.float64))
    with pytest.raises(UsageError, match="have 5 coordinates and the source's 24"):
        train_on_features(world.source, world.labels, narrow, domain=domain("coral"))
    with pytest.raises(UsageError, match="A batch holds 1 images of the target"):
        train_on_features(world.source, world.labels, world.target[:1], domain=domain("coral"))
    with pytest.raises(UsageError, match="must be 1 or more"):
        NetworkConfig(hidden=())


def test_reverse_validation_sees_a_term_that_throws_taxa_together(world: World) -> None:
    groups = np.arange(len(world.labels))
    trials = weigh(
        world.source,
        world.labels,
        groups,
        world.target,
        domain=domain("coral"),
        weights=(0.0, 1.0, 1e6),
        config=SMALL,
    )
    none, some, ruinous = trials
    assert none.source > 0.8
    assert ruinous.reverse < some.reverse - 0.2
    assert best_weight(trials).weight < 1e6
    with pytest.raises(UsageError, match="no taxon has two specimens"):
        weigh(
            world.source[::EACH],
            world.labels[::EACH],
            groups[::EACH],
            world.target,
            domain=domain("coral"),
            weights=(1.0,),
        )


def test_of_equal_weights_the_least_is_taken() -> None:
    trials = [WeightTrial(weight, 0.5, reverse) for weight, reverse in ((3, 0.4), (1, 0.4), (9, 0))]
    assert best_weight(trials).weight == 1
