"""A batch becomes clusters, a person decides, and the next question knows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holotype.index.clusters.cluster import cluster
from holotype.index.clusters.decide import Decider
from holotype.index.clusters.view import as_dict, cluster_now, clustering_dict
from holotype.index.collection import Collection
from holotype.index.errors import ChangedError, NotFoundError, UsageError
from holotype.index.identification.identify import identify_vector
from holotype.index.storage.clusters.records import decisions
from holotype.index.storage.clusters.undo import undo_decision, undo_since
from holotype.index.upkeep.info import verify

from .clouds import NOVEL, add_batch, centre, drawer, near

SIZES = {"x one": 9, "x two": 7, "far": 6}
ALONE = {"Catocala rubra": "Erebidae"}


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, SIZES)
        yield made


@pytest.fixture
def found(collection: Collection) -> dict[str, Any]:
    return cluster(collection, where=["split=batch"], k=3, by="A")


def says(collection: Collection, name: str, seed: int = 77) -> str:
    """What a fresh image of a species is called, or the finest taxon that is sure."""
    answer = identify_vector(
        collection, near(centre(name, *NOVEL[name]), seed), name="fresh", risk=0.3
    )
    return answer.determination.taxon if answer.determination else "unknown"


def of(found: dict[str, Any], name: str) -> dict[str, Any]:
    return next(one for one in found["clusters"] if f"batch {name} 0" in one["image_ids"])


def test_a_genus_of_one_picture_draws_no_strangers(tmp_path: Path) -> None:
    """Of two genera, one picture each, one is always the nearest."""
    with drawer(tmp_path / "two", each=1, known={"Xestia alba": "Noctuidae", **ALONE}) as made:
        add_batch(made, SIZES)
        found = cluster(made, where=["split=batch"], k=3, by="A")
    assert {(one["parent"] or {"rank": "category"})["rank"] for one in found["clusters"]} == {
        "category"
    }


def test_clusters_say_what_they_are_like(found: dict[str, Any]) -> None:
    assert (found["k"], found["set_aside"]) == (3, [])
    assert [one["size"] for one in found["clusters"]] == [9, 7, 6]
    one = of(found, "x one")
    assert set(one) >= {
        *("id", "size", "image_ids", "medoid", "typical", "outliers", "coherence", "parent"),
        *("nearest", "name", "probably"),
    }
    assert one["medoid"] == one["typical"][0]
    assert one["parent"] == {"rank": "genus", "taxon": "Xestia", "p": None}
    assert one["name"] == "Xestia sp. 1"
    assert one["nearest"][0]["taxon"].startswith("Xestia ")
    cosines = [near["cosine"] for near in one["nearest"]]
    assert cosines == sorted(cosines, reverse=True)
    assert 0.8 < one["coherence"] < 1
    assert "calibrate" in found["parameters"]["notes"][0]


def test_a_name_is_known_to_the_next_question_until_it_is_taken_back(
    collection: Collection, found: dict[str, Any]
) -> None:
    before = says(collection, "x one")
    assert before != "Xestia viridis"
    number = of(found, "x one")["id"]
    decision = Decider(collection, "A. Tester", "green wings").name(number, "Xestia viridis")
    assert says(collection, "x one") == "Xestia viridis"
    image = collection.image("batch x one 3")
    assert image.lineage == ("Moth", "", "", "", "", "Noctuidae", "Xestia", "Xestia viridis")
    assert as_dict(cluster_now(collection, number))["state"] == "named"
    undo_decision(collection.database, decision, by="B. Tester")
    assert says(collection, "x one") == before
    events = collection.history(image.specimen_id)
    assert [(one.determined_by, one.after) for one in events] == [
        ("A. Tester", "Xestia viridis"),
        ("B. Tester", ""),
    ]
    assert verify(collection).errors == []


def test_a_provisional_taxon_is_known_as_such(
    collection: Collection, found: dict[str, Any]
) -> None:
    decide = Decider(collection, "A")
    decide.accept(of(found, "x one")["id"])
    assert says(collection, "x one") == "Xestia sp. 1"
    far = of(found, "far")["id"]
    decide.place(far, "family=Noctuidae")
    decide.accept(far)
    assert says(collection, "far") == "Noctuidae gen. sp. 1"
    assert collection.history("specimen of batch x one 0")[-1].qualifier == "sp. 1"


def test_names_are_stable_and_clash_with_none(
    collection: Collection, found: dict[str, Any]
) -> None:
    again = cluster(collection, where=["split=batch"], k=3)
    for name in SIZES:
        assert of(again, name)["name"] == of(found, name)["name"]
    names = {of(found, name)["name"] for name in SIZES}
    assert len(names) == 3
    add_batch(collection, {"x one": 5, "x two": 5}, split="later", seed=1)
    later = cluster(collection, where=["split=later"], k=2)
    assert names.isdisjoint(one["name"] for one in later["clusters"])


def test_a_later_batch_is_told_of_the_taxon_that_it_probably_is(
    collection: Collection, found: dict[str, Any]
) -> None:
    Decider(collection, "A").accept(of(found, "x two")["id"])
    add_batch(collection, {"x one": 8, "x two": 8}, split="later", seed=1)
    later = cluster(collection, where=["split=later"], k=2)
    told = {one["image_ids"][0].split()[2]: one["probably"] for one in later["clusters"]}
    assert told == {"one": of(found, "x one")["name"], "two": of(found, "x two")["name"]}
    mine = next(one for one in later["clusters"] if one["probably"] == of(found, "x two")["name"])
    Decider(collection, "A").name(mine["id"], mine["probably"])
    assert collection.image(mine["image_ids"][0]).lineage[-2:] == ("Xestia", mine["probably"])


def test_merge_split_move_reject_and_back(collection: Collection, found: dict[str, Any]) -> None:
    decide = Decider(collection, "A")
    one, two, far = (of(found, name)["id"] for name in SIZES)
    shown = [clustering_dict(collection, 1)]
    decide.merge(one, [two])
    assert len(cluster_now(collection, one).images) == 16
    with pytest.raises(UsageError, match=f"merged into cluster {one}"):
        decide.name(two, "Xestia alba")
    decide.split(one, 2)
    now = clustering_dict(collection, 1)
    assert sorted(entry["size"] for entry in now["clusters"]) == [6, 7, 9]
    fresh = next(entry for entry in now["clusters"] if entry["id"] > far)
    assert fresh["name"] not in {entry["name"] for entry in found["clusters"]}
    decide.move(far, ["batch far 1", "batch far 2"], "new")
    decide.move(far, ["batch far 0"], one)
    decide.move(far, ["batch far 3"], None)
    assert "batch far 0" in cluster_now(collection, one).images
    decide.reject(far)
    decide.place(one, "family=Noctuidae")
    placed = as_dict(cluster_now(collection, one))
    assert placed["parent"] == {"rank": "family", "taxon": "Noctuidae", "p": None}
    assert placed["name"].startswith("Noctuidae gen. sp. ")
    assert collection.image("batch far 0").lineage[5] == "Noctuidae"
    last = decisions(collection.database)[-1].decision_id
    undo_since(collection.database, 1, by="B")
    assert clustering_dict(collection, 1)["clusters"] == [
        {**entry, "version": now["version"]}
        for entry, now in zip(
            shown[0]["clusters"], clustering_dict(collection, 1)["clusters"], strict=True
        )
    ]
    undo_since(collection.database, last, by="B")
    assert as_dict(cluster_now(collection, one))["name"] == placed["name"]
    assert verify(collection).errors == []


def test_what_comes_into_a_named_cluster_is_named_and_what_leaves_it_is_not(
    collection: Collection, found: dict[str, Any]
) -> None:
    decide = Decider(collection, "A")
    one, two = of(found, "x one")["id"], of(found, "x two")["id"]
    decide.name(one, "Xestia viridis")
    decide.move(two, ["batch x two 0"], one)
    assert collection.image("batch x two 0").lineage[-1] == "Xestia viridis"
    decide.move(one, ["batch x one 0"], two)
    assert not any(collection.image("batch x one 0").lineage)
    decide.merge(one, [two])
    assert collection.image("batch x one 0").lineage[-1] == "Xestia viridis"
    decide.reject(one)
    assert not any(collection.image("batch x one 0").lineage)


def test_who_named_a_single_specimen_is_not_overruled(
    collection: Collection, found: dict[str, Any]
) -> None:
    decide, one = Decider(collection, "A"), of(found, "x one")["id"]
    alba = collection.image("Xestia alba 0").lineage
    collection.determine("specimen of batch x one 0", alba, by="B")
    decision = decide.name(one, "Xestia viridis")
    assert collection.image("batch x one 0").lineage == alba
    told = decisions(collection.database)[-1].what
    assert told.endswith("; 1 specimen keeps another name from elsewhere")
    decide.reject(one)
    assert collection.image("batch x one 0").lineage == alba
    assert not any(collection.image("batch x one 1").lineage)
    decide.undo_since(decision)
    assert collection.image("batch x one 1").lineage[-1] == "Xestia viridis"


def test_another_clustering_of_the_same_specimens_overrules_no_name(
    collection: Collection, found: dict[str, Any]
) -> None:
    again = cluster(collection, where=["split=batch"], k=3)
    decide = Decider(collection, "A")
    decision = decide.name(of(found, "x one")["id"], "Xestia viridis")
    with pytest.raises(UsageError, match="have been named elsewhere"):
        decide.accept(of(again, "x one")["id"])
    decide.accept(of(again, "x two")["id"])
    decide.undo(decision)
    decide.accept(of(again, "x one")["id"])
    assert collection.image("batch x one 0").lineage[-1] == "Xestia sp. 1"


def test_two_people_lose_nothing(collection: Collection, found: dict[str, Any]) -> None:
    one, two = of(found, "x one"), of(found, "x two")
    a, b = Decider(collection, "A"), Decider(collection, "B")
    a.merge(one["id"], [two["id"]], versions={one["id"]: one["version"]})
    with pytest.raises(ChangedError, match=r"merge .* by A"):
        b.name(one["id"], "Xestia viridis", version=one["version"])
    now = cluster_now(collection, one["id"])
    b.name(one["id"], "Xestia viridis", version=now.version)


def test_what_is_off_is_said(collection: Collection, found: dict[str, Any]) -> None:
    decide, one = Decider(collection, "A"), of(found, "x one")["id"]
    wrongs: list[tuple[Callable[[], object], str]] = [
        (lambda: decide.name(one, "???"), "is not read as the name"),
        (lambda: decide.place(one, "species=Xestia alba"), "is no place"),
        (lambda: decide.merge(one, [one]), "other ones"),
        (lambda: decide.split(one, 100), "2 to 9"),
        (lambda: decide.move(one, ["nothing"], "new"), "Image 'nothing' is not in cluster"),
        (lambda: Decider(collection, " "), "needs somebody"),
        (lambda: cluster(collection, where=["split=gallery"]), "lacks the name"),
        (lambda: cluster(collection, where=["split=batch"], k=0), "at least 1"),
    ]
    for wrong, sentence in wrongs:
        with pytest.raises(UsageError, match=sentence):
            wrong()
    with pytest.raises(NotFoundError, match="no cluster 99"):
        decide.accept(99)
    assert len(decisions(collection.database)) == 1
