"""Training runs by name: what differs from the defaults of `config`."""

from __future__ import annotations

from typing import Any


def _softmax(encoder: str) -> dict[str, Any]:
    """Return what a plain classifier needs, the baseline of most papers, on an encoder."""
    return {
        "network": {"encoder": encoder},
        "loss": {"name": "softmax", "miner": ""},
        "batches": {"sampler": "random"},
    }


PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "resnet18": _softmax("timm:resnet18"),
    "resnet34": _softmax("timm:resnet34"),
    "resnet50": _softmax("timm:resnet50"),
    "vgg19": _softmax("timm:vgg19"),
    "clip": {"method": "clip"},
}
