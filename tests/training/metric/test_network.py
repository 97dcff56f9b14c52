"""A network whose batch norms are computed inside its convolutions learns as the network does."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from holotype.index.encoders import Encoder, load_encoder
from holotype.training.metric.network import folded, native_side

FOLDING = ["test_efficientnet", "efficientnet_lite0", "resnet18", "mobilenetv3_small_050"]


def made(name: str) -> nn.Module:
    """A network with statistics and weights that are not those of a fresh one."""
    import timm

    torch.manual_seed(0)
    network: nn.Module = timm.create_model(name, num_classes=0).eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.7, 1.4)
            nn.init.uniform_(module.weight, 0.7, 1.4)
            nn.init.normal_(module.bias, 0, 0.1)
    return network


def pictures(side: int = 32) -> Tensor:
    return torch.rand(4, 3, side, side, generator=torch.Generator().manual_seed(1))


def gradients(network: nn.Module, shown: nn.Module) -> dict[str, Tensor]:
    """The gradient of every parameter of a network, by what is shown the pictures."""
    network.zero_grad()
    features = shown(pictures())
    aims = torch.linspace(-1, 1, features.numel()).view_as(features)
    (features * aims).sum().backward()
    found = {name: one.grad for name, one in network.named_parameters()}
    return {name: grad.clone() for name, grad in found.items() if grad is not None}


@pytest.mark.parametrize("name", FOLDING)
def test_features_and_gradients_are_the_networks(name: str) -> None:
    network = made(name)
    twin = folded(network, pictures())
    assert twin is not network
    with torch.no_grad():
        torch.testing.assert_close(twin(pictures()), network(pictures()), rtol=1e-3, atol=1e-4)
    wanted, got = gradients(network, network), gradients(network, twin)
    assert got.keys() == wanted.keys() == {name for name, _ in network.named_parameters()}
    for key, gradient in wanted.items():
        far = (got[key] - gradient).norm() / gradient.norm().clamp(min=1e-6)
        assert far < 1e-2, key


class WithHead(nn.Module):
    """A network that has its backbone twice, as one with a head has."""

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        self.backbone = backbone
        self.image = nn.Sequential(backbone, nn.LazyLinear(8))

    def forward(self, images: Tensor) -> Tensor:
        found: Tensor = self.image(images)
        return found


def test_a_backbone_under_a_head_is_folded_once() -> None:
    network = WithHead(made("test_efficientnet"))
    network(pictures())
    twin = folded(network, pictures())
    assert twin is not network
    torch.testing.assert_close(twin(pictures()), network(pictures()), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("name", FOLDING)
def test_what_the_twin_learns_the_network_has_learned(name: str) -> None:
    network = made(name)
    keys = list(network.state_dict())
    twin = folded(network, pictures())
    optimiser = torch.optim.SGD(network.parameters(), lr=1e-3)
    with torch.no_grad():
        before = network(pictures())
    statistics = {key: one.clone() for key, one in network.named_buffers()}
    gradients(network, twin)
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimiser.step()
    with torch.no_grad():
        after = network(pictures())
        assert not torch.allclose(after, before, rtol=1e-4)
        torch.testing.assert_close(twin(pictures()), after, rtol=1e-3, atol=1e-4)
    assert list(network.state_dict()) == keys  # the network itself is as it was built
    for key, one in network.named_buffers():
        torch.testing.assert_close(one, statistics[key], rtol=0, atol=0)


@pytest.mark.parametrize("name", ["test_vit", "convnext_atto", "vgg11_bn"])
def test_a_network_without_such_norms_is_trained_itself(name: str) -> None:
    network = made(name)
    assert folded(network, pictures(160)) is network


class Swapped(nn.Module):
    """Modules that run in another order than they are listed in."""

    def __init__(self) -> None:
        super().__init__()
        self.convolution = nn.Conv2d(3, 3, 3, bias=False)
        self.norm = nn.BatchNorm2d(3)

    def forward(self, shown: Tensor) -> Tensor:
        found: Tensor = self.convolution(self.norm(shown)).mean((2, 3))
        return found


class Shared(nn.Module):
    """A norm that runs after two convolutions."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 3, 1, bias=False)
        self.norm = nn.BatchNorm2d(3)
        self.second = nn.Conv2d(3, 3, 1, bias=False)

    def forward(self, shown: Tensor) -> Tensor:
        found: Tensor = self.norm(self.second(self.norm(self.first(shown)))).mean((2, 3))
        return found


@pytest.mark.parametrize("kind", [Swapped, Shared])
def test_a_network_that_runs_in_another_order_is_trained_itself(kind: type[nn.Module]) -> None:
    network = kind().eval()
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            nn.init.constant_(module.running_mean, 0.5)
            nn.init.uniform_(module.weight, 2, 3)
            nn.init.ones_(module.bias)
    assert folded(network, pictures()) is network


def test_larger_pictures_than_a_network_was_made_for_are_not_trained_on(
    encoder: Encoder, tiny: Encoder
) -> None:
    assert native_side(encoder) == 224
    assert native_side(load_encoder("bundled:320")) == 224
    assert native_side(tiny) == 32  # its own input is smaller than what timm's has
