"""Decisions that people seldom make, and names that are not read as they were meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from holotype.index.clusters.cluster import cluster
from holotype.index.clusters.decide import Decider
from holotype.index.clusters.view import as_dict, cluster_now, clusters_now
from holotype.index.collection import Collection
from holotype.index.errors import NotFoundError, UsageError
from holotype.index.storage.clusters.records import clustering, clustering_of, decision, decisions
from holotype.scripts.answers.clusters import cluster_lines

from .clouds import add_batch, drawer


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"x one": 9, "x two": 7})
        cluster(made, where=["split=batch"], k=2, by="A")
        yield made


@pytest.fixture
def numbers(collection: Collection) -> list[int]:
    """Return the clusters' numbers, the larger one first."""
    return [one.cluster_id for one in clusters_now(collection, 1)]


def test_numbers_that_no_database_counts_to_are_not_there(collection: Collection) -> None:
    for look in (clustering, clustering_of, decision, decisions):
        for number in (2**63, 10**30, 0, -1, -(10**30)):
            with pytest.raises(NotFoundError, match="has no"):
                look(collection.database, number)


def names(collection: Collection, number: int) -> set[str]:
    images = cluster_now(collection, number).images
    return {
        collection.image(one).lineage[-1] or collection.image(one).lineage[-3] for one in images
    }


def test_a_rejected_name_that_is_accepted_after_all_keeps_its_lineage(
    collection: Collection, numbers: list[int]
) -> None:
    first, _ = numbers
    by = Decider(collection, "A")
    by.name(first, "Xestia viridis")
    lineage = collection.image("batch x one 0").lineage
    by.reject(first)
    assert names(collection, first) == {""}
    by.accept(first)
    assert collection.image("batch x one 0").lineage == lineage
    assert collection.history("specimen of batch x one 0")[-1].qualifier == ""


def test_an_accepted_name_that_is_accepted_again_keeps_its_qualifier(
    collection: Collection, numbers: list[int]
) -> None:
    by = Decider(collection, "A")
    by.accept(numbers[0])
    by.accept(numbers[0])
    event = collection.history("specimen of batch x one 0")[-1]
    assert (event.after, event.qualifier) == ("Xestia sp. 1", "sp. 1")


@pytest.mark.parametrize(
    ("give", "leave"),
    [
        *(("name", leave) for leave in ("reject", "move", "new", "split", "merge")),
        *(("place", leave) for leave in ("reject", "move", "merge")),
    ],
)
def test_what_leaves_a_cluster_is_called_as_before(
    collection: Collection, numbers: list[int], give: str, leave: str
) -> None:
    first, second = numbers
    before = ("Moth", "", "", "", "", "Noctuidae", "", "")
    specimen = "specimen of batch x one 0"
    collection.determine(specimen, before, by="B")
    by = Decider(collection, "A")
    by.name(first, "Xestia viridis") if give == "name" else by.place(first, "genus=Noctua")
    assert collection.image("batch x one 0").lineage != before
    images = list(cluster_now(collection, first).images)
    made = {
        "reject": lambda: by.reject(first),
        "move": lambda: by.move(first, images, None),
        "new": lambda: by.move(first, images[:8], "new"),
        "split": lambda: by.split(first, 9),
        "merge": lambda: by.merge(second, [first]),
    }[leave]()
    changed = collection.image("batch x one 0").lineage
    stayed = leave == "split" and specimen in cluster_now(collection, first).specimens
    assert changed == before or stayed
    assert " the name of the cluster" in decision(collection.database, made).what


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("Xestia C-NIGRUM", "only Xestia is read"),
        ("Erebidae gen. sp. 7", "such as family=Erebidae"),
        ("Incertae sedis sp. 7", "does not hang under"),
    ],
)
def test_a_name_of_which_a_part_would_be_lost_is_refused(
    collection: Collection, numbers: list[int], written: str, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        Decider(collection, "A").name(numbers[0], written)
    assert len(decisions(collection.database)) == 1


def test_a_provisional_name_is_given_where_it_is_said_to_belong(
    collection: Collection, numbers: list[int]
) -> None:
    by = Decider(collection, "A")
    by.name(numbers[0], "Catocala sp. 7", under="genus=Catocala")
    assert collection.image("batch x one 0").lineage[5:] == (
        *("Erebidae", "Catocala", "Catocala sp. 7"),
    )
    by.name(numbers[0], "Noctuidae")
    by.name(numbers[0], "xestia")
    assert collection.image("batch x one 0").lineage[5:] == ("Noctuidae", "Xestia", "")


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("genus=Xestia alba", "not read as the name of a genus"),
        ("genus==1", "not read"),
        ("family=[b]x[/b]", "not read"),
        ("family=Xestia", "write genus=Xestia"),
        ("order=noctuidae", "write family=noctuidae"),
    ],
)
def test_a_place_that_no_taxon_has_is_refused(
    collection: Collection, numbers: list[int], place: str, told: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(told)):
        Decider(collection, "A").place(numbers[0], place)


def test_a_cluster_hangs_under_a_category(collection: Collection, numbers: list[int]) -> None:
    by = Decider(collection, "A")
    by.place(numbers[0], "category=Moth")
    assert cluster_now(collection, numbers[0]).name == "Moth gen. sp. 1"
    by.place(numbers[1], "category=A new drawer")
    assert cluster_now(collection, numbers[1]).name == "A new drawer gen. sp. 1"


def test_what_hung_under_a_category_stays_in_it_under_a_new_family(
    collection: Collection, numbers: list[int]
) -> None:
    by = Decider(collection, "A")
    by.place(numbers[0], "category=Moth")
    by.place(numbers[0], "family=Sphingidae")
    image = cluster_now(collection, numbers[0]).images[0]
    assert collection.image(image).lineage == ("Moth", "", "", "", "", "Sphingidae", "", "")
    by.place(numbers[1], "category=Moth")
    by.name(numbers[1], "Deilephila elpenor", under="family=Sphingidae")
    image = cluster_now(collection, numbers[1]).images[0]
    assert collection.image(image).lineage[:6] == ("Moth", "", "", "", "", "Sphingidae")


def test_a_name_that_an_import_brought_since_stays(
    collection: Collection, numbers: list[int]
) -> None:
    baja = ("Moth", "", "", "", "", "Noctuidae", "Xestia", "Xestia baja")
    specimen = "specimen of batch x one 0"
    collection.determine(specimen, baja, by="manifest", origin="import")
    by = Decider(collection, "A")
    made = by.name(numbers[0], "Xestia viridis")
    assert "1 specimen keeps" in decision(collection.database, made).what
    by.reject(numbers[0])
    assert collection.image("batch x one 0").lineage == baja
    assert collection.image("batch x one 1").lineage == ("",) * 8


def test_a_cluster_whose_images_were_deleted_has_no_figures_of_them(
    collection: Collection, numbers: list[int]
) -> None:
    collection.delete([f"batch x one {number}" for number in range(8)])
    told = as_dict(cluster_now(collection, numbers[0]))
    assert (told["size"], told["coherence"], told["medoid"]) == (1, None, "batch x one 8")
    collection.delete(["batch x one 8"])
    told = as_dict(cluster_now(collection, numbers[0]))
    assert (told["size"], told["medoid"]) == (0, None)
    assert [line for line in cluster_lines(told) if "near" in line or "typical" in line] == []
    with pytest.raises(UsageError, match="no members any more"):
        Decider(collection, "A").accept(numbers[0])


def test_where_one_genus_is_known_votes_for_it_say_nothing(tmp_path: Path) -> None:
    with drawer(tmp_path / "drawer") as made:
        made.delete([one.image_id for one in made.images() if one.lineage[-2] != "Catocala"])
        add_batch(made, {"far": 6})
        told = cluster(made, where=["split=batch"], k=1, by="A")["clusters"][0]
    assert (told["parent"], told["name"]) == (
        *({"rank": "category", "taxon": "Moth", "p": None}, "Moth gen. sp. 1"),
    )


def test_parts_of_a_placed_cluster_stay_where_it_was_placed(
    collection: Collection, numbers: list[int]
) -> None:
    by = Decider(collection, "A")
    by.place(numbers[0], "genus=Noctua")
    made = decision(collection.database, by.split(numbers[0], 3))
    parts = [cluster_now(collection, number) for number in made.clusters]
    assert [(one.state, one.facts["parent"]["taxon"]) for one in parts] == [
        ("placed", "Noctua")
    ] * 3
    assert all(collection.image(i).lineage[-2] == "Noctua" for one in parts for i in one.images)
    by.reject(parts[-1].cluster_id)
    assert not any(collection.image(parts[-1].images[0]).lineage)
