"""Losses against the papers' formulas written out with NumPy, and against values worked by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from holotype.training.losses import LossConfig, make_objective
from holotype.training.losses.cluster_discrimination import ClusterDiscriminationLoss
from holotype.training.losses.margins import arcface
from holotype.training.losses.proxies import Spread
from holotype.training.losses.setting import Setting
from holotype.training.losses.triplets import ReciprocalTripletLoss

Rows = NDArray[np.float64]


def loss_of(name: str, features: Tensor, labels: list[int], **options: float) -> float:
    """The loss of features with species 0 and 1, no miner."""
    made = make_objective(
        LossConfig(name, "", options=options), features.shape[1], {"species": max(labels) + 1}
    )
    return float(made(features, torch.tensor(labels)[:, None]).detach())


def random_features(n: int, dim: int, length: float = 1.0) -> Tensor:
    return length * torch.randn(n, dim, generator=torch.Generator().manual_seed(1))


def unit(rows: Rows) -> Rows:
    scaled: Rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return scaled


def reciprocal(rows: Rows, triplets: list[tuple[int, int, int]]) -> float:
    terms = [
        float(((rows[a] - rows[p]) ** 2).sum() + 1 / ((rows[a] - rows[n]) ** 2).sum())
        for a, p, n in triplets
    ]
    return sum(terms) / len(terms)


@pytest.mark.parametrize("length", [1.0, 30.0])
def test_reciprocal_triplet_is_the_papers_formula(length: float) -> None:
    features = random_features(30, 40, length)
    labels = [row % 4 for row in range(30)]
    triplets = [
        (a, p, n)
        for a in range(30)
        for p in range(30)
        for n in range(30)
        if a != p and labels[a] == labels[p] != labels[n]
    ]
    expected = reciprocal(features.double().numpy(), triplets)
    assert loss_of("reciprocal-triplet", features, labels) == pytest.approx(expected, rel=1e-5)
    short = reciprocal(unit(features.double().numpy()), triplets)
    given = loss_of("reciprocal-triplet", features, labels, unit=True)
    assert given == pytest.approx(short, rel=1e-5)


def test_reciprocal_triplet_worked_by_hand() -> None:
    features = torch.tensor([[0.0, 0.0], [3.0, 4.0], [0.0, 2.0]])
    mined = torch.tensor([0]), torch.tensor([1]), torch.tensor([2])
    loss = ReciprocalTripletLoss()(features, torch.tensor([0, 0, 1]), mined)
    assert float(loss) == pytest.approx(25 + 1 / 4)


def test_equal_images_with_two_names_keep_the_reciprocal_finite() -> None:
    features = torch.zeros(4, 3, requires_grad=True)
    loss = ReciprocalTripletLoss()(features, torch.tensor([0, 0, 1, 1]))
    loss.backward()
    assert torch.isfinite(loss)
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()


def test_the_microfossil_recipe_is_cross_entropy_and_a_hundredth_of_the_triplets() -> None:
    features, labels = random_features(12, 6), torch.arange(12) % 3
    config = LossConfig("reciprocal-triplet", "all", weight=0.01, softmax=1, smoothing=0)
    made = make_objective(config, 6, {"species": 3})
    logits = made.logits(features, "species").detach().double().numpy()
    own = logits[np.arange(12), labels.numpy()]
    entropy = float((np.log(np.exp(logits).sum(1)) - own).mean())
    triplets = loss_of("reciprocal-triplet", features, labels.tolist())
    given = float(made(features, labels[:, None]).detach())
    assert given == pytest.approx(entropy + 0.01 * triplets, rel=1e-5)


def cluster_discrimination(
    features: Rows, centres: Rows, labels: list[int], margin: float, scale: float
) -> float:
    """Unicom's loss on the dimensions that are left: -log of the softmax of the true class."""
    cosines = unit(features) @ unit(centres).T
    losses: list[float] = []
    for row, label in zip(cosines, labels, strict=True):
        logits = scale * row
        logits[label] = scale * math.cos(math.acos(row[label]) + margin)
        losses.append(float(math.log(np.exp(logits).sum()) - logits[label]))
    return sum(losses) / len(losses)


def test_cluster_discrimination_is_the_papers_formula_on_dimensions_drawn_anew() -> None:
    features, labels = random_features(20, 12), [row % 5 for row in range(20)]
    generator = torch.Generator().manual_seed(5)
    loss = ClusterDiscriminationLoss(Setting(5, 12, generator=generator), 0.3, 32.0, 0.25)
    centres = loss.centres.detach().double().numpy()
    same = torch.Generator().manual_seed(5)
    seen = set()
    for _ in range(3):
        chosen = torch.randperm(12, generator=same)[:3].numpy()
        seen.add(tuple(sorted(chosen.tolist())))
        rows = features.double().numpy()[:, chosen]
        expected = cluster_discrimination(rows, centres[:, chosen], labels, 0.3, 32.0)
        given = float(loss(features, torch.tensor(labels)).detach())
        assert given == pytest.approx(expected, rel=1e-4)
    assert len(seen) > 1


def test_only_the_dimensions_drawn_are_learned_from() -> None:
    features = random_features(20, 12).requires_grad_()
    loss = ClusterDiscriminationLoss(Setting(5, 12), 0.3, 32.0, 0.25)
    loss(features, torch.arange(20) % 5).backward()
    assert features.grad is not None
    assert loss.centres.grad is not None
    assert int(features.grad.any(0).sum()) == 3
    assert torch.equal(features.grad.any(0), loss.centres.grad.any(0))


@pytest.mark.parametrize("kind", ["arcface", "cluster-discrimination"])
def test_an_image_that_lies_on_its_centre_has_a_finite_gradient(kind: str) -> None:
    setting = Setting(3, 4)
    loss = arcface(setting) if kind == "arcface" else ClusterDiscriminationLoss(setting, 0.3, 32, 1)
    centres = next(loss.parameters())
    with torch.no_grad():
        centres.copy_(torch.eye(*centres.shape))
    features = torch.eye(3, 4).requires_grad_()
    loss(features, torch.arange(3)).backward()
    assert features.grad is not None
    assert torch.isfinite(features.grad).all()
    assert centres.grad is not None
    assert torch.isfinite(centres.grad).all()


# Two pictures of species 0 at a right angle, one of species 1 opposite to the first.
CORNERS = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        # Positives at √2; negatives at 2 and √2, all beyond a margin of 1.
        ("contrastive", {}, math.sqrt(2)),
        # Anchors 0 and 1: √2 - 2 + margin and √2 - √2 + margin; what is not above 0 is left out.
        ("triplet", {"margin": 0.2}, 0.2),
        ("triplet", {"margin": 1.0}, (math.sqrt(2) - 1 + 1) / 2),
        # Both pictures with a positive: cosines to the other species are -1 and 0, to their own 0.
        ("supcon", {"temperature": 1.0}, (math.log(1 + math.exp(-1)) + math.log(2)) / 2),
        ("nt-xent", {"temperature": 1.0}, (math.log(1 + math.exp(-1)) + math.log(2)) / 2),
        # Rows 0 and 1 have both kinds of pairs, row 2 negatives only.
        (
            "multi-similarity",
            {"alpha": 1.0, "beta": 1.0, "base": 0.0},
            (
                2 * math.log(2)
                + math.log(1 + math.exp(-1))
                + math.log(2)
                + math.log(2 + math.exp(-1))
            )
            / 3,
        ),
    ],
)
def test_values_worked_by_hand(name: str, options: dict[str, float], expected: float) -> None:
    assert loss_of(name, 7 * CORNERS, [0, 0, 1], **options) == pytest.approx(expected, rel=1e-4)


def test_margins_worked_by_hand() -> None:
    """One picture at 60 degrees from its centre and at 30 degrees from the other."""
    features = torch.tensor([[math.cos(math.pi / 3), math.sin(math.pi / 3)]])
    own, other = math.cos(math.pi / 3 + 0.5), math.cos(math.pi / 6)
    for name, near in (("arcface", own), ("cosface", math.cos(math.pi / 3) - 0.35)):
        made = make_objective(LossConfig(name, options={"scale": 2}), 2, {"species": 2})
        with torch.no_grad():
            next(made.parameters()).copy_(torch.eye(2))
        given = float(made(features, torch.tensor([[0]])).detach())
        assert given == pytest.approx(math.log(1 + math.exp(2 * (other - near))), rel=1e-5)


def test_centres_of_a_class_are_drawn_together() -> None:
    """Three centres, two of them equal: two pairs at √2 and one at about 0, the mean halved."""
    centres = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    expected = 2 * math.sqrt(2 + 1e-5) + math.sqrt(1e-5)
    assert float(Spread(3)(centres)) == pytest.approx(expected / 6, rel=1e-5)
    assert float(Spread(1)(centres)) == 0
