"""Determinations that are taken back together: those that still count, and why others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...database.connection import Database
from ...errors import UsageError
from ..determinations import Event, events_at, history, specimen_of, undo_in

_SHOWN = 80  # characters of an id that a sentence repeats


@dataclass(frozen=True)
class LeftAlone:
    """A determination, or an undo, that was not taken back, and why, in one sentence."""

    determination_id: int
    specimen_id: str
    why: str


@dataclass
class TakenBack:
    """What came of taking back several: each is in one of the two lists.

    Attributes:
        undos: the ids of the undos, in the order in which they were asked for.
    """

    undos: list[int] = field(default_factory=list)
    left_out: list[LeftAlone] = field(default_factory=list)

    def to_dict(self, database: Database) -> dict[str, Any]:
        """Return the undos, oldest first, and what was left alone, as JSON-ready values."""
        undos = [event.to_dict() for event in events_at(database, self.undos)]
        return {"determinations": undos, "left_out": [dict(vars(one)) for one in self.left_out]}


def undo_many(
    database: Database, determination_ids: Sequence[int], *, by: str, remarks: str = ""
) -> TakenBack:
    """Take back those of several determinations or undos that still count.

    Left alone are those that somebody took back meanwhile, and those of a specimen that a person
    has determined since: that name is somebody's last word.

    Raises:
        NotFoundError: there is none of a number; nothing is taken back.
        UsageError: a number comes twice.
    """
    ((often, times),) = Counter(determination_ids).most_common(1)
    if times > 1:
        raise UsageError(f"Determination {often} comes twice; send each number once")
    together, made = set(determination_ids), TakenBack()
    with database.writing(), database.transaction() as connection:
        for number in determination_ids:
            specimen_id = specimen_of(database, number)
            why = _why_left(history(database, specimen_id), number, together)
            if why:
                made.left_out.append(LeftAlone(number, specimen_id, why))
            else:
                made.undos.append(undo_in(connection, database, number, by=by, remarks=remarks))
    return made


def _why_left(events: Sequence[Event], number: int, together: Collection[int]) -> str:
    """Say why one is left alone, by what happened to its specimen; empty where it counts."""
    event = next(one for one in events if one.determination_id == number)
    said = f"Determination {number} of specimen '{event.specimen_id[:_SHOWN]}'"
    if not event.stands:
        undo = next(one for one in reversed(events) if one.undoes == number)
        return f"{said} is undone already, by {undo.determined_by}, {undo.determined_at}"
    for later in reversed(events):
        counts = later.stands and later.origin == "human" and later.undoes is None
        if counts and later.determination_id > number and later.determination_id not in together:
            name = later.taxon or "no name"
            return (
                f"{said} stays: {later.determined_by} determined it as {name} since, "
                f"{later.determined_at}"
            )
    return ""
