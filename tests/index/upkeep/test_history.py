"""The log tells what was done and what can be taken back; an undo shows what it does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.storage import records
from holotype.index.upkeep.history import Entry, log
from tests.conftest import Ask, Cli

SPECIMEN = "Catocala_nupta_1"


def name(collection: Collection, species: str, specimen: str = SPECIMEN) -> int:
    lineages = (image.lineage for image in collection.images())
    lineage = next(lineage for lineage in lineages if lineage[-1] == species)
    return collection.determine(specimen, lineage, by="B. Alder")


def kinds(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(entry.kind, entry.number) for entry in entries]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every write is an hour after the one before."""
    hours = iter(range(1000))

    def later() -> str:
        hour = next(hours)
        return f"2031-01-{1 + hour // 24:02}T{hour % 24:02}:00:00+00:00"

    for module in ("images", "space_removal", "records"):
        monkeypatch.setattr(f"holotype.index.storage.{module}.now", later)


@pytest.mark.usefixtures("clock")
def test_the_log_tells_imports_determinations_deletions_and_removals(
    collection: Collection, source: Path, tiny: Encoder, tmp_path: Path
) -> None:
    (imported,) = log(collection)
    assert (imported.kind, imported.number) == ("import", "1-20")
    assert imported.what.startswith("import: 40 images added, 20 specimens named")
    first = name(collection, "Xestia baja")
    gone = collection.undo(first, by="B. Alder", remarks="worn")
    collection.delete(["0-0.png", "0-1.png", "0-2.png"], by="C. Rowan", remarks="blurred")
    collection.delete(["0-3.png"], by="C. Rowan")
    changed = source.with_name("corrected.csv")
    lines = source.read_text().splitlines()
    lines = [
        lines[0],
        *[one.replace(",Salmo trutta,", ",Salmo salar,") for one in lines if "3-0" in one],
    ]
    changed.write_text("\n".join(lines) + "\n")
    ingest(Manifest.read(changed), collection, tiny)
    ingest(Manifest.read(source), collection, tiny)  # brings back what was deleted
    collection.remove_space("base", last=True, by="C. Rowan")
    entries = log(collection)
    told = kinds(entries)
    assert told[:5] == [
        ("import", "1-20"),
        ("determination", str(first)),
        ("undo", str(gone)),
        ("deletion", "D1-D3"),
        ("deletion", "D4"),
    ]
    assert told[-1] == ("removed space", "")
    assert entries[0].what.startswith("import: 36 images added and still there, 20 specimens")
    deletion = entries[3]
    assert deletion.what.startswith("deleted 3 images: 0-0.png (")
    assert deletion.what.endswith("3 came back")
    assert (deletion.by, deletion.remarks, deletion.undoable) == ("C. Rowan", "blurred", False)
    corrected = [entry for entry in entries if "Salmo salar" in entry.what]
    assert [entry.kind for entry in corrected] == ["import", "import"]
    assert [entry.undoable for entry in entries[:3]] == [False, False, True]


def test_every_number_that_can_be_undone_is_in_the_log(
    collection: Collection, cli: Cli, ask: Ask
) -> None:
    folder = collection.folder
    name(collection, "Xestia baja")
    entries = ask("collection", "log", folder, "--imports")
    assert len(entries) == 21
    numbers = [entry["number"] for entry in entries if entry["undoable"]]
    assert numbers == [str(number) for number in range(1, 22)]
    code, out, _ = cli("collection", "log", folder)
    assert code == 0
    assert out.splitlines()[0].startswith("1-20  ")
    assert out.splitlines()[1].startswith("21  ")
    only = ask("collection", "log", folder, "--specimen", SPECIMEN)
    assert [entry["number"] for entry in only] == ["21"]


def test_a_name_in_doubt_is_told_once(collection: Collection) -> None:
    for species, qualifier, told in (
        ("Catocala cf. nupta agg.", "cf. nupta", "Catocala cf. nupta agg."),
        ("Catocala sp. 1", "cf. Catocala sp. 1", "Catocala sp. 1 cf."),
        ("", "sp.", "Catocala sp."),
    ):
        lineage = ("", "", "", "", "", "", "Catocala", species)
        collection.determine(SPECIMEN, lineage, by="B. Alder", qualifier=qualifier)
        assert log(collection)[-1].what.startswith(f"{SPECIMEN}: {told}; ")


def test_a_deletion_says_how_its_images_come_back(
    collection: Collection, cli: Cli, tmp_path: Path
) -> None:
    folder = collection.folder
    collection.delete(["0-0.png", "0-1.png"], by="C. Rowan")
    line = log(collection)[-1].what
    assert line.endswith("no undo: ingest again (2 of 2 pictures are still there)")
    for number in ("D1", "d1-D2", "D1-D2"):
        code, out, err = cli("collection", "undo", folder, number)
        assert (code, out) == (2, "")
        assert "is a deletion, which undo does not take back: ingest the pictures again" in err
    for number in ("1-20", "x", "²", "9" * 40):
        code, _, err = cli("collection", "undo", folder, number)
        assert code == 2
        assert "is not the number of one determination" in err


def test_an_undo_of_what_is_not_the_last_asks_first(collection: Collection, cli: Cli) -> None:
    folder = collection.folder
    first = name(collection, "Xestia baja")
    second = name(collection, "Salmo trutta")
    code, out, err = cli("collection", "undo", folder, first)
    assert (code, out) == (1, "")
    assert f"Undo {first} of {SPECIMEN}: Xestia baja, by B. Alder" in err
    assert "Salmo trutta -> Salmo trutta" in err
    assert f"{second} came later and stays: Salmo trutta, by B. Alder" in err
    assert "Nothing was undone" in err
    assert len(collection.history(SPECIMEN)) == 3
    code, out, _ = cli("collection", "undo", folder, first, "--json")
    said = json.loads(out)
    assert (code, said["undone"], said["event"]["determination_id"]) == (1, None, first)
    assert [event["determination_id"] for event in said["later"]] == [second]
    assert cli("collection", "undo", folder, first, "--yes")[0] == 0
    code, out, err = cli("collection", "undo", folder, second)  # the last one, without --yes
    assert code == 0
    assert f"Undo {second} of {SPECIMEN}: Salmo trutta" in err
    assert "Salmo trutta -> Catocala nupta" in out


def test_a_name_that_a_manifest_gave_is_not_taken_away_by_a_number_alone(
    collection: Collection, cli: Cli
) -> None:
    """Numbers of decisions about clusters are others: who mistakes one for the other is asked."""
    code, out, err = cli("collection", "undo", collection.folder, "1")
    assert (code, out) == (1, "")
    assert "1 is a name that a manifest gave: repeat the command with --yes" in err
    code, out, _ = cli("collection", "undo", collection.folder, "1", "--yes")
    assert code == 0
    assert "-> no name (undo " in out


def test_what_came_later_of_others_or_of_machines_is_not_in_the_way(
    collection: Collection, cli: Cli
) -> None:
    first = name(collection, "Xestia baja")
    name(collection, "Salmo trutta", "Xestia_baja_1")
    lineage = collection.image("3-0.png").lineage
    collection.determine(SPECIMEN, lineage, by="model", origin="machine")
    undone = name(collection, "Salmo trutta")
    collection.undo(undone, by="B. Alder")
    planned = collection.withdrawal(first)
    assert (planned.later, planned.before, planned.after) == ([], "Xestia baja", "Catocala nupta")
    assert cli("collection", "undo", collection.folder, first)[0] == 0
    with pytest.raises(UsageError, match="is undone already"):
        collection.withdrawal(first)
    with pytest.raises(NotFoundError, match="no determination 999"):
        collection.withdrawal(999)


def test_a_withdrawal_tells_what_the_undo_does(collection: Collection) -> None:
    """Compared with the name after the undo, for every event of a tangled history."""
    numbers = [name(collection, species) for species in ("Xestia baja", "Salmo trutta") * 2]
    numbers.append(collection.undo(numbers[1], by="B. Alder"))
    numbers.append(collection.undo(numbers[3], by="B. Alder"))
    numbers.append(collection.undo(numbers[-1], by="B. Alder"))
    for number in reversed(numbers):
        if not next(e for e in collection.history(SPECIMEN) if e.determination_id == number).stands:
            continue
        planned = collection.withdrawal(number)
        assert collection.image("2-2.png").lineage[-1] == planned.before
        collection.undo(number, by="B. Alder")
        assert collection.image("2-2.png").lineage[-1] == planned.after


def test_times_that_no_program_wrote_are_shown(
    collection: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A received collection may hold any text as a time."""
    monkeypatch.setattr(records, "now", lambda: "yesterday")
    with collection.database.writing(), collection.database.transaction() as connection:
        records.append_determination(connection, SPECIMEN, None, origin="import", determined_by="x")
    assert [entry.at for entry in log(collection)][-1] == "yesterday"


def test_a_log_without_entries_says_so(folder: Path, cli: Cli) -> None:
    code, out, err = cli("collection", "log", folder, "--specimen", "nobody")
    assert (code, out) == (0, "")
    assert "The log has nothing of a specimen 'nobody'; --imports shows" in err
