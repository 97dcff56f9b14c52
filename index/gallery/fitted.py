"""Which images the encoder, the space and the calibration behind an answer were fitted on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Flags, Ids, places_in
from ..database.connection import Database
from ..encoders.trained_on import trained_on
from ..files.plain_json import read_json
from ..storage.records import Space
from ..vectors.fitted_on import FittedOn, Keys, among, content_keys, specimen_keys
from .gallery import Gallery

_ALL = "SELECT row, sha256, specimen_id FROM images ORDER BY row"
_THERE = "SELECT sha256, specimen_id FROM images AS i WHERE i.added_at <= ?"
_NAMED = " AND EXISTS (SELECT 1 FROM accepted AS a WHERE a.specimen_id = i.specimen_id)"


# Of encoder, space and calibration: None of an encoder where nobody knows, of others without one.
Fits = tuple[FittedOn | None, FittedOn | None, FittedOn | None]


@dataclass(frozen=True)
class Seen:
    """Whether what answers was fitted on the specimen that is asked about.

    Attributes:
        encoder: None where nobody knows what it was trained on.
        space: False where it is no projection.
        calibration: False where there is none.
        recorded: whether it is known of each that saw it, not only taken to be so.
    """

    encoder: bool | None
    space: bool
    calibration: bool
    recorded: bool = True

    def to_dict(self) -> dict[str, bool | None]:
        """Return which of the three saw it, as JSON-ready values."""
        return {"encoder": self.encoder, "space": self.space, "calibration": self.calibration}

    def told(self) -> dict[str, Any]:
        """Return what a search says of it: nothing where none of them saw it."""
        return {"fitted_on": self.to_dict(), "notes": [self.note]} if self.note else {}

    @property
    def note(self) -> str:
        """What that means for the figures, in one sentence; empty where none saw it.

        >>> Seen(None, True, False).note.partition(", was ")[2].partition(":")[0]
        'among those that the space was fitted on'
        """
        names = [name for name, saw in self.to_dict().items() if saw]
        if not names:
            return ""
        fitted = " and ".join(f"the {name}" for name in names)
        known = "" if self.recorded else " (no record was kept, so all that were here then count)"
        return (
            f"This picture, or another of its specimen, was among those that {fitted} "
            f"{'were' if names[1:] else 'was'} fitted on{known}: its figures are surer than a new "
            "picture's."
        )


def record_of(database: Database, rows: Ids) -> FittedOn:
    """Return the record of images that something is fitted on, given their rows, int64 [n]."""
    known, images, specimens = _keys(database)
    places, there = places_in(known, rows)
    kept = places[there]
    return FittedOn(np.unique(images[kept]), np.unique(specimens[kept]))


def fit_of_encoder(database: Database, gallery: Gallery) -> FittedOn | None:
    """Return the images that the encoder of a space was trained on; None where nothing says so.

    Specimens are those that have such an image here.

    Raises:
        EncoderError: its card cannot be read.
    """

    def read() -> FittedOn | None:
        told = trained_on(gallery.space.encoder)
        if told is None or not len(told.images):
            return told
        _, images, specimens = _keys(database)
        return FittedOn(told.images, np.unique(specimens[among(images, told.images)]))

    return gallery.once("fit of encoder", None, lambda: _Kept(read())).fit


def fit_of_space(database: Database, gallery: Gallery) -> FittedOn | None:
    """Return the images that the projection of a space was fitted on; None where it has none.

    Without a record all images count that were there when it was made.
    """
    projection = gallery.projection
    if projection is None or projection.fitted_on is not None:
        return None if projection is None else projection.fitted_on

    def read() -> FittedOn:
        query = "SELECT created_at FROM projections WHERE projection_id = ?"
        return _unrecorded(database, _THERE, query, gallery.space.projection_id)

    return gallery.once("fit of space", projection, read)


def fit_of_calibration(
    database: Database, gallery: Gallery, calibration: object, recorded: FittedOn | None
) -> FittedOn:
    """Return the images that a calibration of a gallery's space was fitted on.

    Without a record all named images count that were there when it was made.

    Args:
        calibration: the one that was read.
        recorded: its own record.
    """
    if recorded is not None:
        return recorded

    def read() -> FittedOn:
        query = "SELECT created_at FROM calibrations WHERE space_id = ?"
        return _unrecorded(database, _THERE + _NAMED, query, gallery.space.source_id)

    return gallery.once("fit of calibration", calibration, read)


def told_of(database: Database, space: Space) -> dict[str, Any]:
    """Return on how much the encoder of a space and its projection were fitted, as JSON knows it.

    Of the projection only what is said beside it is read; null of an encoder means that nobody
    knows, of a space that it is no projection.
    """
    encoder = trained_on(space.encoder)
    told = {"encoder": None if encoder is None else encoder.to_dict(), "space": None}
    if space.projection_id is None:
        return told
    query = "SELECT card, created_at FROM projections WHERE projection_id = ?"
    for card, created_at in database.read(query, (space.projection_id,)):
        recorded = _card(card).get("fitted_on")
        counts = "SELECT count(*), count(DISTINCT specimen_id) FROM images WHERE added_at <= ?"
        if not isinstance(recorded, dict):
            images, specimens = database.read(counts, (created_at,))[0]
            recorded = {"images": images, "specimens": specimens, "recorded": False}
        told["space"] = recorded
    return told


def _card(text: str) -> dict[str, Any]:
    """Return what is said of a projection; nothing where that is no JSON, as only others write."""
    try:
        return read_json(text, dict)
    except ValueError:
        return {}


def seen_by(fits: Fits, sha256s: Sequence[str], specimen_ids: Iterable[str]) -> Seen:
    """Return which of encoder, space and calibration were fitted on a specimen.

    Args:
        fits: what each was fitted on.
        sha256s: of its pictures that are asked about.
        specimen_ids: what it is called where it is stored.
    """
    specimens = list(specimen_ids)
    saw = [fit is not None and fit.saw(sha256s, specimens) for fit in fits]
    those = [fit for fit, one in zip(fits, saw, strict=True) if fit is not None and one]
    return Seen(
        None if fits[0] is None else saw[0],
        saw[1],
        saw[2],
        recorded=all(fit.recorded for fit in those),
    )


def images_in(database: Database, gallery: Gallery, fit: FittedOn) -> Flags:
    """Return which images of a gallery are of a specimen that something was fitted on, bool [n]."""
    known, images, specimens = _keys(database)
    places, there = places_in(known, gallery.rows)
    seen = among(images[places], fit.images) | among(specimens[places], fit.specimens)
    own = np.unique(gallery.specimens[seen & there])
    found: Flags = np.isin(gallery.specimens, own)
    return found


@dataclass(frozen=True, eq=False)
class _Kept:
    """What may be None, kept over the changes of a gallery."""

    fit: FittedOn | None

    def after(self, *_: object) -> _Kept:
        return self


def _keys(database: Database) -> tuple[Ids, Keys, Keys]:
    """Return the rows of all images, ascending, and the keys of their contents and specimens."""
    found = database.read(_ALL)
    rows = np.fromiter((record[0] for record in found), np.int64, len(found))
    contents = content_keys(record[1] for record in found)
    return rows, contents, specimen_keys(record[2] for record in found)


def _unrecorded(database: Database, there: str, made: str, key: int | None) -> FittedOn:
    when = database.read(made, (key,))
    found = database.read(there, (when[0][0] if when else "",))
    sides = ((record[place] for record in found) for place in (0, 1))
    return FittedOn.of(*sides, recorded=False)
