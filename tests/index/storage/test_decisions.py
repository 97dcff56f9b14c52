"""Decisions about clusters: one transaction each, never overwritten, undone as a whole."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.database.schema import checksum_sql
from holotype.index.errors import ChangedError, CorruptError, UsageError
from holotype.index.storage.clusters.append import Draft, add_clustering, add_decision
from holotype.index.storage.clusters.records import Facts, current, decisions, members, members_of
from holotype.index.storage.clusters.undo import undo_decision, undo_since
from holotype.index.storage.integrity import database_damage
from holotype.index.upkeep.info import verify
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.bench.faults import plain
from tests.conftest import pace

BAJA = ("Moth", "", "", "", "", "Noctuidae", "Xestia", "Xestia baja")
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "drawer") as made:
        space = made.add_space("base", encoder="external:x", fingerprint="x", views=1, dim=3)
        images = [plain.image_of(f"image {number}") for number in range(20)]
        made.store(space, [(image, np.eye(3, dtype=np.float32)[0]) for image in images])
        yield made


def specimens(collection: Collection) -> list[str]:
    return list(dict.fromkeys(image.specimen_id for image in collection.images()))


@pytest.fixture
def first(collection: Collection) -> int:
    """The first of three clusters: two specimens, three specimens and the rest."""
    found = specimens(collection)
    groups = [found[:2], found[2:5], found[5:]]
    made = [({"name": f"sp. {number}"}, group) for number, group in enumerate(groups, 1)]
    add_clustering(
        collection.database,
        lambda: made,
        space="base",
        source="x",
        parameters={"seed": 0},
        by="machine",
    )
    return 1


def name(database: Database, cluster_id: int, lineage: tuple[str, ...], by: str = "A") -> int:
    seen = [current(database, 1)[cluster_id]]
    named = members_of(database, cluster_id)
    changes = {cluster_id: {"state": "named", "name": lineage[-1]}}
    draft = Draft("name", f"it is {lineage[-1]}", seen, changes, named=named, lineage=lineage)
    return add_decision(database, draft, by=by, remarks="by its wing")


def merge(database: Database) -> int:
    """Cluster 2 goes into cluster 1."""
    now = current(database, 1)
    moved = dict.fromkeys(members_of(database, 2), 1)
    changes: dict[int, Facts] = {1: {"size": 5}, 2: {"state": "merged"}}
    draft = Draft("merge", "2 into 1", [now[1], now[2]], changes, moved=moved)
    return add_decision(database, draft, by="A")


def named(collection: Collection) -> dict[str, str]:
    return {image.specimen_id: image.lineage[-1] for image in collection.images()}


def test_a_name_is_one_decision_and_its_undo_takes_all_of_it_back(
    collection: Collection, first: int
) -> None:
    database, before = collection.database, named(collection)
    count = len(collection.history())
    decision = name(database, first, NUPTA)
    theirs = members_of(database, first)
    assert len(theirs) == 2
    assert named(collection) == {**before, **dict.fromkeys(theirs, "Catocala nupta")}
    event = collection.history(theirs[0])[-1]
    assert (event.decision_id, event.determined_by, event.remarks) == (decision, "A", "by its wing")
    assert current(database, 1)[first].facts["state"] == "named"
    undone = undo_decision(database, decision, by="B", remarks="it was not")
    assert named(collection) == before
    assert "state" not in current(database, 1)[first].facts
    assert [e.after for e in collection.history(theirs[0])][-2:] == [
        "Catocala nupta",
        before[theirs[0]],
    ]
    undo_decision(database, undone, by="A")
    assert named(collection)[theirs[0]] == "Catocala nupta"
    assert len(collection.history()) == count + 3 * len(theirs)
    assert verify(collection).errors == []


def test_what_one_person_took_back_by_itself_stays_so(collection: Collection, first: int) -> None:
    database, before = collection.database, named(collection)
    decision = name(database, first, NUPTA)
    one, other = members_of(database, first)
    collection.undo(collection.history(one)[-1].determination_id, by="B")
    undone = undo_decision(database, decision, by="A")
    assert named(collection) == before
    undo_decision(database, undone, by="A")
    assert (named(collection)[one], named(collection)[other]) == (before[one], "Catocala nupta")
    assert database_damage(database) == []


def test_members_go_and_come_back(collection: Collection, first: int) -> None:
    database = collection.database
    before = members(database, 1)
    decision = merge(database)
    assert members(database, 1) == {1: before[1] + before[2], 3: before[3]} or (
        set(members(database, 1)[1]) == {*before[1], *before[2]}
    )
    assert set(members_of(database, 1)) == {*before[1], *before[2]}
    assert members_of(database, 2) == []
    undo_decision(database, decision, by="A")
    assert members(database, 1) == before
    assert members_of(database, 2) == before[2]


def test_a_later_decision_about_the_same_clusters_is_undone_first(
    collection: Collection, first: int
) -> None:
    database = collection.database
    merged = merge(database)
    other = name(database, 3, BAJA)
    later = name(database, first, NUPTA)
    with pytest.raises(UsageError, match=rf"decision {later} \(it is Catocala nupta\) by A"):
        undo_decision(database, merged, by="B")
    undo_decision(database, other, by="B")
    with pytest.raises(UsageError, match="undone already"):
        undo_decision(database, other, by="B")
    with pytest.raises(UsageError, match="the clustering itself"):
        undo_decision(database, 1, by="B")


def test_all_goes_back_to_any_moment_and_forward_again(collection: Collection, first: int) -> None:
    database = collection.database
    states = {1: (members(database, 1), named(collection))}
    steps: list[Callable[[], int]] = [
        lambda: name(database, 3, BAJA),
        lambda: merge(database),
        lambda: name(database, first, NUPTA),
        lambda: undo_decision(database, 2, by="B"),
        lambda: name(database, 3, NUPTA),
    ]
    for step in steps:
        moment = step()
        states[moment] = (members(database, 1), named(collection))
    latest = max(states)
    for moment in [4, 1, 6, 2, 5, 3, latest]:
        undo_since(database, moment, by="C")
        assert (members(database, 1), named(collection)) == states[moment], moment
    assert undo_since(database, decisions(database)[-1].decision_id, by="C") == []
    assert verify(collection).errors == []


def test_who_decided_about_something_else_is_told_what_changed(
    collection: Collection, first: int
) -> None:
    database = collection.database
    seen = current(database, 1)
    merged = merge(database)
    before = named(collection), members(database, 1), len(decisions(database))
    draft = Draft("name", "x", [seen[2]], named=specimens(collection), lineage=BAJA)
    with pytest.raises(ChangedError, match=rf"Cluster 2 has changed .* decision {merged} \(2 into"):
        add_decision(database, draft, by="B")
    assert (named(collection), members(database, 1), len(decisions(database))) == before


def test_no_name_is_given_twice(collection: Collection, first: int) -> None:
    seen = [current(collection.database, 1)[2]]
    draft = Draft("place", "x", seen, {2: {"name": "Xestia sp. 1"}}, fresh=["Xestia sp. 1"])
    add_decision(collection.database, draft, by="A")
    seen = [current(collection.database, 1)[3]]
    draft = Draft("place", "x", seen, {3: {"name": "Xestia sp. 1"}}, fresh=["Xestia sp. 1"])
    with pytest.raises(ChangedError, match=r"Xestia sp\. 1 was given to another cluster"):
        add_decision(collection.database, draft, by="B")


def test_decisions_are_in_snapshots_and_are_never_changed(
    collection: Collection, first: int, tmp_path: Path
) -> None:
    decision = name(collection.database, first, NUPTA)
    for table in ("decisions", "memberships"):
        with pytest.raises(sqlite3.IntegrityError, match="never"):
            collection.database.connection().execute(f"DELETE FROM {table}")
    snapshot(collection, tmp_path / "copy")
    restore(tmp_path / "copy", tmp_path / "again")
    with Collection.open(tmp_path / "again") as again:
        undo_decision(again.database, decision, by="B")
        assert members(again.database, 1) == members(collection.database, 1)
        assert verify(again).errors == []


@pytest.mark.parametrize("facts", ["{}", '{"name": 1}', '{"name": "x", "under": []}', "[]"])
def test_facts_that_cannot_be_are_refused(collection: Collection, first: int, facts: str) -> None:
    with collection.database.transaction() as connection:
        connection.execute("UPDATE clusters SET facts = ?", (facts,))
        connection.execute(f"UPDATE clusters SET checksum = {checksum_sql('clusters')}")
    with pytest.raises(CorruptError, match="cannot be"):
        current(collection.database, 1)


def test_a_changed_link_to_a_decision_is_noticed(collection: Collection, first: int) -> None:
    database = collection.database
    name(database, first, NUPTA)
    with database.transaction() as connection:
        connection.execute("DROP TRIGGER determinations_unchanged")
        connection.execute("UPDATE determinations SET decision_id = 1 WHERE decision_id = 2")
    assert sum("table 'determinations'" in one for one in database_damage(database)) == 2


def test_thousands_of_specimens_in_one_decision_take_about_a_second(tmp_path: Path) -> None:
    with Collection.create(tmp_path / "many") as collection:
        space = collection.add_space("base", encoder="external:x", fingerprint="x", views=1, dim=3)
        images = [plain.image_of(f"image {number}") for number in range(5000)]
        collection.store(space, [(image, None) for image in images])
        theirs = [image.specimen_id for image in images]
        database = collection.database
        add_clustering(
            database,
            lambda: [({"name": "x"}, theirs)],
            space="base",
            source="",
            parameters={},
            by="m",
        )
        begin = time.process_time()
        decision = name(database, 1, BAJA)
        took = time.process_time() - begin
        undo_decision(database, decision, by="A")
        undone = time.process_time() - begin - took
        assert len(collection.history()) == 5000 * 3
        assert database_damage(database) == []
    assert max(took, undone) < 2 * pace(), (took, undone)
