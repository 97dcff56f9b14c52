"""What is said anew of one stored image: a correction, as an ingest makes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from ..collection import Collection
from ..errors import UsageError
from ..manifests.untold import with_untold
from ..search.all_images import note_edit, state_of_images
from ..storage.images import put_images
from ..storage.records import DETAILS, Image
from ..storage.specimens.listing import images_after
from ..taxonomy import RANKS, lowest_name, same_taxon
from .corrections import Corrections
from .said import Said, cell, column_names, read_record
from .uploads import Stored

_SHOWN = 80  # characters of an id that a sentence repeats

Seen = Callable[[Image], None]


def patch_image(
    collection: Collection,
    image_id: str,
    said: Mapping[str, str | None],
    metadata: Mapping[str, str | None],
    *,
    seen: Seen = lambda image: None,
) -> Stored:
    """Correct what is stored of an image, all of it or nothing, and return the record.

    What is not sent stays. A name that a person determined is not overruled. An image that becomes
    one of another specimen is called as that is; one that becomes the first of a specimen takes its
    name along.

    Args:
        said: values by the names of `said.FIELDS`; an empty one, or None, takes a value away.
        metadata: the user's own columns, likewise.
        seen: is shown the image as it is stored, while nobody else writes, and may refuse.

    Raises:
        NotFoundError: there is no such image.
        UsageError: a name or a value cannot be stored.
        LockedError, ReadOnlyError: see `Collection.writing`.
    """
    with collection.writing():
        with collection.database.transaction() as connection:
            old = collection.image(image_id)
            seen(old)
            record = _read(old, said, metadata)
            image, notes, named = _patched(collection, old, record)
            corrections = Corrections.of_one(collection.database, image)
            corrections.compare(image, old)
            edits = state_of_images(collection.database).edits
            if image != old:
                put_images(connection, [image], named=named)
            now = state_of_images(collection.database).edits
        note_edit(collection, edits, now, [image.row])
        corrections.settle(collection.database)
        stored = collection.image(image_id)
    return Stored(stored, False, [*record.notes, *notes, *corrections.sentences()])


def _read(old: Image, said: Mapping[str, str | None], metadata: Mapping[str, str | None]) -> Said:
    """Read what is sent; where a rank's name is taken away, those of the other ranks are said."""
    values = {name: (value or "").strip() for name, value in said.items()}
    for name, value in values.items():
        if value and not cell(name, value):
            raise UsageError(
                f"{name} is '{value[:_SHOWN]}', which stands for none in tables; send null to take "
                "it away"
            )
    if any(not values[rank] for rank in RANKS if rank in values):
        stored = dict(zip(RANKS, old.lineage, strict=True))
        values |= {rank: values.get(rank, stored[rank]) for rank in RANKS}
    own = {name: value or "" for name, value in metadata.items()}
    record = read_record(old.image_id, values, own)
    ranks = {rank for rank in RANKS if rank in values}
    others = {name for name in (*DETAILS, "split", "specimen_id") if name in values}
    return replace(record, told=record.told | ranks | others | column_names(own))


def _patched(collection: Collection, old: Image, record: Said) -> tuple[Image, list[str], bool]:
    """Return the record as it will be, notes, and whether it says what its specimen is called."""
    image = replace(
        with_untold(record.image, old, record.told),
        path=old.path,
        sha256=old.sha256,
        phash=old.phash,
        width=old.width,
        height=old.height,
        row=old.row,
    )
    named = not record.told.isdisjoint(RANKS)
    if image.specimen_id == old.specimen_id or named:
        return image, [], named
    others = images_after(collection.database, 0, 1, specimen_id=image.specimen_id)
    if not others:
        return image, [], True
    lineage = others[0].lineage
    notes = []
    if not same_taxon(lineage, old.lineage):
        notes.append(
            f"It is {lowest_name(lineage) or 'without a name'} now, as its specimen "
            f"'{image.specimen_id[:_SHOWN]}' is"
        )
    return replace(image, lineage=lineage), notes, False
