"""Encoders by name. A new kind is one module with a loader and one line in `LOADERS`."""

from __future__ import annotations

import os
from importlib import import_module

from ..errors import EncoderError
from ..runtime import prepare

prepare()

from ..arrays import Embeddings, Pixels  # noqa: E402
from .accelerate import accelerated  # noqa: E402
from .base import (  # noqa: E402
    VIEWS,
    Encoder,
    Model,
    Preprocessing,
    single_threaded,
)

# Module and function; imported when asked for, because each brings a large library.
LOADERS: dict[str, tuple[str, str]] = {
    "bundled": ("bundled", "load_bundled"),
    "timm": ("timm_models", "load_timm"),
    "open_clip": ("clip", "load_open_clip"),
    "hf-hub": ("clip", "load_hub"),
    "local-dir": ("clip", "load_local"),
    "checkpoint": ("checkpoint", "load_checkpoint"),
}

__all__ = [
    "LOADERS",
    "VIEWS",
    "Embeddings",
    "Encoder",
    "Model",
    "Pixels",
    "Preprocessing",
    "accelerated",
    "load_encoder",
    "single_threaded",
]


def load_encoder(name: str = "bundled", *, views: int = 1) -> Encoder:
    """Load an encoder by its name: `bundled`, or `<kind>:<what>` with a kind of `LOADERS`.

    Args:
        views: how many views of a picture are averaged: 1 the whole picture, 2 and its centre,
            3 and its mirror image (not where handedness is a character).

    Raises:
        EncoderError: no such kind, or it cannot be loaded with its weights.
        UsageError: no such number of views.
    """
    kind, _, rest = name.partition(":")
    if kind not in LOADERS or (kind == "bundled") == bool(rest):
        forms = ", ".join(k if k == "bundled" else f"{k}:…" for k in LOADERS)
        raise EncoderError(f"Encoder '{name}' is not known; write one of {forms}")
    module, function = LOADERS[kind]
    load = getattr(import_module(f".{module}", __name__), function)
    if kind in ("local-dir", "checkpoint"):  # found again from any working folder
        rest = os.path.realpath(rest)
        name = f"{kind}:{rest}"
    return Encoder(name, load(rest), views=views)
