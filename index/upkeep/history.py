"""What was done to a collection, by time: imports, determinations, undos, deletions, removals."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from ..collection import Collection
from ..database.sql import run_over
from ..files.durable import is_file
from ..manifests.problems import counted, some
from ..storage.clusters.records import decisions
from ..storage.determinations import Event, changes
from ..storage.sources import is_shown
from ..ways import option

_PAUSE = 60.0  # seconds without anything new after which an import is another one
_EACH = 20  # changed labels of one import that get lines of their own


@dataclass(frozen=True)
class Entry:
    """One line of the log.

    Attributes:
        number: what `undo` takes, such as `17`; of several events `1-14`; of deletions `D3`.
        kind: `import`, `determination`, `undo`, `decision`, `deletion` or `removed space`; that of
            a decision, which 'holotype undo' takes back, has no number here.
        what: what was done, as a sentence shows it.
        undoable: whether `undo` can take it back now.
        details: more of it, as JSON-ready values.
    """

    number: str
    kind: str
    at: str
    by: str
    what: str
    remarks: str
    undoable: bool
    details: dict[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as JSON-ready values."""
        plain = asdict(self)
        return {**plain.pop("details"), **plain}

    def __str__(self) -> str:
        said = f"{self.number or '-'}  {self.at}  {self.by}  {self.what}"
        return f"{said}  {self.remarks}".rstrip()


def log(
    collection: Collection, specimen_id: str | None = None, *, imports: bool = False
) -> list[Entry]:
    """Return what was done to a collection, oldest first.

    Args:
        collection: whose log it is.
        specimen_id: only what concerns this specimen.
        imports: every name that an import gave is an entry of its own; without it an import is one
            entry, beside the few labels that it changed.
    """
    collection.require_intact()
    each = imports or specimen_id is not None
    events = collection.history(specimen_id) if each else changes(collection.database)
    shown = [event for event in events if imports or event.origin != "import"]
    alone = [event for event in shown if specimen_id is not None or event.decision_id is None]
    entries = [_of_event(event) for event in alone]
    entries += _deletions(collection, specimen_id)
    if specimen_id is None:
        entries += _removed_spaces(collection) + _decisions(collection)
        if not imports:
            entries += _imports(collection, events, [entry.at for entry in entries])
    return sorted(entries, key=lambda entry: (entry.at, entry.kind != "import"))


def _decisions(collection: Collection) -> list[Entry]:
    """Return an entry for every decision about clusters: its determinations may be thousands."""
    return [
        Entry(
            number="",
            kind="decision",
            at=one.decided_at,
            by=one.decided_by,
            what=f"decision {one.decision_id}: {one.what}{'' if one.stands else ' (undone)'}",
            remarks=one.remarks,
            undoable=one.stands and one.kind != "cluster",
            details=one.to_dict(),
        )
        for one in decisions(collection.database)
    ]


def _qualified(taxon: str, qualifier: str) -> str:
    """Return a name with its qualifier, unless it says that already.

    Of a qualifier that repeats the name, or is of open nomenclature, only what the name lacks.
    `qualified` of service/web/src/specimen.ts is the same.

    >>> _qualified("Xestia", "sp."), _qualified("Xestia cf. baja agg.", "cf. baja")
    ('Xestia sp.', 'Xestia cf. baja agg.')
    >>> _qualified("Xestia sp. 1", "cf. Xestia sp. 1"), _qualified("Xestia sp. 1", "sp. 1 ?")
    ('Xestia sp. 1 cf.', 'Xestia sp. 1 ?')
    """
    words, said = re.split(r"[\s/×]+", taxon), qualifier.split()
    missing = [word for word in said if word not in words]
    follows = missing if words[0] in said or "sp." in words else said
    return " ".join([taxon, *follows]) if missing else taxon


def _of_event(event: Event) -> Entry:
    name = _qualified(event.taxon, event.qualifier)
    said = f"undoes {event.undoes}" if event.undoes else name
    kind = "undo" if event.undoes else "determination"
    part = "" if event.decision_id is None else f" (decision {event.decision_id})"
    what = (
        f"{event.specimen_id}: {said or 'no name'}{'' if event.stands else ' (undone)'}; "
        f"{event.before or 'no name'} -> {event.after or 'no name'}{part}"
    )
    return Entry(
        number=str(event.determination_id),
        kind="import" if event.origin == "import" else kind,
        at=event.determined_at,
        by=event.determined_by,
        what=what,
        remarks=event.remarks,
        undoable=event.stands,
        details=event.to_dict(),
    )


@dataclass
class _Run:
    """What one import did: images that it added and determinations that it made."""

    at: str
    until: str
    images: int = 0
    named: int = 0
    first: int = 0
    last: int = 0

    def add(self, record: sqlite3.Row) -> None:
        at, images, named, first, last = record
        self.until = at
        self.images += images
        self.named += named
        self.first = min(self.first or first, first or self.first)
        self.last = max(self.last, last)


def _imports(collection: Collection, events: list[Event], others: list[str]) -> list[Entry]:
    """Return an entry for every import, and for the labels that it changed, where they are few.

    An import ends where nothing was added for a while, or something else was done.
    """
    records = collection.database.read(
        "SELECT at, sum(images), sum(named), max(first), max(last) FROM ("
        "SELECT added_at AS at, count(*) AS images, 0 AS named, 0 AS first, 0 AS last "
        "FROM images GROUP BY 1 UNION ALL "
        "SELECT determined_at, 0, count(*), min(determination_id), max(determination_id) "
        "FROM determinations WHERE origin = 'import' GROUP BY 1) GROUP BY at ORDER BY at"
    )
    corrected = [event for event in events if event.origin == "import" and event.before]
    deleted = collection.database.read("SELECT 1 FROM deletions LIMIT 1")
    added = "added and still there" if deleted else "added"  # when deleted ones came, none tells
    entries: list[Entry] = []
    for run in _runs(records, sorted(others)):
        own = [event for event in corrected if run.first <= event.determination_id <= run.last]
        entries.append(_of_run(run, len(own), added))
        if len(own) <= _EACH:
            entries += map(_of_event, own)
    return entries


def _runs(records: Iterable[sqlite3.Row], others: list[str]) -> Iterator[_Run]:
    """Yield imports, given what was added in every second, and the times of everything else."""
    run: _Run | None = None
    waiting = iter(others)
    other = next(waiting, None)
    for record in records:
        apart = False
        while other is not None and other < record[0]:
            apart = apart or (run is not None and other >= run.until)
            other = next(waiting, None)
        if run is None or apart or _seconds(run.until, record[0]) > _PAUSE:
            if run is not None:
                yield run
            run = _Run(record[0], record[0])
        run.add(record)
    if run is not None:
        yield run


def _of_run(run: _Run, corrected: int, added: str) -> Entry:
    named = run.named - corrected
    said = [f"{counted(run.images, 'image')} {added}"] if run.images else []
    said += [counted(named, "specimen") + " named"] if named else []
    said += [counted(corrected, "label") + " changed"] if corrected else []
    several = f"{run.first}-{run.last}" if run.last > run.first else str(run.first)
    more = f"; each name has a number in 'log {option('imports')}'" if named else ""
    return Entry(
        number=several if run.first else "",
        kind="import",
        at=run.at,
        by="import",
        what=f"import: {', '.join(said)}{more}",
        remarks="",
        undoable=False,
        details={"images": run.images, "named": run.named, "labels_changed": corrected},
    )


def _deletions(collection: Collection, specimen_id: str | None) -> list[Entry]:
    """Return an entry for the images that were deleted at one time, by one person."""
    where, values = ("WHERE specimen_id = ? ", (specimen_id,)) if specimen_id else ("", ())
    records = collection.database.read(
        "SELECT deletion_id, image_id, specimen_id, path, sha256, deleted_by, deleted_at, remarks "
        f"FROM deletions {where}ORDER BY deletion_id",
        values,
    )
    if not records:
        return []
    back: set[str] = set()
    for column in ("image_id", "sha256"):
        query = f"SELECT {column} FROM images WHERE {column} IN"
        gone = list(dict.fromkeys(record[column] for record in records))
        back.update(found[0] for found in run_over(collection.database.read, query, gone))
    together = groupby(records, key=_at_once)
    return [_of_deletion(collection, list(group), back) for _, group in together]


def _at_once(record: sqlite3.Row) -> tuple[str, str, str]:
    """Return what the images of one deletion share."""
    return record["deleted_by"], record["deleted_at"], record["remarks"]


def _of_deletion(collection: Collection, records: list[sqlite3.Row], back: set[str]) -> Entry:
    first, last = records[0]["deletion_id"], records[-1]["deletion_id"]
    images = [
        {
            "image_id": record["image_id"],
            "specimen_id": record["specimen_id"],
            "path": record["path"],
            "picture_is_there": _is_there(collection, record["path"]),
            "came_back": record["image_id"] in back or record["sha256"] in back,
        }
        for record in records
    ]
    there = sum(bool(image["picture_is_there"]) for image in images)
    returned = sum(bool(image["came_back"]) for image in images)
    shown = some(f"{image['image_id']} ({image['path']})" for image in images)
    fate = f"; {returned} came back" if returned else ""
    if returned < len(images):
        fate += f"; no undo: ingest again ({there} of {len(images)} pictures are still there)"
    return Entry(
        number=f"D{first}" if first == last else f"D{first}-D{last}",
        kind="deletion",
        at=records[0]["deleted_at"],
        by=records[0]["deleted_by"],
        what=f"deleted {counted(len(images), 'image')}: {shown}{fate}",
        remarks=records[0]["remarks"],
        undoable=False,
        details={"images": images},
    )


def _is_there(collection: Collection, path: str) -> bool:
    """Return whether the picture of a deleted image lies where the collection may look."""
    if not path:
        return False
    if Path(path).is_absolute() and not is_shown(collection.database, path):
        return False
    return is_file(collection.folder / path)


def _removed_spaces(collection: Collection) -> list[Entry]:
    records = collection.database.read("SELECT * FROM removed_spaces ORDER BY removed_at")
    return [
        Entry(
            number="",
            kind="removed space",
            at=record["removed_at"],
            by=record["removed_by"],
            what=f"removed space '{record['name']}' ({record['vectors']} vectors, encoder "
            f"{record['encoder']}); no undo: ingest into a space of that name, or tune it again",
            remarks=record["remarks"],
            undoable=False,
            details={"space": record["name"], "vectors": record["vectors"]},
        )
        for record in records
    ]


def _seconds(before: str, after: str) -> float:
    """Return how much time lies between two times; none where one is not written as here."""
    try:
        return (datetime.fromisoformat(after) - datetime.fromisoformat(before)).total_seconds()
    except (TypeError, ValueError):
        return 0.0
