from __future__ import annotations

import pytest
import torch
from torch import Tensor

from holotype.training.losses import LossConfig, Objective, make_objective


def batch(n: int = 40) -> tuple[Tensor, Tensor]:
    """Features of a random network, with 3 genera and 10 species."""
    features = torch.randn(n, 16, generator=torch.Generator().manual_seed(0))
    row = torch.arange(n)
    return features.requires_grad_(), torch.stack([row % 3, row % 10], 1)


def objective(config: LossConfig) -> Objective:
    torch.manual_seed(0)
    return make_objective(config, 16, {"genus": 3, "species": 10})


CONFIGS = (LossConfig(), LossConfig("proxy-anchor", ""), LossConfig("softmax", ""))


@pytest.mark.parametrize("config", CONFIGS, ids=lambda config: config.name)
def test_a_loss_is_a_number_with_a_gradient(config: LossConfig) -> None:
    features, labels = batch()
    loss = objective(config)(features, labels)
    loss.backward()
    assert loss.ndim == 0
    assert float(loss) > 0
    assert features.grad is not None
    assert float(features.grad.norm()) > 0
