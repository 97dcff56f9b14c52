"""Networks that are cut in two compute what they did whole."""

from __future__ import annotations

import pytest
import torch

from holotype.index.errors import UsageError
from holotype.training.metric.stages import cut


@pytest.mark.parametrize(
    "name", ["test_efficientnet", "resnet10t", "mobilenetv3_small_050", "convnext_atto", "vgg11"]
)
def test_a_cut_network_gives_what_the_whole_gives_and_shares_its_weights(name: str) -> None:
    import timm

    torch.manual_seed(0)
    network = timm.create_model(name, num_classes=0).eval()
    pictures = torch.rand(2, 3, 48, 48)
    parts = cut(network, 2, pictures)
    parts.freeze()
    with torch.no_grad():
        torch.testing.assert_close(parts.tail(parts.front(pictures)), network(pictures))
    trained = {id(one) for one in network.parameters() if one.requires_grad}
    assert 0 < len(trained) < len(list(network.parameters()))
    assert {id(one) for one in parts.tail.parameters() if one.requires_grad} == trained


def test_a_network_without_such_stages_is_refused_with_a_way_out() -> None:
    import timm

    network = timm.create_model("test_vit", num_classes=0).eval()
    with pytest.raises(UsageError, match=r"set network\.train to .whole."):
        cut(network, 1, torch.rand(1, 3, 160, 160))
    network = timm.create_model("test_efficientnet", num_classes=0).eval()
    with pytest.raises(UsageError, match=r"network\.stages = 50 leaves none"):
        cut(network, 50, torch.rand(1, 3, 64, 64))
