"""Calibrating over HTTP: a job with a percentage, beside the questions; nothing else calibrates."""

from __future__ import annotations

import hashlib
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.errors import HolotypeError
from holotype.scripts.bench.faults import plain
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.schemas import answers
from tests.conftest import pace

from .conftest import Refused
from .running import running

ASK = {"image_id": "image 3"}
START = "/v1/spaces/base/calibration"
KEYS = {scope: f"a key to {scope}" for scope in ("read", "write")}


def vectors(folder: Path, images: int = 80) -> Path:
    """A collection of vectors that were made elsewhere, in clouds round their species."""
    rng = np.random.default_rng(0)
    with Collection.create(folder) as made:
        space = made.add_space("base", encoder="external:x", fingerprint="x", views=1, dim=12)
        entries = []
        for number in range(images):
            image = plain.image_of(f"image {number}")
            image = replace(image, phash=int(image.sha256[:15], 16))  # no copies of each other
            centre = np.random.default_rng(ord(image.lineage[-1][7])).normal(size=12)
            row = (centre + rng.normal(0, 0.3, 12)).astype(np.float32)
            entries.append((image, row / np.linalg.norm(row)))
        made.store(space, entries)
        made.gallery()
    return folder


@pytest.fixture
def made(tmp_path: Path) -> Path:
    return vectors(tmp_path / "drawer")


@contextmanager
def asked(folder: Path, **options: Any) -> Iterator[httpx2.Client]:
    app = create_app(folder, **options)
    with running(app) as address, httpx2.Client(base_url=address, timeout=60) as client:
        yield client


def until_ended(client: httpx2.Client, place: str) -> list[dict[str, Any]]:
    """What a job says of itself until it has ended."""
    seen: list[dict[str, Any]] = []
    deadline = time.monotonic() + 60
    while not seen or seen[-1]["state"] == "running":
        assert time.monotonic() < deadline
        seen.append(client.get(place).json())
        time.sleep(0.005)
    return seen


class Held:
    """A stand-in for the work that goes on until it is let go."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(
        self, collection: Collection, *, progress: Callable[[int, int], None], **_: object
    ) -> dict[str, Any]:
        with collection.database.writing():
            progress(0, 10)
            while not self.go_on.wait(0.01):
                progress(3, 10)
        return {"held": True}


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held = Held()
    monkeypatch.setattr("holotype.service.resources.calibration.calibrate_space", held)
    yield held
    held.go_on.set()


def state_of(folder: Path) -> tuple[str, int, set[str]]:
    with Collection.open(folder) as opened:
        read = opened.database.read
        written = read("SELECT value FROM meta WHERE key = 'written'")[0][0]
        files = {path.name for path in folder.rglob("*") if path.suffix not in (".lock", ".json")}
        return written, read("SELECT count(*) FROM calibrations")[0][0], files


def test_a_service_calibrates_nothing_by_itself(made: Path) -> None:
    before = state_of(made)
    with asked(made) as client:
        for _ in range(3):
            assert client.get("/readyz").status_code == 200
            answer = client.post("/v1/identify", json=ASK).json()
            answers.Answer.model_validate(answer, strict=True)
            assert answer["calibration"] == "none"
            assert answer["novelty_p"] is None
            assert "a job of kind 'calibrate'" in answer["calibration_note"]
        assert client.get("/").status_code == 200
        state = client.get(START).json()
        answers.Calibration.model_validate(state, strict=True)
        assert state["calibration"] == "none"
        assert client.get("/v1/jobs").json() == {"jobs": []}
    assert state_of(made) == before


def test_a_job_goes_on_to_the_end_and_the_next_answer_uses_it(made: Path) -> None:
    with asked(made) as client:
        started = client.post(START)
        assert started.status_code == 202, started.text
        place = started.headers["location"]
        assert place == f"/v1/jobs/{started.json()['job_id']}"
        seen = until_ended(client, place)
        for one in seen:
            answers.Job.model_validate(one, strict=True)
        percents = [one["percent"] for one in seen]
        assert percents == sorted(percents)
        assert (seen[-1]["state"], percents[-1], seen[-1]["error"]) == ("done", 100, None)
        assert seen[-1]["result"]["known_specimens"] > 0
        answer = client.post("/v1/identify", json=ASK).json()
        answers.Answer.model_validate(answer, strict=True)
        assert answer["calibration"] == "fitted"
        assert client.get(START).json()["calibration"] == "fitted"
        with Collection.open(made) as collection:
            collection.delete(["image 9"])
        answer = client.post("/v1/identify", json=ASK).json()
        assert answer["calibration"] == "stale"
        assert answer["calibration_changes"]["images_removed"] == 1
        assert until_ended(client, client.post(START).headers["location"])[-1]["state"] == "done"
        assert client.post("/v1/identify", json=ASK).json()["calibration"] == "fitted"
        assert len(client.get("/v1/jobs").json()["jobs"]) == 2


def test_who_cannot_start_is_told_at_once(
    made: Path, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asked(made) as client:
        with Database(made).writing():
            sentence = refused(client.post(START), 409)
            assert "is locked by pid" in sentence
            assert str(tmp_path) not in sentence
        refused(client.post("/v1/spaces/nothing/calibration"), 404)
        refused(client.get("/v1/spaces/nothing/calibration"), 404)
        refused(client.get("/v1/jobs/nothing"), 404)
        refused(client.delete("/v1/jobs/nothing"), 404)
        with monkeypatch.context() as patched:
            patched.setattr("holotype.training.spaces.is_writable", lambda _: False)
            assert "is read-only" in refused(client.post(START), 409)
        assert client.get("/v1/jobs").json() == {"jobs": []}
    with asked(vectors(tmp_path / "few", 20)) as client:
        sentence = refused(client.post(START), 422)
        assert "20 specimens are named to species, and 50 are needed" in sentence
        assert client.post("/v1/identify", json=ASK).status_code == 200


def test_a_job_keeps_no_question_waiting_and_can_be_cancelled(
    made: Path, work: Held, refused: Refused
) -> None:
    before = state_of(made)
    with asked(made) as client:
        first = client.post(START).json()
        for _ in range(20):
            assert client.post("/v1/identify", json=ASK).json()["calibration"] == "none"
        place = f"/v1/jobs/{first['job_id']}"
        assert client.get(place).json()["percent"] == 30
        assert client.post(START).json()["job_id"] == first["job_id"]
        with pytest.raises(HolotypeError, match="is locked by"), Database(made).writing():
            pass
        cancelled = client.delete(place)
        assert cancelled.status_code == 202
        last = until_ended(client, place)[-1]
        assert (last["state"], last["result"], last["error"]) == ("cancelled", None, None)
        assert client.delete(place).json()["state"] == "cancelled"
        second = client.post(START).json()
        assert second["job_id"] != first["job_id"]
        work.go_on.set()
        assert until_ended(client, f"/v1/jobs/{second['job_id']}")[-1]["result"] == {"held": True}
        ended = client.get("/v1/jobs").json()
    assert state_of(made)[1:] == before[1:]  # the jobs themselves are written
    with asked(made) as client:
        answers.Jobs.model_validate(ended, strict=True)
        assert client.get("/v1/jobs").json() == ended


def test_one_job_at_a_time(made: Path, work: Held, refused: Refused) -> None:
    with Collection.open(made) as collection:
        other = collection.add_space("other", encoder="external:y", fingerprint="y", views=1, dim=3)
        image = plain.image_of("image 3")
        collection.store(other, [(image, np.eye(3, dtype=np.float32)[0])])
    with asked(made) as client:
        job = client.post(START).json()
        sentence = refused(client.post("/v1/spaces/other/calibration"), 409)
        assert job["job_id"] in sentence


def test_a_failure_is_the_jobs_and_says_nothing_of_the_inside(
    made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object, progress: Callable[[int, int], None], **__: object) -> None:
        progress(0, 10)
        raise RuntimeError("/secret/path")

    monkeypatch.setattr("holotype.service.resources.calibration.calibrate_space", fails)
    with asked(made) as client:
        last = until_ended(client, client.post(START).headers["location"])[-1]
        assert last["state"] == "failed"
        assert "log" in last["error"]
        assert "secret" not in str(last)


def test_a_service_that_ends_cancels_its_job(made: Path, work: Held) -> None:
    begin = time.monotonic()
    with asked(made) as client:
        assert client.post(START).status_code == 202
    assert time.monotonic() - begin < 10 * pace()
    with Database(made).writing():
        pass


def test_only_a_key_that_may_write_starts_and_cancels(
    made: Path, work: Held, refused: Refused
) -> None:
    entries = (f"{scope}:{hashlib.sha256(k.encode()).hexdigest()}" for scope, k in KEYS.items())
    keys = Keys.parse(",".join(entries))
    sent = {scope: {"Authorization": f"Bearer {key}"} for scope, key in KEYS.items()}
    with asked(made, keys=keys, loopback=False) as client:
        refused(client.post(START), 401)
        assert "may only read" in refused(client.post(START, headers=sent["read"]), 403)
        job = client.post(START, headers=sent["write"]).json()
        place = f"/v1/jobs/{job['job_id']}"
        assert client.get(place, headers=sent["read"]).json()["state"] == "running"
        refused(client.delete(place, headers=sent["read"]), 403)
        assert client.delete(place, headers=sent["write"]).status_code == 202
        for scope, may in (("read", False), ("write", True)):
            page = client.get("/", headers=sent[scope]).text
            assert bool(re.search(r"<main[^>]* data-may-calibrate", page)) is may


def test_a_page_of_another_site_starts_nothing(made: Path, refused: Refused) -> None:
    with asked(made) as client:
        headers = {"Origin": "http://evil.example"}
        assert "another site" in refused(client.post(START, headers=headers), 403)
        assert client.get("/v1/jobs").json() == {"jobs": []}
