"""What a run leaves on disk so that it can go on: one file, replaced whole."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from holotype.index.errors import UsageError, first_line
from holotype.index.files.durable import write_durably
from holotype.index.ways import option

from .config import TrainConfig
from .pictures import Labelled

_FILE = "run.pt"


def identity_of(
    config: TrainConfig, pictures: Labelled, start: str, unlabelled: Iterable[str] = ()
) -> str:
    """Return what tells a run from others: its config, its pictures and names, and its start.

    Args:
        start: fingerprint of the encoder.
        unlabelled: sha256 of the pictures that are seen without names.
    """
    digest = hashlib.sha256(json.dumps(asdict(config), sort_keys=True).encode())
    digest.update(start.encode())
    for image in pictures.images:
        digest.update(image.sha256.encode())
    for sha256 in unlabelled:
        digest.update(sha256.encode())
    digest.update(pictures.labels.tobytes())
    digest.update(json.dumps(pictures.names, ensure_ascii=False).encode())
    return digest.hexdigest()


def keep(folder: Path, identity: str, kept: dict[str, Any]) -> None:
    """Write what a run needs to go on, durably."""
    file = io.BytesIO()
    torch.save({"identity": identity, **kept}, file)
    write_durably(folder / _FILE, file.getvalue())


def is_kept(folder: Path) -> bool:
    """Return whether a run left there what it needs to go on."""
    return (folder / _FILE).exists()


def discard(folder: Path) -> bool:
    """Remove what a run left, and return whether there was anything."""
    there = is_kept(folder)
    (folder / _FILE).unlink(missing_ok=True)
    return there


def kept_run(folder: Path, identity: str) -> dict[str, Any]:
    """Return what was kept.

    Raises:
        UsageError: there is nothing, it is of another run, or it cannot be read.
    """
    path = folder / _FILE
    if not path.exists():
        raise UsageError(
            f"No run was broken off in {folder}, or it had kept nothing yet; train without "
            + option("resume")
        )
    try:
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises many kinds
        raise UsageError(
            f"{path} cannot be read ({first_line(error)}); train without {option('resume')}"
        ) from error
    if kept.get("identity") != identity:
        raise UsageError(
            "What was interrupted was another run: its config, its start, or the pictures and "
            f"their names have changed since; train without {option('resume')}"
        )
    return kept
