"""One picture at a time into a collection, from its bytes: an upload has no file of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection as Several
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..arrays import Embeddings
from ..collection import Collection
from ..database.connection import Database
from ..errors import ChangedError, PictureError, UsageError
from ..manifests.untold import with_untold
from ..pictures.reading import content_hash, media_type
from ..search.all_images import note_edit, state_of_images
from ..storage.embeddings import put_embeddings, stack_vectors
from ..storage.images import put_images
from ..storage.records import Image, Space, image_query, read_image
from ..storage.spaces import EXTERNAL
from ..storage.specimens.namings import versions_of
from ..taxonomy import RANKS, lowest_name, same_taxon
from ..ways import way_there
from .copies import keep_copy, list_copies
from .corrections import Corrections
from .said import read_record, require_id

_SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp", "image/tiff": ".tif"}
_SHOWN = 80  # characters of a value that a sentence repeats


class TakenError(UsageError):
    """An id, or a picture, that is stored already as something else."""

    http_status = 409
    title = "Stored already"


@dataclass(frozen=True)
class Upload:
    """A picture and what is said of it.

    Attributes:
        data: the picture's file.
        image: the record that it would be alone; its sizes and hash are not known yet.
        told: the columns that something is said of; the others stay as they are stored.
        replaces: it takes the place of another picture of its id.
        notes: what its owner should know.
    """

    data: bytes
    image: Image
    told: frozenset[str]
    replaces: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What storing an upload comes to.

    Attributes:
        image: the record as it would be stored.
        old: what is stored under its id.
        spaces: those that lack its embedding.
        notes: what its owner should know.
    """

    image: Image
    old: Image | None
    spaces: list[Space]
    notes: tuple[str, ...]

    @property
    def is_new(self) -> bool:
        """Whether the picture, and not only what is said of it, is new under its id."""
        return self.old is None or self.old.sha256 != self.image.sha256


@dataclass(frozen=True)
class Stored:
    """What storing an upload did.

    Attributes:
        image: the record.
        created: whether its id is new.
        notes: what to know.
        version: of its specimen, see `versions_of`.
    """

    image: Image
    created: bool
    notes: list[str] = field(default_factory=list)
    version: int = 0


def read_upload(
    image_id: str,
    data: bytes,
    said: Mapping[str, str],
    metadata: Mapping[str, str],
    *,
    replaces: bool = False,
) -> Upload:
    """Read what is said of a picture, as a table's row is read; see `read_record`.

    Args:
        data: its file.
        replaces: let it take the place of another picture of that id.
    """
    require_id(image_id)
    record = read_record(image_id, said, metadata)
    image = replace(record.image, sha256=content_hash(data))
    return Upload(data, image, record.told, replaces, record.notes)


def fillable_spaces(collection: Collection) -> list[Space]:
    """Return the spaces that pictures are embedded into: filled ones, of encoders that run here.

    Tuned spaces show the embeddings of those. Of a collection that is empty they are all that hold
    embeddings of their own: filling one that an ingest left empty would make it the one that
    answers.

    Raises:
        UsageError: there is none.
    """
    own = [
        space
        for space in collection.spaces()
        if space.base_space_id is None and not space.encoder.startswith(EXTERNAL)
    ]
    filled = collection.filled_spaces()
    found = [space for space in own if space.name in filled] or own
    if not found:
        raise UsageError(
            f"{collection.folder} has no space whose encoder runs here; load its vectors with "
            + way_there("ingest")
        )
    return found


def plan_upload(collection: Collection, upload: Upload) -> Plan:
    """Return what storing an upload comes to; nothing is written.

    Raises:
        LockedError: another process is writing to the collection.
        ReadOnlyError: it cannot be written to.
        TakenError: the id is that of another picture, or the picture that of another taxon.
        UsageError: no space can take it.
    """
    with collection.writing():
        collection.require_intact()
        return _planned(collection, upload)


def _planned(collection: Collection, upload: Upload) -> Plan:
    said, spaces = upload.image, fillable_spaces(collection)
    old = _one(collection.database, "i.image_id = ?", said.image_id)
    if old is not None and old.sha256 != said.sha256 and not upload.replaces:
        raise TakenError(
            f"image_id '{said.image_id[:_SHOWN]}' is that of another picture (sha256 "
            f"{old.sha256[:12]}…); give each its own, or send it with replace=true in its place"
        )
    image = said if old is None else with_untold(said, old, upload.told)
    notes = upload.notes
    if old is None:
        image, more = _named_as_specimen(collection.database, image, upload.told)
        notes = (*notes, *more)
    if old is None or old.sha256 != said.sha256:
        notes = (*notes, *_on_same_pictures(collection, image))
        return Plan(image, old, spaces, notes)
    kept = replace(
        image, path=old.path, phash=old.phash, width=old.width, height=old.height, row=old.row
    )
    done = _spaces_with(collection.database, kept)
    return Plan(kept, old, [space for space in spaces if space.space_id not in done], notes)


def _one(database: Database, where: str, value: str) -> Image | None:
    found = database.read(image_query(where) + " ORDER BY i.row LIMIT 1", (value,))
    return read_image(found[0]) if found else None


def _named_as_specimen(
    database: Database, image: Image, told: Several[str]
) -> tuple[Image, list[str]]:
    """Let a new image of a specimen that is there have the names that it says nothing of.

    Returns:
        the image, and a note where it says another name than the specimen has.
    """
    other = _one(database, "i.specimen_id = ?", image.specimen_id)
    if other is None:
        return image, []
    named = replace(image, lineage=with_untold(image, other, told).lineage)
    if same_taxon(named.lineage, other.lineage):
        return named, []
    before, after = lowest_name(other.lineage), lowest_name(named.lineage)
    return named, [
        f"Its specimen '{image.specimen_id[:_SHOWN]}' was {before} by its other images; {after} is "
        "its name now, unless a person determined it"
    ]


def _on_same_pictures(collection: Collection, image: Image) -> list[str]:
    """Tell where the same picture is stored under another id, as an ingest does.

    Raises:
        TakenError: it has another name there.
    """
    same = [one for one in collection.images_of(image.sha256) if one.image_id != image.image_id]
    for one in same:
        if not same_taxon(image.lineage, one.lineage):
            raise TakenError(
                f"The picture is stored as image '{one.image_id[:_SHOWN]}', which is "
                f"{lowest_name(one.lineage)} and not {lowest_name(image.lineage)}; correct one of "
                "the two, or delete that image first"
            )
    return [f"It is the same picture as image '{one.image_id[:_SHOWN]}'; kept" for one in same[:1]]


def _spaces_with(database: Database, image: Image) -> set[int]:
    query = "SELECT space_id FROM embeddings WHERE row = ? AND sha256 = ?"
    return {found[0] for found in database.read(query, (image.row, image.sha256))}


def store_upload(
    collection: Collection,
    upload: Upload,
    vectors: Mapping[str, Embeddings],
    *,
    phash: int = 0,
    size: tuple[int, int] = (0, 0),
) -> Stored:
    """Store an upload with a copy of its picture and its embeddings, all or nothing.

    It is planned anew: who came first meanwhile is not written over, and what is stored already
    stays. Once this returns it survives a crash.

    Args:
        upload: one that was planned.
        vectors: {space: float32 [dim], a unit row}, of the spaces that lacked it.
        phash, size: the picture's, (width, height) in pixels; needed where it is new.

    Raises:
        LockedError, ReadOnlyError, TakenError: as `plan_upload`.
        ChangedError: it was there when it was planned and is no longer.
    """
    with collection.writing():
        plan = _planned(collection, upload)
        if plan.is_new and not vectors:
            raise ChangedError(
                f"Image '{upload.image.image_id[:_SHOWN]}' was removed meanwhile; send it again"
            )
        path = _kept_picture(collection, plan, upload.data)
        with collection.database.transaction() as connection:
            plan = _planned(collection, upload)
            image = replace(plan.image, path=path)
            if plan.is_new:
                image = replace(image, phash=phash, width=size[0], height=size[1])
            corrections = Corrections.of_one(collection.database, image)
            corrections.compare(image, plan.old)
            named = not upload.told.isdisjoint(RANKS)
            edits = state_of_images(collection.database).edits
            row = _put(connection, image, plan.old, named=named)
            _embed(connection, plan.spaces, row, image, vectors)
            now = state_of_images(collection.database).edits
        note_edit(collection, edits, now, [row])
        corrections.settle(collection.database)
        stored = collection.image(image.image_id)
        version = versions_of(collection.database, [stored.specimen_id])[stored.specimen_id]
    notes = [*plan.notes, *corrections.sentences()]
    if plan.old is None and not same_taxon(image.lineage, stored.lineage):
        notes.append(f"Its specimen stays {lowest_name(stored.lineage)}, as a person determined it")
    return Stored(stored, plan.old is None, notes, version)


def _kept_picture(collection: Collection, plan: Plan, data: bytes) -> str:
    """Return where the picture lies: where it did, or in a copy inside the collection."""
    if not plan.is_new and _lies_there(collection, plan.image):
        return plan.image.path
    named = replace(plan.image, path=f"upload{_SUFFIXES.get(media_type(data), '')}")
    list_copies(collection.database, [named])
    suffix = Path(named.path).suffix
    collection.require_same()  # before a file is written by its path
    return keep_copy(data, named.sha256, suffix, collection.folder)[0].as_posix()


def _lies_there(collection: Collection, image: Image) -> bool:
    try:
        return collection.picture_path(image).is_file()
    except (PictureError, OSError, ValueError):
        return False


def _put(connection: sqlite3.Connection, image: Image, old: Image | None, *, named: bool) -> int:
    """Store a record that differs from what is stored, and return its row."""
    if image == old:
        return image.row
    return put_images(connection, [image], named=named)[0]


def _embed(
    connection: sqlite3.Connection,
    spaces: list[Space],
    row: int,
    image: Image,
    vectors: Mapping[str, Embeddings],
) -> None:
    for space in spaces:
        if space.name in vectors:
            rows = stack_vectors(space, [vectors[space.name]])
            put_embeddings(connection, space, [row], [image.sha256], rows)
