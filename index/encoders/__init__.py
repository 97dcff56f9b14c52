"""Encoders by name. A new kind is one module with a loader and one line in `LOADERS`."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path

from ..errors import EncoderError
from ..runtime import prepare

prepare()

from ..arrays import Embeddings, Pixels  # noqa: E402
from ..vectors.faiss_calls import faiss  # noqa: E402
from .accelerate import accelerated, runs_in_torch  # noqa: E402
from .base import Encoder  # noqa: E402
from .kept_facts import facts_key, keep_facts, read_facts  # noqa: E402
from .model import VIEWS, Model, Preprocessing, Unloaded, require_views  # noqa: E402

# Module and function; the large library that each needs is imported when something is loaded.
LOADERS: dict[str, tuple[str, str]] = {
    "bundled": ("bundled", "load_bundled"),
    "timm": ("timm_models", "load_timm"),
    "open_clip": ("clip", "load_open_clip"),
    "hf-hub": ("clip", "load_hub"),
    "local-dir": ("clip", "load_local"),
    "checkpoint": ("checkpoint", "load_checkpoint"),
}

DEFAULT_ENCODER = "bundled:320"  # what pictures are embedded with where nobody says otherwise
_LARGE_ENCODER = "bundled:large"
_OWN_VIEWS = {DEFAULT_ENCODER: 2, _LARGE_ENCODER: 2}  # where nobody says; of all others 1

# What lists the files that a loader reads, where they are known before it has read them.
_FILES = {"bundled": "bundled_files", "local-dir": "local_files", "checkpoint": "checkpoint_files"}

__all__ = [
    "DEFAULT_ENCODER",
    "LOADERS",
    "VIEWS",
    "Embeddings",
    "Encoder",
    "Model",
    "Pixels",
    "Preprocessing",
    "accelerated",
    "load_encoder",
]


def load_encoder(name: str = DEFAULT_ENCODER, *, views: int | None = None) -> Encoder:
    """Load an encoder by its name: `bundled`, or `<kind>:<what>` with a kind of `LOADERS`.

    `bundled` takes pictures of 224 pixels, `bundled:320` of 320, and `bundled:large` puts the
    features of a second, larger network beside those.

    Of one whose files were loaded before, only what was kept is read, and its network where PyTorch
    has to run it.

    Args:
        views: how many views of a picture are averaged: 1 the whole picture, 2 and its centre,
            3 and its mirror image (not where handedness is a character). By default 2 of
            `bundled:320` and `bundled:large`, which are worth their time there, and 1 of all
            others.

    Raises:
        EncoderError: no such kind, or it cannot be loaded with its weights.
        UsageError: no such number of views.
    """
    kind, colon, rest = name.partition(":")
    if kind not in LOADERS or bool(colon) != bool(rest) or (kind != "bundled" and not rest):
        others = (f"{other}:…" for other in LOADERS if other != "bundled")
        forms = ", ".join(("bundled", *_OWN_VIEWS, *others))
        raise EncoderError(f"Encoder '{name}' is not known; write one of {forms}")
    views = _OWN_VIEWS.get(name, 1) if views is None else views
    require_views(views)
    if kind in ("local-dir", "checkpoint"):  # found again from any working folder
        rest = os.path.realpath(rest)
        name = f"{kind}:{rest}"
    module, function = LOADERS[kind]
    home = import_module(f".{module}", __name__)
    load: Callable[[], Model] = partial(_model, getattr(home, function), rest)
    if kind not in _FILES or runs_in_torch():
        return Encoder(name, load(), views=views)
    return _known(name, views, partial(getattr(home, _FILES[kind]), rest), load)


def _model(load: Callable[[str], Model], rest: str) -> Model:
    """Load a model, FAISS first: after PyTorch it would take over PyTorch's OpenMP threads."""
    faiss()
    return load(rest)


def _known(
    name: str, views: int, files: Callable[[], list[Path]], load: Callable[[], Model]
) -> Encoder:
    """Return an encoder that is loaded only where its facts have not been kept."""
    key = _key(name, views, files)
    facts = read_facts(key) if key else None
    if facts is not None:
        return Encoder(name, Unloaded(facts, load), views=views)
    encoder = Encoder(name, load(), views=views)
    if key and key == _key(name, views, files):  # the files are still those that were loaded
        keep_facts(key, encoder.facts)
    return encoder


def _key(name: str, views: int, files: Callable[[], list[Path]]) -> str:
    try:
        return facts_key(name, views, files())
    except OSError:  # whatever is missing, loading it says so
        return ""
