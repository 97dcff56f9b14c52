"""Which determination counts, and that each stays on record with who, when, why, before, after."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.storage.determinations import Event, Origin
from holotype.index.upkeep.info import info, verify
from tests.conftest import Draw

pytestmark = pytest.mark.both_stores

SPECIMEN = "Xestia_baja_0"
SEED = 71


def name(
    collection: Collection, species: str, origin: Origin = "human", specimen: str = SPECIMEN
) -> int:
    """Determine a specimen as a species that the collection knows."""
    lineages = (image.lineage for image in collection.images())
    lineage = next(lineage for lineage in lineages if lineage[-1] == species)
    return collection.determine(specimen, lineage, by="A. Tester", origin=origin)


def accepted(collection: Collection) -> str:
    return collection.image("0-0.png").lineage[-1]


def test_a_human_stands_over_the_import_and_can_be_undone(collection: Collection) -> None:
    assert accepted(collection) == "Xestia baja"
    first = name(collection, "Xestia c-nigrum")
    assert accepted(collection) == "Xestia c-nigrum"
    second = name(collection, "Salmo trutta")
    assert accepted(collection) == "Salmo trutta"
    collection.undo(second, by="A. Tester")
    assert accepted(collection) == "Xestia c-nigrum"
    collection.undo(first, by="A. Tester")
    assert accepted(collection) == "Xestia baja"


def test_a_later_import_does_not_stand_over_a_human(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    name(collection, "Xestia c-nigrum")
    shutil.copytree(source.parent, tmp_path / "renamed")
    table = tmp_path / "renamed" / source.name
    table.write_text(source.read_text().replace(",Xestia baja,", ",Xestia ditrapezium,"))
    ingest(Manifest.read(table), collection, tiny)
    assert accepted(collection) == "Xestia c-nigrum"
    assert collection.image("0-2.png").lineage[-1] == "Xestia ditrapezium"


def test_a_machine_never_counts(collection: Collection) -> None:
    name(collection, "Salmo trutta", "machine")
    assert accepted(collection) == "Xestia baja"
    counted = collection.database.read("SELECT count(*) FROM accepted")[0][0]
    assert counted == 20


def test_an_open_gallery_sees_a_new_determination(collection: Collection) -> None:
    before = collection.gallery()
    assert collection.gallery() is before
    name(collection, "Xestia c-nigrum")
    after = collection.gallery()
    codes, names = after.labels("species").codes, after.labels("species").names
    assert [names[code] for code in codes[:2]] == ["Xestia c-nigrum"] * 2


def test_a_name_in_two_categories_is_two_taxa(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    for seed, category in enumerate(("Moth", "Plant")):
        draw(tmp_path / "s" / category / "Morus alba" / "1.png", seed)
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.read(tmp_path / "s"), collection, tiny)
        assert collection.gallery().labels("species").names == ["Morus alba"] * 2
        assert info(collection)["taxa"]["species"] == 2


# History --------------------------------------------------------------------------------------


def events(collection: Collection) -> list[Event]:
    return [event for event in collection.history(SPECIMEN) if event.origin != "import"]


def test_an_undo_can_be_undone_and_all_of_it_stays_on_record(collection: Collection) -> None:
    first = name(collection, "Xestia c-nigrum")
    gone = collection.undo(first, by="B. Other", remarks="wing pattern")
    assert accepted(collection) == "Xestia baja"
    back = collection.undo(gone, by="A. Tester", remarks="it was worn")
    assert accepted(collection) == "Xestia c-nigrum"
    again = collection.undo(back, by="B. Other")
    assert accepted(collection) == "Xestia baja"
    told = [(e.determination_id, e.undoes, e.stands, e.before, e.after) for e in events(collection)]
    assert told == [
        (first, None, False, "Xestia baja", "Xestia c-nigrum"),
        (gone, first, True, "Xestia c-nigrum", "Xestia baja"),
        (back, gone, False, "Xestia baja", "Xestia c-nigrum"),
        (again, back, True, "Xestia c-nigrum", "Xestia baja"),
    ]
    assert [(e.determined_by, e.remarks) for e in events(collection)[1:3]] == [
        ("B. Other", "wing pattern"),
        ("A. Tester", "it was worn"),
    ]
    assert verify(collection).errors == []


def test_what_is_undone_cannot_be_undone_again(collection: Collection) -> None:
    first = name(collection, "Xestia c-nigrum")
    collection.undo(first, by="A. Tester")
    with pytest.raises(UsageError, match="is undone already; undo its undo"):
        collection.undo(first, by="A. Tester")
    with pytest.raises(NotFoundError, match="has no determination 999"):
        collection.undo(999, by="A. Tester")
    with pytest.raises(NotFoundError, match="no specimen 'nobody'"):
        name(collection, "Salmo trutta", specimen="nobody")
    with pytest.raises(UsageError, match="A lineage has 8 ranks"):
        collection.determine(SPECIMEN, ("Moth",), by="A. Tester")


@pytest.mark.parametrize(
    "change", ["DELETE FROM determinations", "UPDATE determinations SET root = 1"]
)
def test_the_database_itself_refuses_to_change_history(collection: Collection, change: str) -> None:
    with (
        pytest.raises(sqlite3.IntegrityError, match="determinations are never"),
        collection.database.transaction() as connection,
    ):
        connection.execute(change)


def test_random_histories_agree_with_a_model(collection: Collection) -> None:
    """Determinations and undos at random, against lists that are worked out anew each time."""
    rng = np.random.default_rng(SEED)
    species = ["Xestia baja", "Xestia c-nigrum", "Catocala nupta", "Salmo trutta"]
    names: dict[int, str] = {}
    undone_by: dict[int, list[int]] = {}

    def stands(event: int) -> bool:
        return not any(stands(later) for later in undone_by.get(event, []))

    for step in range(60):
        standing = [
            event
            for event in [*names, *(u for us in undone_by.values() for u in us)]
            if stands(event)
        ]
        if standing and rng.random() < 0.6:
            target = int(rng.choice(standing))
            event = collection.undo(target, by="x")
            undone_by.setdefault(target, []).append(event)
        else:
            chosen = str(rng.choice(species))
            names[name(collection, chosen)] = chosen
        left = [event for event in sorted(names) if stands(event)]
        expected = names[left[-1]] if left else "Xestia baja"
        assert accepted(collection) == expected, f"seed {SEED}, step {step}"
        assert collection.history(SPECIMEN)[-1].after == expected, f"seed {SEED}, step {step}"
    assert verify(collection).errors == []
