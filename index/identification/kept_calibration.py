"""Calibrations of a collection: kept with the space that holds the embeddings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Codes, Embeddings
from ..collection import Collection
from ..database.checksums import write_checksum
from ..database.schema import checksum_sql
from ..errors import CorruptError
from ..files.plain_json import read_json
from ..gallery.gallery import Gallery
from ..storage.records import now
from ..taxonomy import RANKS
from ..ways import way
from .calibration import Calibration
from .changes import Changes, Fitted, changes_since
from .gallery_reference import with_shape

# All of a row but the models, from an index: they stand before it in the row, and are megabytes.
_SAID = (
    "SELECT space_id, ranks, last_seq, count, labelled, created_at, checksum FROM calibrations "
    "INDEXED BY calibrations_said WHERE space_id = ?"
)


ENOUGH = 19  # conditions: of so many, the least usual says what 95 % of further ones are like
_CALLED = {"locality": "places", "series": "series", "date": "days"}


@dataclass(frozen=True, eq=False)
class KeptRecord:
    """A calibration that was read: what is said of it, and when (see `Gallery.written`)."""

    said: dict[str, Any]
    written: str
    calibration: Calibration


@dataclass(frozen=True, eq=False)
class KeptCalibration:
    """A stored calibration.

    Attributes:
        ranks: the ranks that it answers at, coarse to fine: those of the gallery in its day.
        new_ranks: those that the gallery has besides by now.
        changes: images and determinations that have changed since it was fitted.
        created_at: when it was fitted, ISO 8601.
    """

    calibration: Calibration
    ranks: tuple[str, ...]
    changes: Changes
    created_at: str
    new_ranks: tuple[str, ...] = ()

    @property
    def stale(self) -> bool:
        """Whether anything has changed since it was fitted."""
        return bool(self.changes)

    @property
    def state(self) -> str:
        """What answers say of it: `fitted`, or `stale`."""
        return "stale" if self.stale else "fitted"

    @property
    def few_conditions(self) -> str:
        """Say that it met too few places or days for 95 %; empty where it met enough, or none."""
        met = self.calibration.card.get("known_conditions", ENOUGH)
        called = _CALLED.get(self.calibration.card.get("apart", ""))
        if called is None or met >= ENOUGH:
            return ""
        return (
            f"The calibration was fitted on {met} {called}: for what was taken under yet other "
            f"conditions its figures are less sure than they say ({ENOUGH} {called} are needed "
            "for 95 %)."
        )

    @property
    def told_of_new_ranks(self) -> str:
        """Say at which ranks of the gallery it gives no answer; empty where at none."""
        if not self.new_ranks:
            return ""
        ranks = f"rank{'s' if len(self.new_ranks) > 1 else ''} {' and '.join(self.new_ranks)}"
        return (
            f"Nothing was named at {ranks} when the calibration was fitted, so that nothing is "
            "answered there until it is fitted again."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return what it was fitted on as JSON-ready values."""
        return {
            "ranks": list(self.ranks),
            "stale": self.stale,
            "changes": self.changes.to_dict(),
            "created_at": self.created_at,
            **self.calibration.card,
        }


def keep_calibration(collection: Collection, gallery: Gallery, calibration: Calibration) -> None:
    """Store what was fitted on a gallery, in place of an earlier calibration."""
    source = gallery
    if gallery.projection is not None:
        source = collection.gallery(collection.source(gallery.space).name)
    calibration = with_shape(source, calibration)
    with collection.database.writing(), collection.database.transaction() as connection:
        connection.execute(
            "INSERT OR REPLACE INTO calibrations "
            "(space_id, content, ranks, last_seq, count, labelled, created_at) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                gallery.space.source_id,
                calibration.to_bytes(),
                json.dumps(gallery.ranks),
                gallery.state.last_seq,
                gallery.state.count,
                gallery.labelled,
                now(),
            ),
        )
        write_checksum(connection, "calibrations", gallery.space.source_id)
    collection.calibrations.pop(gallery.space.source_id, None)


def kept_calibration(collection: Collection, gallery: Gallery) -> KeptCalibration | None:
    """Return the stored calibration of a gallery's space, None where there is none.

    It stands at the ranks that it was fitted at, whatever ranks names came at or went from since.
    It is read and checked once: later only what tells it from another is looked at, and only where
    something was written.

    Raises:
        CorruptError: it is damaged.
    """
    space_id = gallery.space.source_id
    kept: KeptRecord | None = collection.calibrations.get(space_id)
    if kept is None or not gallery.written or kept.written != gallery.written:
        kept = _looked_at(collection, gallery, kept)
        if kept is None:
            collection.calibrations.pop(space_id, None)
            return None
        collection.calibrations[space_id] = kept
    said = kept.said
    ranks = _ranks(said["ranks"])
    fitted = Fitted(said["last_seq"], said["count"], said["labelled"])
    changes = gallery.once(
        "changes", kept.calibration, lambda: changes_since(collection.database, gallery, fitted)
    )
    new = tuple(rank for rank in gallery.ranks if rank not in ranks)
    return KeptCalibration(kept.calibration, ranks, changes, said["created_at"], new)


def _looked_at(
    collection: Collection, gallery: Gallery, kept: KeptRecord | None
) -> KeptRecord | None:
    """Return what the database holds now, read again only where it is another."""
    found = collection.database.read(_SAID, (gallery.space.source_id,))
    if not found:
        return None
    said = dict(found[0])
    if kept is not None and kept.said == said:
        calibration = kept.calibration
    else:
        calibration = _read(collection, gallery, len(_ranks(said["ranks"])))
    return KeptRecord(said, gallery.written, calibration)


def _read(collection: Collection, gallery: Gallery, ranks: int) -> Calibration:
    """Return what is kept.

    Args:
        ranks: how many it was fitted at; the gallery may have others by now.
    """
    found = collection.database.read(
        f"SELECT content, checksum = {checksum_sql('calibrations')} AS whole FROM calibrations "
        "WHERE space_id = ?",
        (gallery.space.source_id,),
    )
    if not found or not found[0]["whole"]:
        raise CorruptError(
            f"{collection.folder} holds a damaged calibration; fit it again with {way('calibrate')}"
        )
    calibration = Calibration.from_bytes(found[0]["content"])
    if not calibration.fits(collection.source(gallery.space).dim, ranks):
        raise CorruptError(
            f"{collection.folder} holds a calibration of another space; fit it again with "
            + way("calibrate")
        )
    return calibration


def _ranks(text: str) -> tuple[str, ...]:
    try:
        found = read_json(text, list)
        ranks = tuple(rank for rank in RANKS if rank in found)
        if not ranks or list(ranks) != found:
            raise ValueError("its ranks are none")
        return ranks
    except ValueError as error:
        raise CorruptError(
            f"the stored calibration cannot be read ({error}); run {way('calibrate')} again"
        ) from error


def labels_of(gallery: Gallery) -> Codes:
    """Return the taxa of every image at every rank of a gallery, int64 [n, ranks], -1 unknown."""
    return np.stack([gallery.labels(rank).codes for rank in gallery.ranks], axis=1)


def source_vectors(collection: Collection, gallery: Gallery) -> Embeddings:
    """Return the encoder's own vectors of a gallery, before any projection."""
    if gallery.projection is None:
        return gallery.index.vectors
    return collection.vectors(collection.source(gallery.space))
