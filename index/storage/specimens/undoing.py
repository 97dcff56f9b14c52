"""Determinations that are taken back together: those that still count, and why others do not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...database.connection import Database
from ...errors import UsageError
from ..determinations import Event, Standing, events_at, history, specimen_of, undo_in

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

    Left alone are those that somebody took back meanwhile, those that somebody reinstated, and
    those of a specimen that a person has determined since: that is somebody's last word.

    Raises:
        NotFoundError: there is none of a number; nothing is taken back.
        UsageError: a number comes twice.
    """
    for often, times in Counter(determination_ids).most_common(1):
        if times > 1:
            raise UsageError(f"Determination {often} comes twice; send each number once")
    together, made = set(determination_ids), TakenBack()
    with database.writing(), database.transaction() as connection:
        specimens = {number: specimen_of(database, number) for number in determination_ids}
        logs = {one: _Log(history(database, one)) for one in set(specimens.values())}
        for number, specimen_id in specimens.items():
            log = logs[specimen_id]
            why = log.why_left(number, together)
            if why:
                made.left_out.append(LeftAlone(number, specimen_id, why))
                continue
            undo = undo_in(connection, database, number, by=by, remarks=remarks)
            made.undos.append(undo)
            log.standing.append(undo, number)
    return made


class _Log:
    """What happened to a specimen, and what of it stands while undos are added."""

    def __init__(self, events: Sequence[Event]) -> None:
        self.events = {event.determination_id: event for event in events}
        self.standing = Standing()
        for event in events:
            self.standing.append(event.determination_id, event.undoes)

    def why_left(self, number: int, together: Collection[int]) -> str:
        """Say why an event is left alone; empty where it is to be taken back."""
        said = f"Determination {number} of specimen '{self.events[number].specimen_id[:_SHOWN]}'"
        newest_first = list(reversed(self.events.values()))
        if number not in self.standing.events:
            undo = next(one for one in newest_first if one.undoes == number)
            return f"{said} is undone already, by {undo.determined_by}, {undo.determined_at}"
        for later in newest_first:
            if later.determination_id == number:
                break
            if later.determination_id not in together and self._is_word(later):
                what = self._what(later, number)
                if what:
                    return f"{said} stays: {later.determined_by} {what}, {later.determined_at}"
        return ""

    def _is_word(self, event: Event) -> bool:
        return event.origin == "human" and event.determination_id in self.standing.events

    def _what(self, later: Event, number: int) -> str:
        """Say what a later event did that keeps an earlier one; empty where it is about another."""
        if later.undoes is None:
            return f"determined it as {later.taxon or 'no name'} since"
        return "reinstated it" if self.events[later.undoes].undoes == number else ""
