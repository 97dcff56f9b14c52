"""The tree of taxa and one taxon over HTTP, by value against the records of the images."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.taxonomy import RANKS
from holotype.service.app import create_app
from holotype.service.schemas import records

from .conftest import Refused
from .running import running


def level(client: httpx2.Client, under: str | None = None, **params: Any) -> dict[str, Any]:
    asked = {**({} if under is None else {"under": under}), **params}
    response = client.get("/v1/taxa/tree", params=asked)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    records.TaxonBranch.model_validate(found, strict=True)
    return found


def taxon(client: httpx2.Client, place: str, **params: Any) -> dict[str, Any]:
    response = client.get(f"/v1/taxa/{place}", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    records.TaxonRecord.model_validate(found, strict=True)
    return found


@pytest.fixture
def changing(folder: Path) -> Iterator[httpx2.Client]:
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as opened,
    ):
        yield opened


def test_the_tree_counts_what_is_there(client: httpx2.Client, held: Collection) -> None:
    images = list(held.images())

    def check(under: tuple[str, str] | None, seen: set[str]) -> None:
        found = level(client, None if under is None else ":".join(under))
        inside = [
            one for one in images if under is None or one.lineage[RANKS.index(under[0])] == under[1]
        ]
        assert found["images"] == len(inside)
        assert found["specimens"] == len({one.specimen_id for one in inside})
        below = found["here"]["images"] + sum(one["images"] for one in found["children"])
        assert below == found["images"]
        for child in found["children"]:
            seen.add(child["taxon"])
            mine = level(client, f"{child['rank']}:{child['taxon']}")
            assert (mine["images"], mine["specimens"]) == (child["images"], child["specimens"])
            assert mine["total"] == child["children"]
            check((child["rank"], child["taxon"]), seen)

    seen: set[str] = set()
    check(None, seen)
    assert seen == {name for image in images for name in image.lineage if name}
    moths = level(client, "category:Moth")
    assert [(one["rank"], one["taxon"]) for one in moths["children"]] == [
        ("family", "Erebidae"),
        ("family", "Noctuidae"),
    ]


def test_children_in_pages(client: httpx2.Client) -> None:
    whole = level(client, "category:Moth")["children"]
    first = level(client, "category:Moth", limit=1)
    second = level(client, "category:Moth", limit=1, after=first["next"])
    assert first["children"] + second["children"] == whole
    assert (first["total"], second["next"]) == (2, None)


def test_a_taxon_and_what_it_is_confused_with(client: httpx2.Client, held: Collection) -> None:
    found = taxon(client, "species/Xestia baja")
    assert found["lineage"]["family"] == "Noctuidae"
    assert (found["images"], found["specimens"], found["children"]) == (10, 5, [])
    images = list(held.images())
    vectors = held.vectors(held.space())
    species = np.array([image.lineage[-1] for image in images])
    specimens = np.array([image.specimen_id for image in images])
    mine = np.flatnonzero(species == "Xestia baja")
    firsts = [int(mine[specimens[mine] == one][0]) for one in dict.fromkeys(specimens[mine])]
    nearest = []
    for place in firsts:
        cosines = np.where(specimens == specimens[place], -2, vectors @ vectors[place])
        nearest.append(species[int(cosines.argmax())])
    for one in found["confused_with"]:
        assert one["share"] == pytest.approx(nearest.count(one["taxon"]) / len(firsts))
        centres = [vectors[species == name].mean(axis=0) for name in ("Xestia baja", one["taxon"])]
        norms = np.linalg.norm(centres[0]) * np.linalg.norm(centres[1])
        assert one["cosine"] == pytest.approx(centres[0] @ centres[1] / norms, abs=1e-3)
    assert {one["taxon"] for one in found["confused_with"]} <= set(species) - {"Xestia baja"}
    assert found["confused_with"]
    examples = found["examples"]
    assert {image.lineage[-1] for image in images if image.image_id in examples} == {"Xestia baja"}
    assert len(examples) == 5
    genus = taxon(client, "genus/Xestia")
    assert [child["taxon"] for child in genus["children"]] == ["Xestia baja", "Xestia c-nigrum"]


def test_a_decision_is_seen_at_once(changing: httpx2.Client) -> None:
    before = taxon(changing, "species/Xestia baja")
    etag = changing.get("/v1/taxa/tree").headers["etag"]
    again = changing.get("/v1/taxa/tree", headers={"If-None-Match": etag})
    assert again.status_code == 304
    body = {"specimen_id": "Xestia_baja_1", "name": "Xestia viridis", "by": "Ann"}
    made = changing.post("/v1/determinations", json=body).json()["determination_id"]
    assert taxon(changing, "species/Xestia baja")["specimens"] == before["specimens"] - 1
    assert taxon(changing, "species/Xestia viridis")["specimens"] == 1
    changing.post(f"/v1/determinations/{made}/undo", json={"by": "Ann"})
    assert taxon(changing, "species/Xestia baja") == before
    assert changing.get("/v1/taxa/species/Xestia viridis").status_code == 404


def test_taxa_of_one_name(changing: httpx2.Client, folder: Path, refused: Refused) -> None:
    with Collection.open(folder) as opened:
        name = ("Fish", "", "", "", "", "Erebidae", "Catocala", "")
        opened.determine("Salmo_trutta_0", name, by="Ann")
    sentence = refused(changing.get("/v1/taxa/genus/Catocala"), 422)
    assert "Several taxa are called 'Catocala'" in sentence
    assert "Moth; Fish" in sentence
    fish = taxon(changing, "genus/Catocala", category="Fish")
    assert (fish["specimens"], fish["here"]["images"]) == (1, 2)
    moths = level(changing, "genus:Catocala", category="Moth")
    assert moths["specimens"] == 5


def test_without_names_below_and_at_the_top(changing: httpx2.Client, folder: Path) -> None:
    with Collection.open(folder) as opened:
        opened.determine("Salmo_trutta_0", ("",) * 8, by="Ann")
    top = level(changing)
    assert top["here"] == {"images": 2, "specimens": 1}
    assert (top["images"], top["rank"], top["lineage"]) == (40, None, {})


def test_what_is_off_is_a_problem(client: httpx2.Client, refused: Refused) -> None:
    asked: list[tuple[dict[str, Any], int, str]] = [
        ({"under": "Noctuidae"}, 422, "write a rank and a taxon"),
        ({"under": "tribe:Xestiini"}, 422, "rank is 'tribe'"),
        ({"under": "family:Noctuide"}, 404, "did you mean Noctuidae?"),
        ({"under": "family:"}, 404, ""),
        ({"under": "family:" + "x" * 8000}, 404, ""),
        ({"under": "family:\0"}, 404, ""),
        ({"under": "family:Noctuidae", "category": "Fish"}, 404, ""),
        ({"space": "none"}, 404, "no space 'none'"),
        ({"after": "x"}, 422, "which no page gave"),
        ({"after": "genus:" + "9" * 30 + ":x"}, 422, "which no page gave"),
        ({"after": "genus:²:x"}, 422, "which no page gave"),
        ({"limit": 0}, 422, "limit"),
        ({"limit": 10**30}, 422, "limit"),
    ]
    for params, status, words in asked:
        assert words in refused(client.get("/v1/taxa/tree", params=params), status), params
    for place, status in [
        ("species/Nothing", 404),
        ("species/", 404),
        ("species/%00", 404),
        ("species/%ED%A0%80", 404),
        ("tribe/x", 422),
        ("%00/x", 422),
        ("genus/" + "x" * 8000, 404),
    ]:
        refused(client.get(f"/v1/taxa/{place}"), status)
