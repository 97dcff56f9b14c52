"""Domain terms against values worked out by hand and against independent implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import rbf_kernel
from torch import Tensor

from holotype.index.errors import UsageError
from holotype.training.domain.config import DomainConfig, Schedule
from holotype.training.domain.distances import coral_distance, kernel_distance
from holotype.training.domain.terms import TERMS, Adversarial, make_domain_term, reverse_gradient

TARGET = ("imaging=degraded",)


def config(method: str, weight: float = 1.0, schedule: Schedule = "constant") -> DomainConfig:
    return DomainConfig(method, weight, TARGET, schedule)


def cloud(rows: int, dim: int = 6, offset: float = 0.0, seed: int = 0) -> Tensor:
    return torch.randn(rows, dim, generator=torch.Generator().manual_seed(seed)) + offset


def test_coral_of_a_hand_worked_pair() -> None:
    source = torch.tensor([[0.0, 0.0], [2.0, 0.0]])  # covariance [[2, 0], [0, 0]]
    target = torch.tensor([[0.0, 0.0], [0.0, 4.0]])  # covariance [[0, 0], [0, 8]]
    assert coral_distance(source, target).item() == pytest.approx((4 + 64) / (4 * 2**2))


def test_coral_is_numpy_s_covariances_apart() -> None:
    source, target = cloud(9), 2 * cloud(14, seed=1)
    apart = np.cov(source.numpy().T) - np.cov(target.numpy().T)
    expected = np.linalg.norm(apart, "fro") ** 2 / (4 * 6**2)
    assert coral_distance(source, target).item() == pytest.approx(expected, rel=1e-4)
    assert coral_distance(source, source + 5).item() == pytest.approx(0, abs=1e-8)


def test_kernel_distance_is_scikit_learn_s_kernels() -> None:
    source, target = cloud(7), cloud(11, offset=1.0, seed=1)
    rows = np.concatenate([source.numpy(), target.numpy()]).astype(np.float64)
    width = ((rows[:, None] - rows[None]) ** 2).sum(axis=2).mean()
    expected = 0.0
    for share in (0.25, 0.5, 1.0, 2.0, 4.0):
        kernel = rbf_kernel(rows, gamma=1 / (share * width))
        within = kernel[:7, :7].mean() + kernel[7:, 7:].mean()
        expected += (within - 2 * kernel[:7, 7:].mean()) / 5
    assert kernel_distance(source, target).item() == pytest.approx(expected, rel=1e-4)
    assert kernel_distance(source, source).item() == pytest.approx(0, abs=1e-6)


def test_a_gradient_comes_back_reversed_and_weighted() -> None:
    features = torch.tensor([1.0, -2.0], requires_grad=True)
    turned = reverse_gradient(features, 0.25)
    assert torch.equal(turned, features)
    (turned * torch.tensor([3.0, 5.0])).sum().backward()  # type: ignore[no-untyped-call]
    assert features.grad is not None
    assert features.grad.tolist() == [-0.75, -1.25]


def test_the_classifier_learns_with_its_whole_error_and_the_features_against_it() -> None:
    source, target = cloud(8).requires_grad_(), cloud(5, offset=1.0, seed=1).requires_grad_()
    term = make_domain_term(config("dann", 0.5), 6)
    assert isinstance(term, Adversarial)
    found = term(source, target, 0.0)
    found.backward()
    reversed_ = [side.grad.clone() for side in (source, target) if side.grad is not None]
    learned = [weights.grad.clone() for weights in term.parameters() if weights.grad is not None]
    source.grad = target.grad = None
    term.zero_grad()
    chances = [torch.sigmoid(term.classifier(side)) for side in (source, target)]
    plain = -((1 - chances[0]).log().mean() + chances[1].log().mean()) / 2
    plain.backward()  # type: ignore[no-untyped-call]
    assert found.item() == pytest.approx(plain.item(), rel=1e-5)
    for weights, before in zip(term.parameters(), learned, strict=True):
        assert weights.grad is not None
        assert torch.allclose(weights.grad, before, atol=1e-6)
    for side, before in zip((source, target), reversed_, strict=True):
        assert side.grad is not None
        assert torch.allclose(before, -0.5 * side.grad, atol=1e-7)


@pytest.mark.parametrize("method", TERMS)
def test_every_term_falls_when_the_set_ups_are_drawn_together(method: str) -> None:
    term = make_domain_term(config(method), 6)
    source = cloud(64)
    near, far = source + 0.01, 3 * cloud(64, offset=2.0, seed=1)
    if isinstance(term, Adversarial):  # what is drawn together is what fools its classifier
        optimiser = torch.optim.Adam(term.parameters(), 0.05)
        for _ in range(60):
            optimiser.zero_grad()
            term(source, far, 1.0).backward()
            optimiser.step()
        assert term(source, far, 1.0) < 0.3 < term(source, near, 1.0)
    else:
        assert term(source, near, 1.0) < 0.1 * term(source, far, 1.0)


@pytest.mark.parametrize("method", TERMS)
def test_lambda_grows_by_ganin_s_schedule(method: str) -> None:
    target = cloud(8, offset=1.0, seed=1)

    def pull(done: float) -> Tensor:
        torch.manual_seed(0)
        source = cloud(8).requires_grad_()
        make_domain_term(config(method, 2.0, "ganin"), 6)(source, target, done).backward()
        assert source.grad is not None
        return source.grad

    whole = pull(1.0)
    assert pull(0.0).abs().max() == 0
    assert whole.abs().max() > 0
    tenth = (2 / (1 + math.exp(-1)) - 1) / (2 / (1 + math.exp(-10)) - 1)
    assert torch.allclose(pull(0.1), tenth * whole, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("method", ["coral", "mmd"])
def test_a_term_means_the_same_however_long_the_features_are(method: str) -> None:
    term = make_domain_term(config(method), 6)
    source, target = cloud(16), cloud(16, offset=1.0, seed=1)
    assert term(source, target, 1.0).item() == pytest.approx(
        term(100 * source, 100 * target, 1.0).item(), rel=1e-3
    )


@pytest.mark.parametrize("method", TERMS)
def test_what_cannot_be_compared_is_refused_in_a_sentence(method: str) -> None:
    term = make_domain_term(config(method), 6)
    assert torch.isfinite(term(cloud(2), cloud(5), 1.0))
    with pytest.raises(UsageError, match=r"Features of the target are \[4, 5\]; \[n, 6\]"):
        term(cloud(4), cloud(4, dim=5), 1.0)
    with pytest.raises(UsageError, match="lower the learning rate or the weight"):
        term(cloud(4), cloud(4) * math.nan, 1.0)
    with pytest.raises(UsageError, match=r"1.5 of the training is done"):
        term(cloud(4), cloud(4), 1.5)
    rows = term.rows_needed - 1
    with pytest.raises(UsageError, match=f"A batch holds {rows} images of the source"):
        term(cloud(rows), cloud(4), 1.0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"method": "dan", "target": TARGET},
            "There is no domain method 'dan'; did you mean 'dann'?",
        ),
        ({"method": "coral"}, "coral needs images of the target: give conditions"),
        ({"weight": -1.0}, "The weight of the domain term is -1.0; give 0 or more"),
        ({"weight": math.nan}, "The weight of the domain term is nan"),
        ({"schedule": "step"}, "no schedule 'step' of a domain term; there are ganin and constant"),
        ({"hidden": 0}, "The domain classifier is 0 wide"),
    ],
)
def test_wrong_settings_are_one_sentence(options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        make_domain_term(DomainConfig(**options), 6)  # type: ignore[arg-type]
