"""What is known of an encoder that was loaded once, kept so that it need not be loaded again.

It is kept under all that decides it: the files that were loaded, the libraries and this package's
own code. Where one of them changes, the encoder is loaded anew.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from pathlib import Path

from ..files.durable import digest_of
from .cache import keep_cached, read_cached
from .model import Facts, Preprocessing

_LIBRARIES = ("torch", "timm", "torchvision", "open_clip_torch", "onnx", "onnxruntime")


def facts_key(name: str, views: int, files: Iterable[Path]) -> str:
    """Return all that decides the facts of an encoder.

    Args:
        files: those that its loader reads.

    Raises:
        OSError: one of them cannot be read.
    """
    code = sorted(Path(__file__).parent.rglob("*.py"))
    read = [f"{path.name} {digest_of(path)}" for path in (*code, *files)]
    return "\n".join((f"facts: {name}, views {views}, {libraries()}", *read))


def read_facts(key: str) -> Facts | None:
    """Return what was kept; None where nothing is, or it is damaged."""
    kept = read_cached(key)
    if kept is None:
        return None
    found = json.loads(kept)
    recipe = found.pop("preprocessing")
    mean, std = tuple(recipe.pop("mean")), tuple(recipe.pop("std"))
    return Facts(**found, preprocessing=Preprocessing(mean=mean, std=std, **recipe))


def keep_facts(key: str, facts: Facts) -> None:
    """Keep what is known of an encoder."""
    keep_cached(key, json.dumps(asdict(facts)).encode())


@cache
def libraries() -> str:
    """Return what loads, exports and runs networks, with versions."""
    return ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
