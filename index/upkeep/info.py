"""What a collection holds, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..collection import Collection
from ..errors import CorruptError, PictureError
from ..files.durable import is_file
from ..gallery.array_files import damage_of_arrays
from ..gallery.fitted import told_of
from ..gallery.index_files import about_index, damage
from ..gallery.label_files import damaged_columns
from ..pictures.reading import content_hash, read_bytes
from ..storage.canaries import kept_canaries
from ..storage.files_beside import IMAGES, INDEX, THUMBNAILS, unneeded
from ..storage.integrity import all_damage
from ..storage.same_content import under_two_names
from ..storage.sources import is_shown
from ..taxonomy import RANKS, lowest_name
from ..vectors import measure_recall
from ..ways import way

_SHOWN = 20  # missing pictures that are named one by one

# The images are gone through once for all ranks: of a million that takes a quarter of a second.
_COUNTS = (
    f"count(DISTINCT CASE WHEN \"{rank}\" <> '' "
    f"THEN category || '/' || kingdom || '/' || \"{rank}\" END)"
    for rank in RANKS
)
_COUNT_TAXA = (
    f"SELECT {', '.join(_COUNTS)} FROM taxa WHERE taxon_id IN ("
    "SELECT DISTINCT taxon_id FROM accepted AS a "
    "WHERE EXISTS (SELECT 1 FROM images AS i WHERE i.specimen_id = a.specimen_id))"
)


def info(collection: Collection) -> dict[str, Any]:
    """Return counts, spaces with their encoders, and index kinds, as JSON-ready values."""
    collection.require_intact()
    read = collection.database.read
    images, specimens = read("SELECT count(*), count(DISTINCT specimen_id) FROM images")[0]
    taxa = {rank: count for rank, count in zip(RANKS, read(_COUNT_TAXA)[0], strict=True) if count}
    splits = read("SELECT split, count(*) FROM images GROUP BY split ORDER BY split")
    return {
        "collection": str(collection.folder),
        "images": images,
        "specimens": specimens,
        "taxa": taxa,
        "store": collection.database.store.address,
        "splits": {split: count for split, count in splits if split},
        "spaces": [_space_info(collection, space.name) for space in collection.spaces()],
    }


def _space_info(collection: Collection, name: str) -> dict[str, Any]:
    space = collection.space(name)
    canaries = kept_canaries(collection.database, space)
    about = about_index(collection.database, space) or {"kind": None, "why": None, "recall": None}
    return {
        "name": space.name,
        "encoder": space.encoder,
        "fingerprint": space.fingerprint,
        "views": space.views,
        "dim": space.dim,
        "made_with": canaries.libraries if canaries else None,
        "tuned_from": collection.source(space).name if space.projection_id else None,
        "fitted_on": told_of(collection.database, space),
        "embeddings": collection.count(space),
        "index": about["kind"],
        "index_why": about["why"],
        "index_recall": about["recall"],
    }


def recall_of(collection: Collection) -> dict[str, float]:
    """Return the recall@10 of every space's index against exact search, measured now.

    256 images a space look for their neighbours; a share in [0, 1].
    """
    filled = (space.name for space in collection.spaces() if collection.count(space))
    return {name: measure_recall(collection.gallery(name).index) for name in filled}


@dataclass(frozen=True)
class Verification:
    """What a verification found: sentences; empty lists where all is well.

    Attributes:
        errors: the truth is damaged: restore a snapshot.
        warnings: something derived or referenced is missing or changed.
        notes: nothing is damaged, but somebody should look: a picture under two names.
    """

    errors: list[str]
    warnings: list[str]
    notes: list[str]


def verify(collection: Collection, *, pictures: bool = False) -> Verification:
    """Check the database, the vectors and the index files of a collection, and that pictures exist.

    Args:
        pictures: also read every picture and compare it with the hash that was stored.
    """
    errors = all_damage(collection.database)
    warnings = [
        f"{collection.folder / path} is needed no more; {way('collection compact')} removes it"
        for kind in (INDEX, IMAGES, THUMBNAILS)
        for path in unneeded(collection.database, kind)
    ]
    try:
        spaces = collection.spaces()
    except CorruptError:  # it is among the errors already
        spaces = []
    for space in spaces:
        broken = damage(collection.database, space), damaged_columns(collection.database, space)
        warnings += [sentence for sentence in broken if sentence]
        warnings += damage_of_arrays(collection.database, space)
        left = len(collection.database.store.leftovers(space.space_id))
        if left:
            warnings.append(
                f"{collection.database.store.address} holds {left} vectors of space "
                f"'{space.name}' that are in no record; {way('collection compact')} removes them"
            )
    if not errors:
        warnings += _missing_pictures(collection)
    if pictures and not errors:
        warnings += _changed_pictures(collection)
    notes = [] if errors else _two_names(collection)
    return Verification(errors, warnings, notes)


def _two_names(collection: Collection) -> list[str]:
    """Return one sentence for every picture that is stored under contradictory names."""
    found = []
    for images in under_two_names(collection.database):
        named = [
            f"{image.image_id} ({lowest_name(image.lineage) or 'no name'})" for image in images
        ]
        found.append(
            f"The same picture carries two names: {', '.join(named)}; determine one of them anew, "
            "or delete it"
        )
    return found


def _missing_pictures(collection: Collection) -> list[str]:
    """Return one sentence for each of the first pictures that are gone, and one for the others."""
    stored = collection.database.read("SELECT DISTINCT path FROM images WHERE path <> ''")
    known = (collection.folder / record[0] for record in stored if _is_known(collection, record[0]))
    missing = sorted(path for path in known if not is_file(path))
    found = [f"{path} is missing; put it back, its embedding is kept" for path in missing[:_SHOWN]]
    if len(missing) > _SHOWN:
        found.append(f"{len(missing) - _SHOWN} more pictures are missing")
    return found


def _is_known(collection: Collection, path: str) -> bool:
    """Return whether a picture is a copy, or lies where the collection may look."""
    return not Path(path).is_absolute() or is_shown(collection.database, path)


def _changed_pictures(collection: Collection) -> list[str]:
    found = []
    for image in collection.images():
        if not image.path:
            continue  # only its vector was stored
        try:
            path = collection.picture_path(image)
            if not is_file(path):
                continue  # it is among the missing ones
            if content_hash(read_bytes(path)) != image.sha256:
                found.append(f"{path} is not the picture that was ingested; ingest it again")
        except PictureError as error:
            found.append(f"{error}; its embedding is kept")
    return found
