"""Files that are damaged at random: refused by name or built again, but never a wrong answer."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError
from holotype.index.pictures.reading import content_hash
from holotype.index.search.search import search, stored_vector
from holotype.index.storage.files_beside import THUMBNAILS, list_files, place_for
from holotype.index.upkeep.snapshots import restore, snapshot

from .plain import make, put, vector_of

IMAGES = 60
REFUSED, REBUILT, UNHARMED, WRONG = "refused", "built again", "no harm", "WRONG"

Harm = Callable[[Path, Path, random.Random], None]
Outcomes = dict[tuple[str, str], Counter[str]]


def _flip(path: Path, _: Path, rng: random.Random) -> None:
    data = bytearray(path.read_bytes())
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    path.write_bytes(data)


def _truncate(path: Path, _: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: rng.randrange(len(data))])


def _zero_tail(path: Path, _: Path, rng: random.Random) -> None:
    data = path.read_bytes()
    kept = rng.randrange(len(data))
    path.write_bytes(data[:kept] + bytes(len(data) - kept))


def _swap(path: Path, other: Path, _: random.Random) -> None:
    shutil.copy(other, path)


def _remove(path: Path, _: Path, __: random.Random) -> None:
    path.unlink()


HARMS: dict[str, Harm] = {
    "bit flip": _flip,
    "truncation": _truncate,
    "zeroed tail": _zero_tail,
    "swapped generation": _swap,
    "missing file": _remove,
}


def corrupt(folder: Path, times: int, *, seed: int = 0) -> Outcomes:
    """Damage the database, the index, and every file of a snapshot, each in turn in every way.

    A swapped generation is a file of the same collection at an earlier state. An older database,
    whole in itself, cannot be told from a restored one, so it is swapped in snapshots only.

    Args:
        folder: scratch; must be empty.
        times: how many files are damaged in all.

    Returns:
        {(kind of file, kind of harm): outcomes}
    """
    rng, found = random.Random(seed), Outcomes()  # noqa: S311
    whole, older = folder / "whole", folder / "older"
    _make(whole, older)
    expected = _answers(whole / "collection")
    cases = [
        (place, harm)
        for place in ("collection", "snapshot")
        for harm in HARMS
        for _ in range(2 if place == "collection" else 1)
    ]
    for number in range(times):
        place, harm = cases[number % len(cases)]
        copy = Path(shutil.copytree(whole, folder / "copy"))
        path = _pick(copy, place, number % 2 == 0 and harm != "swapped generation", rng)
        HARMS[harm](path, _counterpart(copy, older, path), rng)
        outcome = _outcome(copy, place, path, (whole / path.relative_to(copy)), expected)
        kind = _kind(path.relative_to(copy))
        found.setdefault((kind, harm), Counter())[outcome] += 1
        shutil.rmtree(copy)
    return found


def _make(whole: Path, older: Path) -> None:
    """Make a collection at two states, with snapshots of both."""
    for place, version in ((older, 0), (whole, 1)):
        make(place / "collection", IMAGES)
        with Collection.open(place / "collection") as collection:
            put(collection, [(f"image {n}", version) for n in range(0, IMAGES, 3)])
            collection.gallery()
            for image in list(collection.images())[:5]:
                inside = f"{THUMBNAILS}/{image.sha256[:2]}/{image.sha256}-256.jpg"
                data = image.sha256.encode()
                place_for(collection.folder, inside).write_bytes(data)
                with collection.database.transaction() as connection:
                    list_files(connection, [(inside, content_hash(data))])
            snapshot(collection, place / "snapshot")


def _pick(copy: Path, place: str, database: bool, rng: random.Random) -> Path:
    """Choose the database, or a file beside it."""
    if database:
        return copy / place / "collection.sqlite"
    if place == "collection":
        return next((copy / place / "index").iterdir())
    return rng.choice(sorted(path for path in (copy / place).rglob("*") if path.is_file()))


def _counterpart(copy: Path, older: Path, path: Path) -> Path:
    """Return the file that stood in this place in an earlier state, or one of its kind."""
    inside = older / path.relative_to(copy)
    if inside.is_file():
        return inside
    kin = older.joinpath(*path.relative_to(copy).parts[:2])  # images, thumbnails or indexes
    around = kin if kin.is_dir() else inside.parent
    return next(found for found in sorted(around.rglob("*")) if found.is_file())


def _kind(inside: Path) -> str:
    place, name = inside.parts[0], inside.name
    part = inside.parts[1] if len(inside.parts) > 2 else name
    return f"{place}: {part}"


def _outcome(copy: Path, place: str, path: Path, before: Path, expected: Any) -> str:
    if path.is_file() and path.read_bytes() == before.read_bytes():
        return UNHARMED  # zeros on zeros
    asked = copy / "collection"
    try:
        if place == "snapshot":
            asked = copy / "restored"
            restore(copy / place, asked)
        if _answers(asked) != expected:
            return WRONG
    except (HolotypeError, sqlite3.DatabaseError):
        return REFUSED
    whole = path.is_file() and path.read_bytes() == before.read_bytes()
    return REBUILT if whole else UNHARMED


def _answers(folder: Path) -> Any:
    """Return all that a collection tells: records, history, and neighbours with their scores."""
    with Collection.open(folder) as collection:
        images = list(collection.images())
        near = [
            [
                [hit.to_dict() for hit in search(collection, vector, k=IMAGES)],
                [hit.to_dict() for hit in search(collection, vector, where=["version=1"])],
            ]
            for vector in [vector_of(f"{number:016x}") for number in range(3)]
        ]
        stored = [stored_vector(collection, image).tolist() for image in images]
        return images, near, stored, [event.determined_by for event in collection.history()]
