"""Curation queues over HTTP."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.service.app import create_app
from holotype.service.resources.unknown import queues
from holotype.service.schemas import answers, records
from holotype.training import doubts
from tests.index.clusters.clouds import add_batch, drawer

from .conftest import Refused
from .running import running

WRONG = "Xestia_baja_1"
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


def done(client: httpx2.Client, kind: str) -> dict[str, Any]:
    """A job of that kind, when it is over."""
    begun = client.post("/v1/jobs", json={"kind": kind})
    assert begun.status_code == 202, begun.text
    job: dict[str, Any] = begun.json()
    while job["state"] == "running":
        job = client.get(f"/v1/jobs/{job['job_id']}").json()
    return job


def test_a_queue_in_pages_and_after_a_decision(
    folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collection.open(folder) as opened:
        opened.determine(WRONG, NUPTA, by="manifest", origin="import")
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        with monkeypatch.context() as patched:
            patched.setattr(queues, "_MOST_AT_ONCE", 3)
            told = refused(client.get("/v1/queues/far"), 503)
            assert told.startswith("The names of 20 specimens have not been compared yet")
            assert "a job of kind 'review' (POST /v1/jobs)" in told
            assert done(client, "review")["result"] == {"specimens": 20}
            assert client.get("/v1/queues/far").status_code == 200
            assert done(client, "review")["result"] == {"specimens": 20}  # once more does no harm
        page = client.get("/v1/queues/mislabels", params={"limit": 1}).json()
        answers.QueuePage.model_validate(page, strict=True)
        (entry,) = page["entries"]
        assert entry["specimen_ids"] == [WRONG]
        assert entry["proposed"]["species"] == "Xestia baja"
        second = client.get("/v1/queues/mislabels", params={"offset": 1}).json()
        assert [one["place"] for one in second["entries"]] == list(range(2, page["total"] + 1))
        with Collection.open(folder) as opened:
            opened.determine(WRONG, NUPTA, by="Ann")
        after = client.get("/v1/queues/mislabels").json()
        assert all(WRONG not in one["specimen_ids"] for one in after["entries"])
        for name in ("unnamed", "duplicates", "far", "singletons"):
            found = client.get(f"/v1/queues/{name}").json()
            answers.QueuePage.model_validate(found, strict=True)
        assert "choose one of unnamed, mislabels" in refused(client.get("/v1/queues/wrong"), 422)
        assert "limit is 0" in refused(client.get("/v1/queues/far", params={"limit": 0}), 422)


def test_names_that_are_compared_while_pictures_come_are_kept(
    folder: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A museum that adds pictures all day has its queues, and nobody is told "done" in vain."""
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    compared, picture = doubts.doubt_names, (source.parent / "0-0.png").read_bytes()
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:

        def meanwhile(*asked: Any, **options: Any) -> Any:
            files = {"image": ("new.png", picture + b"new")}
            put = httpx2.put(f"{address}/v1/images/new.png", files=files, timeout=60)
            assert put.status_code == 201, put.text
            return compared(*asked, **options)

        monkeypatch.setattr(doubts, "doubt_names", meanwhile)
        assert done(client, "review")["state"] == "done"
        assert client.get("/v1/queues/far").status_code == 200


def test_of_many_specimens_names_for_those_without_wait_for_the_job_too(
    source: Path, folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    picture = (source.parent / "0-0.png").read_bytes()
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        assert done(client, "review")["state"] == "done"
        assert client.get("/v1/queues/unnamed").json()["total"] == 0
        put = client.put("/v1/images/new.png", files={"image": ("new.png", picture + b"new")})
        assert put.status_code == 201, put.text
        assert client.get("/v1/queues/far").status_code == 200  # one more changes little
        assert "have not been compared" in refused(client.get("/v1/queues/unnamed"), 503)
        assert done(client, "review")["result"] == {"specimens": 21}
        (entry,) = client.get("/v1/queues/unnamed").json()["entries"]
        (name,) = entry["specimen_ids"]
        asked = {"specimen_ids": [name], "by": "Ann", "names": {name: "Xestia nova"}}
        why = refused(client.post("/v1/queues/unnamed/accept", json=asked), 409)
        assert "is proposed by now and not Xestia nova" in why
        asked["names"] = {name: entry["proposed"]["species"]}
        told = client.post("/v1/queues/unnamed/accept", json=asked).json()
        assert [one["after"] for one in told["determinations"]] == [entry["proposed"]["species"]]
        client.put("/v1/images/later.png", files={"image": ("later.png", picture + b"later")})
        assert done(client, "review")["state"] == "done"
        client.put("/v1/images/last.png", files={"image": ("last.png", picture + b"last")})
        page = client.get("/v1/queues/unnamed").json()
        assert (page["total"], page["left_out"]) == (1, {"added since names were compared": 1})
        assert done(client, "review")["state"] == "done"
        page = client.get("/v1/queues/unnamed").json()
        assert (page["total"], page["left_out"]) == (2, {})


def test_who_cannot_keep_what_was_compared_is_told(
    folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    monkeypatch.setattr(doubts, "keep_doubts", lambda *_: None)  # as where the disk is full
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        over = done(client, "review")
        assert over["state"] == "failed"
        assert "could not be kept" in over["error"]
        assert "have not been compared yet" in refused(client.get("/v1/queues/far"), 503)


@pytest.fixture
def client(folder: Path) -> Iterator[httpx2.Client]:
    """A client of a service over a collection in which one specimen has a wrong name."""
    with Collection.open(folder) as opened:
        opened.determine(WRONG, NUPTA, by="manifest", origin="import")
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as opened_client,
    ):
        yield opened_client


def first(client: httpx2.Client) -> dict[str, Any]:
    found = client.get("/v1/queues/mislabels").json()["entries"]
    return dict(found[0]) if found else {"specimen_ids": [], "versions": []}


def decide(client: httpx2.Client, what: str, **asked: Any) -> list[dict[str, Any]]:
    response = client.post(f"/v1/queues/mislabels/{what}", json={"by": "Ann", **asked})
    assert response.status_code == 200, response.text
    told = response.json()
    records.QueueDecided.model_validate(told, strict=True)
    return list(told["determinations"])


def test_accept_correct_dismiss_and_undo(client: httpx2.Client) -> None:
    entry = first(client)
    asked = {"specimen_ids": [WRONG], "versions": {WRONG: entry["versions"][0]}}
    (made,) = decide(client, "accept", **asked, why="its reniform stigma")
    assert (made["before"], made["after"]) == ("Catocala nupta", "Xestia baja")
    assert (made["determined_by"], made["remarks"]) == ("Ann", "its reniform stigma")
    assert WRONG not in first(client)["specimen_ids"]
    client.post(f"/v1/determinations/{made['determination_id']}/undo", json={"by": "Ann"})
    again = first(client)
    assert again["specimen_ids"] == [WRONG]
    assert again["versions"][0] > entry["versions"][0]
    corrected = decide(client, "correct", specimen_ids=[WRONG], name="Xestia c-nigrum")
    assert corrected[0]["after"] == "Xestia c-nigrum"
    others = ["Xestia_baja_0", "Xestia_baja_2"]
    confirmed = decide(client, "dismiss", specimen_ids=others)
    assert [one["before"] == one["after"] for one in confirmed] == [True, True]
    assert [one["specimen_id"] for one in confirmed] == others


def test_two_curators_at_once(client: httpx2.Client, refused: Refused) -> None:
    version = first(client)["versions"][0]
    responses: list[httpx2.Response] = []

    def name(number: int) -> None:
        body = {
            "specimen_ids": [WRONG],
            "versions": {WRONG: version},
            "by": f"Person {number}",
            "name": f"Xestia n{number}x",
        }
        responses.append(client.post("/v1/queues/mislabels/correct", json=body))

    threads = [threading.Thread(target=name, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = (one for one in responses if one.status_code == 200)
    winner = won.json()["determinations"][0]["determined_by"]
    for lost in (one for one in responses if one is not won):
        assert f"has changed since version {version}: " in (said := refused(lost, 409))
        assert f"by {winner}" in said
    assert len(client.get(f"/v1/specimens/{WRONG}/history").json()["events"]) == 3


def test_who_decides_second_is_told_who_was_first(client: httpx2.Client, refused: Refused) -> None:
    """What was accepted stands in the queue no more, and has that name already."""
    entry = first(client)
    asked = {"specimen_ids": [WRONG], "versions": {WRONG: entry["versions"][0]}}
    decide(client, "accept", **asked, names={WRONG: "Xestia baja"})
    for what, more in (
        ("accept", {"names": {WRONG: "Xestia baja"}}),
        ("correct", {"name": "Xestia baja"}),
        ("dismiss", {}),
    ):
        body = {**asked, **more, "by": "Bo"}
        said = refused(client.post(f"/v1/queues/mislabels/{what}", json=body), 409)
        assert f"has changed since version {entry['versions'][0]}: Xestia baja by Ann" in said


def test_a_queue_of_many_specimens_whose_names_cannot_be_compared(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 1)
    two = {"Xestia alba": "Noctuidae", "Catocala alba": "Erebidae"}
    drawer(tmp_path / "drawer", each=1, known=two).close()
    with (
        running(create_app(tmp_path / "drawer")) as address,
        httpx2.Client(base_url=address) as client,
    ):
        assert client.get("/v1/queues/singletons").json()["total"] == 2
        for name in ("unnamed", "mislabels", "far"):
            said = refused(client.get(f"/v1/queues/{name}"), 422)  # no job would be of use
            assert said.startswith("2 specimens are named, of 2 species: names are compared")


def test_of_many_specimens_a_group_that_was_named_does_not_end_the_queue(
    tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"Xestia alba": 20, "Noctua nigra": 8})
    with (
        running(create_app(tmp_path / "drawer")) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        assert done(client, "review")["state"] == "done"
        entries = client.get("/v1/queues/unnamed").json()["entries"]
        group = [
            entry["specimen_ids"][0]
            for entry in entries
            if entry["proposed"]["species"] == "Xestia alba"
        ]
        assert len(group) > 96 / 20  # more than a twentieth of those with a name
        asked = {"specimen_ids": group, "by": "Ann"}
        assert client.post("/v1/queues/unnamed/accept", json=asked).status_code == 200
        page = client.get("/v1/queues/unnamed", params={"limit": 50}).json()
        assert 0 < page["total"] <= 8
        assert all(one["proposed"]["species"] == "Noctua nigra" for one in page["entries"])
        refused(client.get("/v1/queues/mislabels"), 503)  # which asks about those, too


def test_decisions_that_are_off_change_nothing(client: httpx2.Client, refused: Refused) -> None:
    place, good = "/v1/queues/mislabels", {"specimen_ids": [WRONG], "by": "Ann"}
    before = client.get("/v1/determinations").json()
    right = "Salmo_trutta_1"
    for what, body, status, words in [
        ("accept", {**good, "specimen_ids": [WRONG, "nobody"]}, 404, "no specimen 'nobody'"),
        ("dismiss", {**good, "specimen_ids": [right, "nobody"]}, 404, "no specimen 'nobody'"),
        ("correct", {**good, "name": "Salmo trutta", "specimen_ids": [right]}, 422, "is cal"),
        ("correct", {**good, "name": "tribe=Xestiini"}, 422, "no rank"),
        ("correct", good, 422, "name"),
        ("accept", {**good, "specimen_ids": []}, 422, "specimen_ids"),
        ("accept", {**good, "specimen_ids": ["x"] * 1001}, 422, "specimen_ids"),
        ("accept", {**good, "by": " "}, 422, "by: "),
        ("dismiss", {**good, "versions": {WRONG: 7**30}}, 422, "versions"),
        ("dismiss", {**good, "versions": {WRONG: 1}}, 409, "has changed since version 1"),
        ("dismiss", {**good, "colour": "red"}, 422, "colour: there is no such option"),
        ("accept", {**good, "space": "none"}, 404, "no space 'none'"),
    ]:
        assert words in refused(client.post(f"{place}/{what}", json=body), status)
    for what in ("accept", "correct", "dismiss"):
        body = {**good, "name": "Xestia baja"} if what == "correct" else good
        assert "choose one of" in refused(client.post(f"/v1/queues/none/{what}", json=body), 422)
    assert client.get("/v1/determinations").json() == before
