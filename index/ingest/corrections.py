"""What an ingest says anew of images that were stored before: labels, metadata, places, returns."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..database.connection import Database
from ..database.sql import run_over
from ..manifests.problems import Problem, counted
from ..storage.records import Image, image_query, read_image
from ..taxonomy import Lineage, lowest_name, same_taxon

_SHOWN = 3  # changes that a sentence names

Row = tuple[int, Image]  # the manifest's row number, and what it says


@dataclass
class Corrections:
    """What changed of images that were stored before.

    Attributes:
        labels: images with another name than before: image_id, before, after.
        overruled: images whose name stays, because a person determined it.
        metadata: images of which anything else is another than before.
        columns: of how many images each column is another.
        moved: images whose picture lies elsewhere by now.
        returned: images that had been deleted and are there again.
    """

    labels: list[dict[str, str]] = field(default_factory=list)
    overruled: int = 0
    metadata: int = 0
    columns: Counter[str] = field(default_factory=Counter)
    moved: int = 0
    returned: int = 0
    _renamed: dict[str, Lineage] = field(default_factory=dict, repr=False)
    _back: list[str] = field(default_factory=list, repr=False)
    _deleted: set[str] = field(default_factory=set, repr=False)

    @classmethod
    def of(cls, database: Database) -> Corrections:
        """Return none yet; what was deleted before is read."""
        gone = database.read("SELECT image_id, sha256 FROM deletions")
        return cls(_deleted={text for record in gone for text in record})

    @classmethod
    def of_one(cls, database: Database, image: Image) -> Corrections:
        """Return none yet, for one image: only whether it was deleted before is read."""
        query = "SELECT image_id, sha256 FROM deletions WHERE image_id = ? OR sha256 = ?"
        gone = database.read(query, (image.image_id, image.sha256))
        return cls(_deleted={text for record in gone for text in record})

    def compare(self, new: Image, old: Image | None) -> None:
        """Note what a row says that was not said before.

        Args:
            new: as it is about to be stored.
            old: what is stored under its id, None where nothing is.
        """
        if old is None:
            if self._deleted and not self._deleted.isdisjoint((new.image_id, new.sha256)):
                self._back.append(new.image_id)
            return
        if new.lineage != old.lineage or new.specimen_id != old.specimen_id:
            self._renamed[new.image_id] = old.lineage
        columns = _different(new, old)
        self.metadata += bool(columns)
        self.columns.update(columns)
        self.moved += bool(old.path) and new.path != old.path

    def settle(self, database: Database) -> None:
        """Read which names and which images are there, once everything is stored."""
        query = image_query("i.image_id IN")
        for record in run_over(database.read, query, list(self._renamed)):
            image = read_image(record)
            before = self._renamed[image.image_id]
            if image.lineage == before:
                self.overruled += 1
                continue
            names = {"before": lowest_name(before), "after": lowest_name(image.lineage)}
            self.labels.append({"image_id": image.image_id, **names})
        query = "SELECT image_id FROM images WHERE image_id IN"
        self.returned = len(run_over(database.read, query, self._back))

    def to_dict(self) -> dict[str, Any]:
        """Return the changes as JSON-ready values."""
        return {
            "labels_changed": len(self.labels),
            "label_changes": self.labels,
            "labels_overruled": self.overruled,
            "metadata_changed": self.metadata,
            "columns_changed": dict(self.columns),
            "moved": self.moved,
            "came_back": self.returned,
        }

    def sentences(self) -> list[str]:
        """Return what changed, a sentence for each kind; nothing where nothing did."""
        said = []
        if self.labels:
            shown = "; ".join(
                f"{one['image_id']}: {one['before'] or 'no name'} -> {one['after'] or 'no name'}"
                for one in self.labels[:_SHOWN]
            )
            more = "; …" if len(self.labels) > _SHOWN else ""
            said.append(f"{counted(len(self.labels), 'label')} changed ({shown}{more}).")
        if self.overruled:
            said.append(
                f"{counted(self.overruled, 'label')} stayed as a person determined it, against the "
                "table."
            )
        if self.metadata:
            columns = ", ".join(f"{name} {count}" for name, count in self.columns.most_common())
            said.append(f"Metadata of {counted(self.metadata, 'image')} changed ({columns}).")
        if self.moved:
            said.append(f"{counted(self.moved, 'picture')} moved.")
        if self.returned:
            said.append(f"{counted(self.returned, 'image')} that had been deleted came back.")
        return said


def same_pictures(
    rows: Iterable[Row], stored: Mapping[str, Image], problems: list[Problem]
) -> Iterator[Row]:
    """Yield rows, those of a picture that is stored under another id as one rule has it.

    A picture whose file was moved or renamed is the image that it was: it keeps its id, and what
    the row says of it is a correction. A picture that lies in two places is stored twice under one
    name, with a note; under two names the row is left out, as within a manifest.

    Args:
        rows: of a checked manifest.
        stored: {image_id: image} of the collection.
        problems: notes and errors are added.
    """
    rows = list(rows)
    own = {image.image_id for _, image in rows}
    wanted = {image.sha256 for _, image in rows if image.image_id not in stored}
    others: dict[str, list[Image]] = {}
    for image in stored.values():
        if image.sha256 in wanted and image.image_id not in own:
            others.setdefault(image.sha256, []).append(image)
    for row, image in rows:
        same = others.get(image.sha256, []) if image.image_id not in stored else []
        before = next((old for old in same if _is_moved(image, old)), None)
        if before is not None:
            same.remove(before)
            if before.path != image.path:
                problems.append(_said(row, image, f"is image {_quoted(before)} in another place"))
            yield row, _as(before, image)
            continue
        other = next((old for old in same if not same_taxon(image.lineage, old.lineage)), None)
        if other is not None:
            what = (
                f"is the same picture as {_quoted(other)}, which is "
                f"{lowest_name(other.lineage)} and not {lowest_name(image.lineage)}; correct one "
                "of the two, or delete that image first"
            )
            problems.append(_said(row, image, what, "error"))
            continue
        if same:
            problems.append(_said(row, image, f"is the same picture as {_quoted(same[0])}; kept"))
        yield row, image


def _is_moved(new: Image, old: Image) -> bool:
    """Return whether a picture lay elsewhere when it was stored; ids that were given decide."""
    root = f"/{new.path.lstrip('/')}".removesuffix(f"/{new.image_id}")
    if root == f"/{new.path.lstrip('/')}" or not old.path:
        return False
    before = Path(old.path)
    if not before.is_absolute():  # a copy: where it was copied from, the id says
        before = Path(root or "/", old.image_id)
    return str(before) == new.path or not os.path.lexists(before)


def _as(old: Image, new: Image) -> Image:
    """Return what a row says, of the image that is stored."""
    own = new.specimen_id != new.image_id
    specimen = new.specimen_id if own else old.specimen_id
    return replace(new, image_id=old.image_id, specimen_id=specimen)


def _different(new: Image, old: Image) -> list[str]:
    """Return the columns in which two records of an image differ, names and paths aside."""
    own = {name for name, _ in old.metadata.items() ^ new.metadata.items()}
    details = [name for name, value in new.details.items() if old.details.get(name, "") != value]
    plain: list[tuple[str, Callable[[Image], str]]] = [
        ("specimen_id", lambda image: image.specimen_id),
        ("split", lambda image: image.split),
    ]
    return [*(name for name, of in plain if of(new) != of(old)), *details, *sorted(own)]


def _said(row: int, image: Image, what: str, severity: str = "note") -> Problem:
    reason = "one picture under several names" if severity == "error" else ""
    return Problem(row, image.path, f"{image.path} {what}", severity, reason)


def _quoted(image: Image) -> str:
    return f"'{image.image_id}' ({image.path or 'no file'})"
