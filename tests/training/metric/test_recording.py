"""A network that is recorded on a GPU computes what it computed; elsewhere nothing is recorded."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from holotype.training.metric.recording import Recorded


@pytest.mark.parametrize(
    "device",
    [
        "cpu",
        pytest.param(
            "cuda",
            marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
        ),
    ],
)
def test_a_recorded_network_learns_as_the_network_does(device: str) -> None:
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network = network.to(device).eval()
    recorded = Recorded(network)
    for step in range(20):
        pictures = torch.rand(4 if step % 5 else 3, 3, 16, 16, device=device)
        found = []
        for one in (network, recorded):
            network.zero_grad()
            features = one(pictures)
            (features * features).sum().backward()
            gradients = [weight.grad for weight in network.parameters()]
            found.append(
                [features.detach().clone(), *[g.clone() for g in gradients if g is not None]]
            )
        for wanted, got in zip(*found, strict=True):
            torch.testing.assert_close(got, wanted)
    assert bool(recorded._recordings) == (device == "cuda")
