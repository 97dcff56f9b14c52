"""Which images a checkpoint was trained on, as its card says.

The key `images` of `card.json` holds the sha256 of each picture's file: `{"sha256": ["ab12…", …]}`;
or, of many, `{"file": "images.sha256"}`, a text file beside the card with one hash a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import EncoderError, first_line
from ..files.durable import write_durably
from ..files.plain_json import read_json
from ..files.regular import Limit, read_regular
from ..trust import trusts_encoder
from ..vectors.fitted_on import FittedOn
from .checkpoint import CARD, read_card

_FILE = "images.sha256"
_IN_CARD = 1000  # hashes; more are written beside it
_MOST = Limit(4 << 30, "of a list of hashes")
_HASH = re.compile(r"[0-9a-fA-F]{64}")
_KIND = "checkpoint:"


def list_images(folder: Path, sha256s: Iterable[str]) -> dict[str, Any]:
    """Return what a card holds under `images`, having written the file beside it for many.

    Args:
        folder: of the checkpoint; it is made where there is none.
        sha256s: of the files of all pictures that were trained on, chosen by or stopped by.

    Raises:
        ValueError: one is no sha256.
    """
    hashes = sorted({sha256.lower() for sha256 in sha256s})
    _require_hashes(hashes)
    if len(hashes) <= _IN_CARD:
        return {"sha256": hashes}
    folder.mkdir(parents=True, exist_ok=True)
    write_durably(folder / _FILE, ("\n".join(hashes) + "\n").encode())
    return {"file": _FILE}


def trained_on(encoder: str) -> FittedOn | None:
    """Return the images that an encoder was trained on; None where nothing says so.

    Only checkpoints say so, and only those that this user lets collections name are read.

    Args:
        encoder: its name, such as `checkpoint:/data/nets/moths`.

    Raises:
        EncoderError: the card lists images in a way that cannot be read.
    """
    if not encoder.startswith(_KIND) or not trusts_encoder(encoder):
        return None
    folder = Path(encoder.removeprefix(_KIND))
    try:
        card = (folder / CARD).stat()
        return _read(folder, (card.st_mtime_ns, card.st_size, card.st_ino))
    except (OSError, ValueError):  # whoever loads it is told
        return None


@lru_cache(maxsize=16)
def _read(folder: Path, _: tuple[int, ...]) -> FittedOn | None:
    """Return what a card lists; the second argument tells one card from a later one."""
    card = read_json(read_card(folder / CARD), dict)
    if "images" not in card:
        return None
    try:
        return FittedOn.of(_hashes(folder, card["images"]))
    except (OSError, ValueError) as error:
        raise EncoderError(
            f"{folder / CARD} does not say which images it was trained on in a way that can be "
            f'read ({first_line(error)}); write "images": {{"sha256": [...]}}, or {{"file": '
            f'"{_FILE}"}} with one hash a line'
        ) from error


def _hashes(folder: Path, images: object) -> list[str]:
    """Return the hashes that a card lists.

    Raises:
        OSError, ValueError: they are none, or the file is not beside the card.
    """
    if not isinstance(images, dict) or len({"sha256", "file"} & images.keys()) != 1:
        raise ValueError("images must hold either sha256 or file")
    hashes = images["sha256"] if "sha256" in images else _in_file(folder, images["file"])
    if not isinstance(hashes, list):
        raise ValueError("sha256 is no list")
    _require_hashes(hashes)
    return hashes


def _in_file(folder: Path, name: object) -> list[str]:
    if not isinstance(name, str) or Path(name).name != name:
        raise ValueError("file is not the name of a file beside the card")
    return read_regular(folder / name, _MOST).decode("ascii").split()


def _require_hashes(hashes: list[str]) -> None:
    for sha256 in hashes:
        if not isinstance(sha256, str) or not _HASH.fullmatch(sha256):
            raise ValueError(f"{str(sha256)[:80]!r} is no sha256 of 64 hexadecimal digits")
