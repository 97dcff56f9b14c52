from __future__ import annotations

from typing import Any

import open_clip
import torch

from holotype.training.clip.low_rank import LowRank, add_low_rank, merge_low_rank

CONFIG = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 64, "patch_size": 16},
    "text_cfg": {"context_length": 16, "width": 64, "heads": 1, "layers": 1},
}
PICTURES, TOKENS = torch.rand(2, 3, 32, 32), torch.randint(1, 100, (2, 16))


def outputs(clip: Any) -> torch.Tensor:
    with torch.no_grad():
        return torch.cat([clip.encode_image(PICTURES), clip.encode_text(TOKENS)])


def test_it_changes_nothing_at_first_and_merges_into_the_same_weights() -> None:
    torch.manual_seed(0)
    clip = open_clip.CLIP(**CONFIG).eval()
    names, before = clip.state_dict().keys(), outputs(clip)
    total = sum(p.numel() for p in clip.parameters())
    add_low_rank(clip, 2)
    torch.testing.assert_close(outputs(clip), before)
    trained = [p for p in clip.parameters() if p.requires_grad]
    assert 0 < sum(p.numel() for p in trained) < 0.05 * total
    for module in clip.modules():
        if isinstance(module, LowRank):
            torch.nn.init.normal_(module.up)
    changed = outputs(clip)
    assert (changed - before).abs().max() > 0.01
    merge_low_rank(clip)
    assert clip.state_dict().keys() == names
    torch.testing.assert_close(outputs(clip), changed)


def test_attention_and_convolutions_of_one_pixel_are_linear_layers_too() -> None:
    import timm

    clip, network = open_clip.CLIP(**CONFIG), timm.create_model("test_efficientnet", num_classes=0)
    add_low_rank(clip, 2)
    add_low_rank(network, 2)
    assert hasattr(clip.visual.transformer.resblocks[0].attn, "parametrizations")
    deep = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d) and m.groups > 1]
    assert deep
    assert not any(hasattr(module, "parametrizations") for module in deep)
    assert sum(isinstance(m, LowRank) for m in network.modules()) > 5
