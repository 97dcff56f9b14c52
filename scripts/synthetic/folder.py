"""A folder that knows what it was made with, and refuses to be made with something else."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path

from PIL import Image

from holotype.index.errors import UsageError
from holotype.index.files.durable import write_durably

from .setups import Picture

Parameters = Mapping[str, int | str]

RENDERER = 1
"""Raised when the same parameters give other pictures."""
PARAMETERS = "parameters.json"
_QUALITY = 92


def claim_folder(folder: Path, kind: str, parameters: Parameters) -> None:
    """Make the folder, or go on with one that was made with the same parameters.

    Raises:
        UsageError: it was made with others, or holds something else.
    """
    wanted = {"kind": kind, "renderer": RENDERER, **parameters}
    path = folder / PARAMETERS
    if path.exists():
        _compare(folder, json.loads(path.read_text()), wanted)
        return
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} holds other files; name a new or empty folder")
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(path, (json.dumps(wanted, indent=2) + "\n").encode())


def _compare(folder: Path, found: Parameters, wanted: Parameters) -> None:
    differing = [name for name in wanted if found.get(name) != wanted[name]]
    if differing:
        values = ", ".join(f"{name} {found.get(name)} (not {wanted[name]})" for name in differing)
        raise UsageError(f"{folder} was made with {values}; repeat those or name another folder")


def check_range(name: str, value: int, low: int, high: int) -> None:
    """Refuse a parameter out of its range.

    Raises:
        UsageError: it is out of its range.
    """
    if not low <= value <= high:
        raise UsageError(f"{name} is {value}; it must be {low} to {high}")


def write_picture(path: Path, picture: Picture) -> None:
    """Write a picture as JPEG, whole or not at all."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=_QUALITY, subsampling=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_durably(path, buffer.getvalue())
