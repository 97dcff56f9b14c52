"""From unknown to named over HTTP: a batch, clusters, decisions, and what the next query says."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pydantic import TypeAdapter

from holotype.index.clusters.recipe import Recipe
from holotype.index.collection import Collection
from holotype.index.upkeep.info import verify
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.schemas import clusters as answers
from tests.conftest import Draw
from tests.index.clusters.clouds import add_batch, drawer

from .conftest import Refused
from .running import running
from .test_calibration_job import until_ended

ME = {"by": "A. Tester"}


@contextmanager
def served(folder: Path, **options: Any) -> Iterator[httpx2.Client]:
    with (
        running(create_app(folder, **options)) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def clustered(client: httpx2.Client, **asked: Any) -> dict[str, Any]:
    begun = client.post("/v1/clusters", json={**ME, **asked})
    assert begun.status_code == 202, begun.text
    job = until_ended(client, begun.headers["location"])[-1]
    assert job["state"] == "done", job
    number = job["result"]["clustering"]
    found: dict[str, Any] = client.get("/v1/clusters", params={"clustering": number}).json()
    TypeAdapter(answers.Clustering).validate_python(found, strict=True)
    return found


def decide(client: httpx2.Client, cluster: dict[str, Any], what: str, **more: Any) -> Any:
    body = {**ME, "version": cluster["version"], **more}
    response = client.post(f"/v1/clusters/{cluster['id']}/{what}", json=body)
    assert response.status_code == 200, response.text
    TypeAdapter(answers.Decided).validate_python(response.json(), strict=True)
    return response.json()


def test_the_story_through_restarts(folder: Path, tmp_path: Path, draw: Draw) -> None:
    trip = [
        draw(tmp_path / f"{number}.png", 500 + number, like=(77, 98)[number // 5])
        for number in range(10)
    ]
    fresh = {"images": draw(tmp_path / "fresh.png", 999, like=77).read_bytes()}

    def called(client: httpx2.Client) -> str:
        answer = client.post("/v1/identify", files=fresh, data={"risk": "0.4"}).json()
        return str((answer["determination"] or {"taxon": "unknown"})["taxon"])

    def put(client: httpx2.Client, picture: Path) -> int:
        files = {"image": (picture.name, picture.read_bytes())}
        return client.put(f"/v1/images/{picture.name}", files=files).status_code

    for half in (trip[:5], trip[5:]):
        with served(folder) as client:
            assert [put(client, picture) for picture in half] == [201] * 5
    with served(folder) as client:
        assert [put(client, picture) for picture in trip] == [200] * 10
        before = called(client)
    with served(folder) as client:
        found = clustered(client, where=["species="], k=2)
        assert [one["size"] for one in found["clusters"]] == [5, 5]
    with served(folder) as client:
        again = client.get("/v1/clusters").json()
        assert again == found
        mine = next(one for one in again["clusters"] if "0.png" in one["image_ids"])
        told = decide(client, mine, "name", name="Xestia viridis", why="green wings")
        assert called(client) == "Xestia viridis"
    with served(folder) as client:
        assert called(client) == "Xestia viridis"
        decision = told["decision"]["decision_id"]
        undone = client.post(f"/v1/decisions/{decision}/undo", json={"by": "B. Tester"})
        assert undone.status_code == 200
        assert called(client) == before
    with served(folder) as client:
        assert called(client) == before
        specimen = client.get("/v1/images/0.png").json()["specimen_id"]
        history = client.get(f"/v1/specimens/{specimen}/history").json()
        answers.History.model_validate(history, strict=True)
        assert [
            (one["determined_by"], one["remarks"].split(";")[0], one["after"])
            for one in history["events"]
        ] == [("A. Tester", "green wings", "Xestia viridis"), ("B. Tester", "", "")]
        log = client.get("/v1/decisions").json()
        answers.Decisions.model_validate(log, strict=True)
        assert [(one["kind"], one["stands"]) for one in log["decisions"]] == [
            ("cluster", True),
            ("name", False),
            ("undo", True),
        ]
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


@pytest.fixture
def cloudy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("holotype.training.clustering.kept.recipe_for", lambda *_, **__: Recipe())
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"x one": 9, "x two": 7, "far": 6})
    return tmp_path / "drawer"


def test_every_decision_and_the_way_back(cloudy: Path) -> None:
    with served(cloudy) as client:
        one, two, far = clustered(client, where=["split=batch"], k=3)["clusters"]
        merged = decide(client, one, "merge", others={str(two["id"]): two["version"]})
        assert merged["cluster"]["size"] == 16
        split = decide(client, merged["cluster"], "split", parts=2)
        placed = decide(client, split["cluster"], "place", under="family=Noctuidae")
        assert placed["cluster"]["name"] == "Noctuidae gen. sp. 1"
        moved = decide(client, far, "move", images=["batch far 0"], to=None)
        assert moved["cluster"]["size"] == 5
        decide(client, moved["cluster"], "reject")
        accepted = decide(client, placed["cluster"], "accept")
        answer = client.post("/v1/identify", json={"image_id": split["cluster"]["medoid"]}).json()
        assert answer["ranks"]["species"][0]["taxon"] == accepted["cluster"]["name"]
        back = client.post("/v1/decisions/1/undo-since", json=ME).json()
        assert len(back["undos"]) == 6
        now = client.get("/v1/clusters").json()
        assert [entry["image_ids"] for entry in now["clusters"]] == [
            entry["image_ids"] for entry in (one, two, far)
        ]
        decide(client, now["clusters"][2], "set-aside")
        listed = client.get("/v1/clusterings").json()
        answers.Clusterings.model_validate(listed, strict=True)
        assert listed["clusterings"][0]["source"] == "split=batch"


def test_two_people_at_once_lose_nothing(cloudy: Path, refused: Refused) -> None:
    with served(cloudy) as client:
        found = clustered(client, where=["split=batch"], k=3)["clusters"]
        one = found[0]
        responses: list[httpx2.Response] = []

        def name(number: int) -> None:
            body = {
                "by": f"Person {number}",
                "version": one["version"],
                "name": f"Xestia n{number}x",
            }
            responses.append(client.post(f"/v1/clusters/{one['id']}/name", json=body))

        threads = [threading.Thread(target=name, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        won = [one for one in responses if one.status_code == 200]
        assert len(won) == 1
        winner = won[0].json()["decision"]["decided_by"]
        for lost in (one for one in responses if one is not won[0]):
            sentence = refused(lost, 409)
            assert f"by {winner}" in sentence
            assert "has changed since version" in sentence
        others = [decide(client, entry, "accept") for entry in found[1:]]
        assert all(entry["cluster"]["state"] == "named" for entry in others)
    with Collection.open(cloudy) as opened:
        assert verify(opened).errors == []
        assert (
            len([one for one in opened.images() if one.split == "batch" and any(one.lineage)]) == 22
        )


def test_what_is_off_is_a_problem_and_changes_nothing(cloudy: Path, refused: Refused) -> None:
    with served(cloudy) as client:
        assert "no clusters yet" in refused(client.get("/v1/clusters"), 404)
        sentence = refused(client.post("/v1/clusters", json={**ME, "where": ["split=x"]}), 422)
        assert "split" in sentence
        refused(client.post("/v1/clusters", json={**ME, "where": ["split=gallery"]}), 422)
        refused(client.post("/v1/clusters", json={"where": ["split=batch"]}), 422)
        one = clustered(client, where=["split=batch"], k=3)["clusters"][0]
        place = f"/v1/clusters/{one['id']}"
        body = {**ME, "version": one["version"]}
        refused(client.post(f"{place}/name", json={**body, "name": "???"}), 422)
        refused(client.post(f"{place}/name", json={**ME, "name": "Xestia alba"}), 422)
        refused(client.post(f"{place}/accept", json={**body, "by": " "}), 422)
        refused(client.post(f"{place}/accept", json={**body, "version": 7}), 409)
        refused(
            client.post(f"{place}/accept", content=b"{", headers={"content-type": "text/x"}), 415
        )
        refused(client.post(f"{place}/split", json={**body, "parts": 1000}), 422)
        refused(client.post(f"{place}/move", json={**body, "images": ["x"], "to": "new"}), 422)
        for number in (99, 2**64, -1, -(10**30)):
            refused(client.post(f"{place}/merge", json={**body, "others": {str(number): 1}}), 404)
            moved = {**body, "images": [one["image_ids"][0]]}
            moved |= {"to": number, "to_version": 1}
            refused(client.post(f"{place}/move", json=moved), 404)
            refused(client.get(f"/v1/clusters/{number}"), 404)
            refused(client.get("/v1/clusters", params={"clustering": number}), 404)
            refused(client.get("/v1/decisions", params={"clustering": number}), 404)
            refused(client.post(f"/v1/clusterings/{number}/accept-known", json=ME), 404)
            for undo in ("undo", "undo-since"):
                refused(client.post(f"/v1/decisions/{number}/{undo}", json=ME), 404)
            assert client.get(f"/review/clusters/{number}").status_code == 404
        refused(client.post("/v1/decisions/1/undo", json=ME), 422)
        for nobody in ("nothing", ""):
            refused(client.get(f"/v1/specimens/{nobody}/history"), 404)
        refused(client.get("/v1/decisions?clustering=0"), 404)
        refused(client.post("/v1/clusters", json={"by": " ", "where": ["split=batch"]}), 422)
        assert len(client.get("/v1/decisions").json()["decisions"]) == 1


def test_only_a_key_that_may_write_decides(cloudy: Path, refused: Refused) -> None:
    digest = hashlib.sha256(b"a key").hexdigest()
    keys = Keys.parse(f"read:{digest}")
    headers = {"Authorization": "Bearer a key"}
    with served(cloudy, keys=keys, loopback=False) as client:
        for path in ("/v1/clusters", "/v1/clusters/1/accept", "/v1/decisions/1/undo"):
            refused(client.post(path, json=ME, headers=headers), 403)
        assert client.get("/v1/clusterings", headers=headers).json() == {"clusterings": []}


def test_pages(cloudy: Path, refused: Refused) -> None:
    with served(cloudy) as client:
        whole = clustered(client, where=["split=batch"], k=3)
        pages, after = list[dict[str, Any]](), dict[str, str]()
        while True:
            page = client.get("/v1/clusters", params={"limit": 1, **after}).json()
            TypeAdapter(answers.Clustering).validate_python(page, strict=True)
            assert (len(page["clusters"]), page["k"]) == (1, 3)
            pages += page["clusters"]
            if page["next"] is None:
                break
            after = {"after": page["next"]}
        assert pages == whole["clusters"]
        decide(client, pages[0], "accept")
        assert client.get("/v1/clusters").json()["clusters"][0]["state"] == "named"
        every = client.get("/v1/decisions").json()["decisions"]
        first = client.get("/v1/decisions?limit=1").json()
        second = client.get("/v1/decisions", params={"limit": 1, "after": first["next"]}).json()
        assert first["decisions"] + second["decisions"] == every
        assert second["next"] is None
        newest = client.get("/v1/decisions?newest=true&limit=1").json()
        rest = client.get("/v1/decisions", params={"newest": "1", "after": newest["next"]}).json()
        assert (newest["decisions"] + rest["decisions"])[::-1] == every
        for path in ("clusters", "decisions"):
            for params in ({"limit": 0}, {"limit": 10**30}, {"after": "x"}, {"after": "\0"}):
                refused(client.get(f"/v1/{path}", params=params), 422)
