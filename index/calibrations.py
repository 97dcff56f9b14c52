"""Calibrations of a collection: kept with the space that holds the embeddings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from .calibration import Calibration
from .collection import Collection
from .errors import CorruptError
from .gallery import Codes, Gallery
from .knn import Embeddings
from .plain_json import read_json
from .records import now
from .reference import Reference, build_reference
from .schema import checksum_sql
from .seals import seal
from .spaces import source_of


@dataclass(frozen=True, eq=False)
class KeptCalibration:
    """A stored calibration.

    Attributes:
        ranks: the ranks that it answers at, coarse to fine.
        stale: images or determinations have changed since it was fitted.
        created_at: when it was fitted, ISO 8601.
    """

    calibration: Calibration
    ranks: tuple[str, ...]
    stale: bool
    created_at: str

    def to_dict(self) -> dict[str, Any]:
        """Return what it was fitted on as JSON-ready values."""
        return {
            "ranks": list(self.ranks),
            "stale": self.stale,
            "created_at": self.created_at,
            **self.calibration.card,
        }


def keep_calibration(collection: Collection, gallery: Gallery, calibration: Calibration) -> None:
    """Store what was fitted on a gallery, in place of an earlier calibration."""
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
        seal(connection, "calibrations", gallery.space.source_id)


def kept_calibration(collection: Collection, gallery: Gallery) -> KeptCalibration | None:
    """Return the stored calibration of a gallery's space, None where there is none that fits.

    One that was fitted while the gallery had other ranks does not fit.

    Raises:
        CorruptError: it is damaged.
    """
    found = collection.database.read(
        f"SELECT *, checksum = {checksum_sql('calibrations')} AS whole FROM calibrations "
        "WHERE space_id = ?",
        (gallery.space.source_id,),
    )
    if not found:
        return None
    record = found[0]
    if not record["whole"]:
        raise CorruptError(
            f"{collection.folder} holds a damaged calibration; fit it again with "
            "'holotype calibrate'"
        )
    if _ranks(record["ranks"]) != gallery.ranks:
        return None
    state = (gallery.state.last_seq, gallery.state.count, gallery.labelled)
    fitted = (record["last_seq"], record["count"], record["labelled"])
    calibration = _parsed(record["content"])
    if not calibration.fits(source_of(collection.database, gallery.space).dim, len(gallery.ranks)):
        raise CorruptError(
            f"{collection.folder} holds a calibration of another space; fit it again with "
            "'holotype calibrate'"
        )
    return KeptCalibration(calibration, gallery.ranks, state != fitted, record["created_at"])


def _ranks(text: str) -> tuple[str, ...]:
    try:
        return tuple(read_json(text, list))
    except ValueError as error:
        raise CorruptError(
            f"the stored calibration cannot be read ({error}); run 'holotype calibrate' again"
        ) from error


def labels_of(gallery: Gallery) -> Codes:
    """Return the taxa of every image at every rank of a gallery, int64 [n, ranks], -1 unknown."""
    return np.stack([gallery.labels(rank).codes for rank in gallery.ranks], axis=1)


def source_vectors(collection: Collection, gallery: Gallery) -> Embeddings:
    """Return the encoder's own vectors of a gallery, before any projection."""
    if gallery.projection is None:
        return gallery.index.vectors
    return collection.vectors(source_of(collection.database, gallery.space))


@lru_cache(maxsize=4)
def reference_of(collection: Collection, gallery: Gallery, calibration: Calibration) -> Reference:
    """Return a gallery as a calibration's working spaces show it, kept while both are."""
    vectors = source_vectors(collection, gallery)
    return build_reference(calibration.projections, vectors, labels_of(gallery), gallery.specimens)


@lru_cache(maxsize=4)
def _parsed(content: bytes) -> Calibration:
    return Calibration.from_bytes(content)
