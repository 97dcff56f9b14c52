"""Determinations and specimens over HTTP: appended, listed, undone, never overwritten."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.index.export import determinations
from holotype.index.upkeep.info import verify
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.schemas import clusters, records

from ..conftest import Draw
from .conftest import Refused
from .running import running

ONE = "Xestia_baja_1"


@pytest.fixture
def client(folder: Path) -> Iterator[httpx2.Client]:
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as opened,
    ):
        yield opened


def told(response: httpx2.Response, status: int = 200) -> dict[str, Any]:
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()
    clusters.Event.model_validate(found, strict=True)
    return found


def specimen(client: httpx2.Client, specimen_id: str = ONE, **params: Any) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"/v1/specimens/{specimen_id}", params=params).json()
    records.SpecimenRecord.model_validate(found, strict=True)
    return found


def test_a_name_its_history_and_an_undo(client: httpx2.Client, folder: Path) -> None:
    before = specimen(client)
    assert before["determination"]["taxon"] == "Xestia baja"
    assert before["determination"]["origin"] == "import"
    assert len(before["images"]) == before["total"] == 2
    assert before["images"][0] == client.get("/v1/images/0-2.png").json()
    body = {"specimen_id": ONE, "name": "Xestia viridis", "qualifier": "cf.", "by": "Ann"}
    response = client.post("/v1/determinations", json={**body, "version": before["version"]})
    made = told(response, 201)
    assert (made["before"], made["after"], made["qualifier"]) == (
        "Xestia baja",
        "Xestia viridis",
        "cf.",
    )
    assert told(client.get(response.headers["location"])) == made
    now = specimen(client)
    assert now["version"] == made["determination_id"]
    assert now["determination"]["determined_by"] == "Ann"
    assert now["lineage"]["family"] == "Noctuidae"
    hits = client.post("/v1/search", json={"image_id": "0-0.png", "k": 40}).json()["hits"]
    named = {hit["image_id"]: hit["species"] for hit in hits}
    assert named["0-2.png"] == "Xestia viridis"
    place = f"/v1/determinations/{made['determination_id']}/undo"
    undone = told(client.post(place, json={"by": "Bo", "why": "no"}))
    assert (undone["undoes"], undone["after"]) == (made["determination_id"], "Xestia baja")
    assert specimen(client)["determination"] == before["determination"]
    back = told(
        client.post(f"/v1/determinations/{undone['determination_id']}/undo", json={"by": "Bo"})
    )
    assert back["after"] == "Xestia viridis"
    events = client.get(f"/v1/specimens/{ONE}/history").json()["events"]
    assert [event["after"] for event in events] == [
        "Xestia baja",
        "Xestia viridis",
        "Xestia baja",
        "Xestia viridis",
    ]
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


def test_one_that_was_never_determined_has_an_empty_history(
    client: httpx2.Client, draw: Draw, tmp_path: Path
) -> None:
    picture = draw(tmp_path / "a.png", 4711).read_bytes()
    client.put("/v1/images/trip/7", content=picture, headers={"Content-Type": "image/png"})
    told = client.get("/v1/specimens/trip/7/history")
    assert (told.status_code, told.json()) == (200, {"specimen_id": "trip/7", "events": []})


def test_pages_newest_first(client: httpx2.Client) -> None:
    whole = client.get("/v1/determinations", params={"limit": 1000}).json()
    records.Determinations.model_validate(whole, strict=True)
    numbers = [one["determination_id"] for one in whole["determinations"]]
    assert numbers == sorted(numbers, reverse=True)
    assert (len(numbers), whole["next"]) == (20, None)
    collected: list[dict[str, Any]] = []
    after: dict[str, int] = {}
    while True:
        page = client.get("/v1/determinations", params={"limit": 6, **after}).json()
        collected += page["determinations"]
        if page["next"] is None:
            break
        after = {"after": page["next"]}
    assert collected == whole["determinations"]
    own = client.get("/v1/determinations", params={"specimen_id": ONE}).json()
    assert [one["specimen_id"] for one in own["determinations"]] == [ONE]
    pages = [specimen(client, limit=1)]
    pages.append(specimen(client, limit=1, after=pages[0]["next"]))
    assert [one["images"][0]["image_id"] for one in pages] == ["0-2.png", "0-3.png"]
    assert pages[1]["next"] is None


def test_what_is_off_is_a_problem_and_changes_nothing(
    client: httpx2.Client, refused: Refused
) -> None:
    before = client.get("/v1/determinations", params={"limit": 1000}).json()
    good = {"specimen_id": ONE, "name": "Xestia alba", "by": "Ann"}
    changes: list[tuple[dict[str, Any], int, str]] = [
        ({"specimen_id": "nobody"}, 404, "no specimen 'nobody'"),
        ({"specimen_id": "x" * 10_000}, 404, "no specimen"),
        ({"specimen_id": "a\0b"}, 404, "no specimen"),
        ({"specimen_id": 3}, 422, "specimen_id"),
        ({"name": "???"}, 422, ""),
        ({"name": ""}, 422, ""),
        ({"name": "Nothing"}, 422, "no taxon 'Nothing'"),
        ({"name": "x" * 501}, 422, "name"),
        ({"name": "Xestia\0alba"}, 422, "control character"),
        ({"name": None}, 422, "name"),
        ({"rank": "tribe"}, 422, "rank is 'tribe'"),
        ({"rank": "genus=x"}, 422, "rank is 'genus=x'"),
        ({"rank": "genus", "name": "xestia alba"}, 422, ""),
        ({"by": ""}, 422, "by: "),
        ({"by": "A\nB"}, 422, "control character"),
        ({"why": "y" * 501}, 422, "why"),
        ({"version": 2**63}, 422, "version"),
        ({"version": -1}, 422, "version"),
        ({"version": 1.5}, 422, "version"),
        ({"version": 0}, 409, "has changed since version 0: Xestia baja by manifest"),
        ({"version": 999}, 409, "never at that version"),
        ({"colour": 1}, 422, "colour: there is no such option"),
    ]
    for change, status, words in changes:
        response = client.post("/v1/determinations", json={**good, **change})
        assert words in refused(response, status), change
    for body in (b'{"by": "\\ud800"}', b"[]", b"{", b"[" * 99_999):
        headers = {"Content-Type": "application/json"}
        refused(client.post("/v1/determinations", content=body, headers=headers), 422)
        refused(client.post("/v1/determinations/1/undo", content=body, headers=headers), 422)
    refused(client.post("/v1/determinations", data=good), 415)
    refused(client.post("/v1/determinations?by=Ann", json=good), 422)
    for number in (999, 2**63 - 1, 2**63, 10**30, -1, -(2**64), "x"):
        refused(client.get(f"/v1/determinations/{number}"), 404)
        status = 422 if isinstance(number, str) else 404
        refused(client.post(f"/v1/determinations/{number}/undo", json={"by": "Ann"}), status)
        together = {"determination_ids": [1, number], "by": "Ann"}
        refused(client.post("/v1/determinations/undo", json=together), status)
    for params in ({"limit": 0}, {"limit": 1001}, {"after": 2**63}, {"after": "x"}):
        refused(client.get("/v1/determinations", params=params), 422)
    for params in ({"limit": 0}, {"after": "x"}, {"after": "9" * 19}, {"after": "-1"}):
        refused(client.get(f"/v1/specimens/{ONE}", params=params), 422)
    for nobody in ("nobody", "%00", "%ED%A0%80", "x" * 8000, "/", "a/history"):
        refused(client.get(f"/v1/specimens/{nobody}"), 404)
    assert client.get("/v1/determinations", params={"limit": 1000}).json() == before


def test_the_table_is_that_of_an_export(
    client: httpx2.Client, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(determinations, "_ROWS", 3)
    body = {"specimen_id": ONE, "name": "Xestia alba", "by": "=1+1"}
    made = told(client.post("/v1/determinations", json=body), 201)["determination_id"]
    client.post(f"/v1/determinations/{made}/undo", json={"by": "Ann"})
    table = client.get("/v1/determinations.csv")
    assert table.headers["content-type"].startswith("text/csv")
    with Collection.open(folder) as opened:
        assert determinations.export_determinations(opened, tmp_path / "d.csv") == 21
    assert table.content == (tmp_path / "d.csv").read_bytes()
    assert table.text.splitlines()[-1].endswith("withdrawn")
    assert "'=1+1" in table.text


def test_undone_once(client: httpx2.Client, refused: Refused) -> None:
    body = {"specimen_id": ONE, "name": "Xestia alba", "by": "Ann"}
    made = told(client.post("/v1/determinations", json=body), 201)
    place = f"/v1/determinations/{made['determination_id']}/undo"
    told(client.post(place, json={"by": "Ann"}))
    assert "undone already" in refused(client.post(place, json={"by": "Ann"}), 422)


def test_only_a_key_that_may_write_determines(folder: Path, refused: Refused) -> None:
    keys = Keys.parse(f"read:{hashlib.sha256(b'a key').hexdigest()}")
    headers = {"Authorization": "Bearer a key"}
    with (
        running(create_app(folder, keys=keys, loopback=False)) as address,
        httpx2.Client(base_url=address, headers=headers) as client,
    ):
        body = {"specimen_id": ONE, "name": "Xestia alba", "by": "Ann"}
        for path in ("", "/1/undo"):
            refused(client.post(f"/v1/determinations{path}", json=body), 403)
        for what in ("accept", "correct", "dismiss"):
            refused(client.post(f"/v1/queues/far/{what}", json=body), 403)
        assert specimen(client)["determination"]["taxon"] == "Xestia baja"


def test_many_are_determined_and_taken_back_together(client: httpx2.Client, folder: Path) -> None:
    names = [specimen(client, one)["specimen_id"] for one in (ONE, "Xestia_baja_2")]
    named = [{"specimen_id": one, "name": "Xestia", "rank": "genus"} for one in names]
    asked = {"namings": named, "by": "Ann", "why": "sure at the genus"}
    made = client.post("/v1/determinations/batch", json=asked).json()["determinations"]
    assert [(one["specimen_id"], one["after"]) for one in made] == [
        (one, "Xestia") for one in names
    ]
    assert {one["determined_by"] for one in made} == {"Ann"}
    asked = {"determination_ids": [one["determination_id"] for one in made], "by": "Bo"}
    undone = client.post("/v1/determinations/undo", json=asked).json()["determinations"]
    assert [one["after"] for one in undone] == ["Xestia baja"] * 2
    with Collection.open(folder) as collection:
        assert verify(collection).errors == []


@pytest.mark.parametrize(
    ("second", "status", "said"),
    [
        ({"specimen_id": "nobody", "name": "Xestia"}, 404, "no specimen 'nobody'"),
        ({"specimen_id": "Xestia_baja_2", "name": "Nosuch"}, 422, "no taxon 'Nosuch'"),
        (
            {"specimen_id": "Xestia_baja_2", "name": "Xestia", "rank": "tribe"},
            422,
            "rank is 'tribe'",
        ),
        ({"specimen_id": ONE, "name": "Catocala"}, 422, "comes twice"),
    ],
)
def test_of_many_all_are_determined_or_none(
    client: httpx2.Client, second: dict[str, Any], status: int, said: str
) -> None:
    before = specimen(client)
    named = [{"specimen_id": ONE, "name": "Xestia", "rank": "genus"}, second]
    answer = client.post("/v1/determinations/batch", json={"namings": named, "by": "Ann"})
    assert answer.status_code == status, answer.text
    assert said in answer.json()["detail"]
    assert specimen(client) == before


def test_of_many_those_that_a_colleague_named_meanwhile_are_listed(client: httpx2.Client) -> None:
    other = "Xestia_baja_2"
    versions = {one: specimen(client, one)["version"] for one in (ONE, other)}
    body = {"specimen_id": other, "name": "Xestia viridis", "by": "Bo"}
    theirs = told(client.post("/v1/determinations", json=body), 201)["determination_id"]
    named = [
        {"specimen_id": one, "name": "Xestia", "rank": "genus", "version": versions[one]}
        for one in (ONE, other)
    ]
    answer = client.post("/v1/determinations/batch", json={"namings": named, "by": "Ann"}).json()
    records.Determined.model_validate(answer, strict=True)
    assert [one["specimen_id"] for one in answer["determinations"]] == [ONE]
    (left,) = answer["left_out"]
    assert left["specimen_id"] == other
    assert "Xestia viridis by Bo" in left["why"]
    assert specimen(client, other)["version"] == theirs


def test_of_many_those_that_still_count_are_taken_back_and_others_listed(
    client: httpx2.Client, folder: Path
) -> None:
    names = [ONE, "Xestia_baja_2", "Catocala_nupta_1"]
    named = [{"specimen_id": one, "name": "Xestia", "rank": "genus"} for one in names]
    made = client.post("/v1/determinations/batch", json={"namings": named, "by": "Ann"}).json()
    numbers = [one["determination_id"] for one in made["determinations"]]
    told(client.post(f"/v1/determinations/{numbers[0]}/undo", json={"by": "Bo"}))
    body = {"specimen_id": names[1], "name": "Xestia viridis", "by": "Cy"}
    told(client.post("/v1/determinations", json=body), 201)

    asked = {"determination_ids": numbers, "by": "Ann"}
    answer = client.post("/v1/determinations/undo", json=asked).json()
    records.Undone.model_validate(answer, strict=True)
    assert [one["undoes"] for one in answer["determinations"]] == [numbers[2]]
    left = {one["determination_id"]: one["why"] for one in answer["left_out"]}
    assert "undone already, by Bo" in left[numbers[0]]
    assert "Cy determined it as Xestia viridis since" in left[numbers[1]]
    assert len(answer["determinations"]) + len(left) == len(numbers)
    called = [specimen(client, one)["determination"]["taxon"] for one in names]
    assert called == ["Xestia baja", "Xestia viridis", "Catocala nupta"]
    with Collection.open(folder) as collection:
        assert verify(collection).errors == []


def test_of_many_a_number_of_none_takes_nothing_back(client: httpx2.Client) -> None:
    body = {"specimen_id": ONE, "name": "Xestia", "rank": "genus", "by": "Ann"}
    made = told(client.post("/v1/determinations", json=body), 201)["determination_id"]
    for numbers, status in (([made, 10**9], 404), ([made, made], 422)):
        asked = {"determination_ids": numbers, "by": "Ann"}
        answer = client.post("/v1/determinations/undo", json=asked)
        assert answer.status_code == status, answer.text
    assert specimen(client)["determination"]["taxon"] == "Xestia"
