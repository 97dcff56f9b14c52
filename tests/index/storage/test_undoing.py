"""Several determinations that are taken back together."""

from __future__ import annotations

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.storage.determinations import Event, history
from holotype.index.storage.specimens import undoing

from .test_determinations import SPECIMEN, accepted, name

NAMES = ("Xestia c-nigrum", "Salmo trutta")


def test_all_of_a_long_history_are_taken_back_and_it_is_read_once(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = accepted(collection)
    made = [name(collection, NAMES[number % 2]) for number in range(40)]
    readings: list[str] = []

    def read(database: Database, specimen_id: str) -> list[Event]:
        readings.append(specimen_id)
        return history(database, specimen_id)

    monkeypatch.setattr(undoing, "history", read)
    told = collection.undo_many(made, by="A. Tester")
    assert readings == [SPECIMEN]
    assert len(told.undos) == len(made)
    assert not told.left_out
    assert accepted(collection) == before


def test_the_undo_of_one_and_the_one_can_go_together(collection: Collection) -> None:
    first = name(collection, NAMES[0])
    gone = collection.undo(first, by="A. Tester")
    told = collection.undo_many([gone, first], by="A. Tester")
    assert len(told.undos) == 2
    assert accepted(collection) == "Xestia baja"
    again = collection.undo_many([first], by="A. Tester")
    assert [one.determination_id for one in again.left_out] == [first]
    assert "is undone already, by A. Tester" in again.left_out[0].why


def test_what_a_colleague_named_or_reinstated_since_stays(collection: Collection) -> None:
    first = name(collection, NAMES[0])
    gone = collection.undo(first, by="B. Other")
    collection.undo(gone, by="C. Third", remarks="I insist")
    told = collection.undo_many([first], by="A. Tester")
    assert not told.undos
    assert "stays: C. Third reinstated it, " in told.left_out[0].why
    assert accepted(collection) == NAMES[0]
    name(collection, NAMES[1])
    told = collection.undo_many([first], by="A. Tester")
    assert f"stays: A. Tester determined it as {NAMES[1]} since, " in told.left_out[0].why


def test_none_twice_and_unheard_of(collection: Collection) -> None:
    assert collection.undo_many([], by="A. Tester") == undoing.TakenBack()
    first = name(collection, NAMES[0])
    with pytest.raises(UsageError, match="comes twice"):
        collection.undo_many([first, first], by="A. Tester")
    for number in (999, -1, 2**70, -(2**70)):
        with pytest.raises(NotFoundError, match="has no determination"):
            collection.undo_many([first, number], by="A. Tester")
        with pytest.raises(NotFoundError, match="has no determination"):
            collection.undo(number, by="A. Tester")
    assert accepted(collection) == NAMES[0]
