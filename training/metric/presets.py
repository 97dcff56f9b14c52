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


# Karaderi and others 2022, arXiv 2112.09490, as their code has it. What they identify with is 5
# nearest neighbours; here it is what judged best.
_MICROFOSSIL: dict[str, Any] = {
    "network": {"encoder": "timm:resnet50", "head": [1000, 128], "keep_head": True},
    "loss": {
        "name": "reciprocal-triplet",
        "miner": "hardest-negative",
        "weight": 0.01,
        "softmax": 1.0,
        "smoothing": 0.0,
    },
    "batches": {"sampler": "per-class", "batch": 16, "per_class": 2},
    "augmentation": {
        "scale": [1.0, 1.0],
        "shift": 0.0,
        "aspect": 0.0,
        "mirror": False,
        "brightness": 0.0,
        "contrast": 0.0,
        "saturation": [1.0, 1.0],
        "colour": 0.0,
        "erase": 0.0,
    },
    "schedule": {
        "epochs": 30.0,
        "sizes": [1.0],
        "shares": [1.0],
        "optimiser": "sgd",
        "momentum": 0.0,
        "rate": 1e-3,
        "head_rate": 1e-3,
        "first_rate": 1.0,
        "warm_up": 0.0,
        "average": 0.0,
        "clip": 1e6,
    },
}

# An and others 2023, arXiv 2304.05884: classes as clusters, of which a random share is compared
# with, in a random share of the features.
_UNICOM: dict[str, Any] = {
    "loss": {"name": "cluster-discrimination", "miner": ""},
    "batches": {"sampler": "random"},
}

# The last stages learn on activations that are computed once, in a few minutes on two cores.
_QUICK: dict[str, Any] = {
    "network": {"train": "last", "stages": 2, "copies": 4},
    "schedule": {
        "pictures": 12_000,
        "minutes": 10.0,
        "sizes": [0.86],
        "shares": [1.0],
    },
}

_PROJECTION: dict[str, Any] = {
    "network": {"train": "projection", "dropped": 0.1},
    "schedule": {"pictures": 12_000, "rate": 1e-4, "decay": 0.0},
}

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "quick": _QUICK,
    "projection": _PROJECTION,
    "microfossil": _MICROFOSSIL,
    "unicom": _UNICOM,
    "resnet18": _softmax("timm:resnet18"),
    "resnet34": _softmax("timm:resnet34"),
    "resnet50": _softmax("timm:resnet50"),
    "vgg19": _softmax("timm:vgg19"),
    "clip": {"method": "clip"},
}
