"""The names that decisions about specimens give: all of what is meant, and nothing that is over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from holotype.index.clusters.naming import named_lineage, parent_lineage
from holotype.index.collection import Collection
from holotype.index.curation.actions import Decision, correct, decide, lineage_of
from holotype.index.errors import UsageError
from holotype.index.storage.specimens.listing import accepted_of
from holotype.index.taxonomy import GENUS, Lineage, read_lineage
from holotype.index.upkeep.history import log
from holotype.training.doubts import queue_of
from tests.index.clusters import clouds
from tests.index.clusters.clouds import add_batch, centre, drawer, image_of, near


@pytest.fixture
def tray(tmp_path: Path) -> Iterator[Collection]:
    """Twelve named species, and three specimens without a name."""
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"Xestia alba": 3})
        yield made


def unnamed(number: int) -> str:
    return f"specimen of batch Xestia alba {number}"


def accepted(collection: Collection, specimen: str) -> Lineage:
    found = accepted_of(collection.database, specimen)
    assert found is not None
    return found.lineage


def test_of_two_names_of_one_picture_either_is_given_to_both(tray: Collection) -> None:
    """Who corrected a group to the name of one of the two was refused, as that had it already."""
    first = tray.image("Xestia alba 0")
    copy = image_of("copy", clouds.lineage_of("Noctua nigra", "Noctuidae"))
    vector = near(centre("Xestia alba", "Xestia", "Noctuidae"), 0)
    tray.store(tray.space(), [(replace(copy, sha256=first.sha256), vector)])
    queue = queue_of(tray, "duplicates")
    (entry,) = queue.page().entries
    assert sorted(entry.taxa) == ["Noctua nigra", "Xestia alba"]
    seen = dict(zip(entry.specimen_ids, entry.versions, strict=True))
    said = Decision("correct", entry.specimen_ids, "Ann", name="Noctua nigra", versions=seen)
    assert len(decide(tray, said, lambda: queue)) == 2
    assert {accepted(tray, one)[-1] for one in entry.specimen_ids} == {"Noctua nigra"}
    assert queue_of(tray, "duplicates").page().total == 0  # the one that was right is confirmed


def test_a_family_that_was_corrected_is_given_no_more(tray: Collection) -> None:
    before = lineage_of(tray, "Xestia alba")
    after = replace_family(before, "Erebidae")
    for image in tray.images():
        if image.lineage[GENUS] == "Xestia":
            lineage = replace_family(image.lineage, "Erebidae")
            tray.determine(image.specimen_id, lineage, by="manifest", origin="import")
    (entry, *_) = queue_of(tray, "unnamed").page().entries
    assert entry.proposed_lineage == after
    assert lineage_of(tray, "Xestia alba") == after
    assert named_lineage(tray.database, {}, "Xestia alba") == (after, "")
    assert parent_lineage(tray.database, "genus=Xestia", {}) == (*after[:-1], "")
    correct(tray, unnamed(0), "Xestia nova", by="Ann")
    assert accepted(tray, unnamed(0)) == (*after[:-1], "Xestia nova")


def test_a_category_that_was_taken_back_makes_no_name_ambiguous(tray: Collection) -> None:
    right = lineage_of(tray, "Xestia alba")
    given = tray.determine(unnamed(0), ("Moht", *right[1:]), by="Ann")
    tray.undo(given, by="Ann")
    correct(tray, unnamed(1), "Xestia alba", by="Ann")
    assert accepted(tray, unnamed(1)) == right


def test_a_name_in_open_nomenclature_has_its_qualifier_every_time(tray: Collection) -> None:
    for name, qualifier in (("Xestia cf. alba", "cf. alba"), ("Xestia sp. 1", "sp. 1")):
        for number in (0, 1):
            correct(tray, unnamed(number), name, by="Ann")
            found = accepted_of(tray.database, unnamed(number))
            assert found is not None
            assert found.said["qualifier"] == qualifier


@pytest.mark.parametrize(
    ("written", "taxon", "qualifier"),
    [
        ("Noctuidae gen. sp. 1", "Noctuidae gen. sp. 1", "gen. sp. 1"),
        ("Noctuidae gen. sp. 1?", "Noctuidae gen. sp. 1", "gen. sp. 1 ?"),
        ("Xestia cf. sp. 1", "Xestia sp. 1", "cf. sp. 1"),
        ("Xestia sp. 1?", "Xestia sp. 1", "sp. 1 ?"),
        ("Xestia sp. 1 or 2", "Xestia sp. 1/2", "sp. 1/2"),
    ],
)
@pytest.mark.parametrize("is_known", [False, True])
def test_a_name_is_read_alike_in_a_queue_for_a_cluster_and_in_a_table(
    tray: Collection, written: str, taxon: str, qualifier: str, *, is_known: bool
) -> None:
    if is_known:
        correct(tray, unnamed(2), taxon, by="Ann")
    correct(tray, unnamed(0), written, by="Ann")
    found = accepted_of(tray.database, unnamed(0))
    assert found is not None
    assert (found.lineage[-1], found.said["qualifier"]) == (taxon, qualifier)
    under = ("Moth", "", "", "", "", "Noctuidae", "", "")
    lineage, said = named_lineage(tray.database, {"under": under}, written)
    assert (lineage, said) == ((*under[:-2], *found.lineage[-2:]), qualifier)
    table = read_lineage({"category": "Moth", "family": "Noctuidae", "species": written})
    assert (table.lineage, table.qualifier) == (lineage, qualifier)


def test_a_doubted_name_of_no_genus_is_given_where_the_cluster_hangs_only(tray: Collection) -> None:
    with pytest.raises(UsageError, match="does not hang under Erebidae"):
        named_lineage(tray.database, {}, "Erebidae gen. sp. 1?")
    lineage, said = named_lineage(tray.database, {}, "Erebidae gen. sp. 1?", "family=Erebidae")
    assert (lineage[-3:], said) == (("Erebidae", "", "Erebidae gen. sp. 1"), "gen. sp. 1 ?")


def test_the_log_tells_a_name_and_its_doubt_once(tray: Collection) -> None:
    for name in ("Xestia sp. 1?", "cf. Xestia alba"):
        correct(tray, unnamed(0), name, by="Ann")
    assert [entry.what.split("; ")[0] for entry in log(tray)[-2:]] == [
        f"{unnamed(0)}: Xestia sp. 1 ?",
        f"{unnamed(0)}: Xestia cf. alba",
    ]


def replace_family(lineage: Lineage, family: str) -> Lineage:
    return (*lineage[: GENUS - 1], family, *lineage[GENUS:])
