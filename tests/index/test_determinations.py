"""Which determination counts: a human's over an import, the latest over older, no machine's."""

from __future__ import annotations

import shutil
from pathlib import Path

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.info import info
from holotype.index.ingest import ingest
from holotype.index.manifest import Manifest
from tests.conftest import Draw


def determine(
    collection: Collection,
    specimen: str,
    species: str | None,
    origin: str,
    undoes: int | None = None,
) -> int:
    """Append a determination as another part of the program will."""
    taxon = None
    with collection.database.transaction() as connection:
        if species is not None:
            found = connection.execute("SELECT taxon_id FROM taxa WHERE species = ?", (species,))
            taxon = found.fetchone()[0]
        cursor = connection.execute(
            "INSERT INTO determinations (specimen_id, taxon_id, origin, determined_by, "
            "determined_at, undoes) VALUES (?, ?, ?, 'tester', '2024-06-01', ?)",
            (specimen, taxon, origin, undoes),
        )
        return int(cursor.lastrowid or 0)


def accepted(collection: Collection) -> str:
    return collection.image("0-0.png").lineage[-1]


SPECIMEN = "Xestia_baja_0"


def test_a_human_stands_over_the_import_and_can_be_undone(collection: Collection) -> None:
    assert accepted(collection) == "Xestia baja"
    first = determine(collection, SPECIMEN, "Xestia c-nigrum", "human")
    assert accepted(collection) == "Xestia c-nigrum"
    second = determine(collection, SPECIMEN, "Salmo trutta", "human")
    assert accepted(collection) == "Salmo trutta"
    determine(collection, SPECIMEN, None, "human", undoes=second)
    assert accepted(collection) == "Xestia c-nigrum"
    determine(collection, SPECIMEN, None, "human", undoes=first)
    assert accepted(collection) == "Xestia baja"


def test_a_later_import_does_not_stand_over_a_human(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    determine(collection, SPECIMEN, "Xestia c-nigrum", "human")
    shutil.copytree(source.parent, tmp_path / "renamed")
    table = tmp_path / "renamed" / source.name
    table.write_text(source.read_text().replace(",Xestia baja,", ",Xestia ditrapezium,"))
    ingest(Manifest.read(table), collection, tiny)
    assert accepted(collection) == "Xestia c-nigrum"
    assert collection.image("0-2.png").lineage[-1] == "Xestia ditrapezium"


def test_a_machine_never_counts(collection: Collection) -> None:
    determine(collection, SPECIMEN, "Salmo trutta", "machine")
    assert accepted(collection) == "Xestia baja"
    determine(collection, "unnamed specimen", "Salmo trutta", "machine")
    counted = collection.database.read("SELECT count(*) FROM accepted")[0][0]
    assert counted == 20


def test_an_open_gallery_sees_a_new_determination(collection: Collection) -> None:
    before = collection.gallery()
    assert collection.gallery() is before
    determine(collection, SPECIMEN, "Xestia c-nigrum", "human")
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
