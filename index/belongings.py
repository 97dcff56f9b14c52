"""The files that lie beside the database and belong to it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .database import Database

_IMAGES, _THUMBNAILS, _MODELS = "images", "thumbnails", "models"


def belongings(database: Database, folder: Path) -> tuple[list[Path], list[Path]]:
    """Return the copied pictures, thumbnails and checkpoints below a folder, and what is left over.

    Args:
        database: which images there are; it may be a copy of that in the folder.

    Returns:
        paths relative to the folder: those that belong to an image or a space, and the others.
    """
    images = database.read("SELECT path, sha256 FROM images")
    pictures = {image["path"] for image in images}
    contents = {image["sha256"] for image in images}
    own: list[Path] = []
    others: list[Path] = []
    for path in _below(folder, _IMAGES):
        (own if path.as_posix() in pictures else others).append(path)
    for path in _below(folder, _THUMBNAILS):
        whole = path.suffix == ".jpg" and path.name.partition("-")[0] in contents
        (own if whole else others).append(path)
    return own + list(_below(folder, _MODELS)), others


def missing_pictures(database: Database, folder: Path) -> list[Path]:
    """Return the copied pictures that should lie below a folder and do not, relative to it."""
    found = database.read("SELECT path FROM images WHERE path <> ''")
    paths = [Path(image["path"]) for image in found]
    copied = (path for path in paths if not path.is_absolute())
    return sorted({path for path in copied if not (folder / path).is_file()})


def _below(folder: Path, name: str) -> Iterator[Path]:
    for path in sorted((folder / name).rglob("*")):
        if path.is_file() and not path.is_symlink():
            yield path.relative_to(folder)
