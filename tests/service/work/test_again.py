"""What a killed service leaves of its jobs, and starting them again."""

from __future__ import annotations

import time
from pathlib import Path

import httpx2
import pytest

from holotype.service.problems import JobRunsError
from holotype.training.metric import train as metric_train
from holotype.training.metric.keeping import is_kept
from tests.service.process import service
from tests.training.metric.run_in_process import TABLE, always_better

from .conftest import Do, Serve, ended

LONG = {**TABLE, "schedule": {**TABLE["schedule"], "pictures": 1_000_000}}


def started(client: httpx2.Client, name: str = "trained") -> str:
    order = {"kind": "train", "options": {"config": LONG, "name": name}}
    begun = client.post("/v1/jobs", json=order)
    assert begun.status_code == 202, begun.text
    return begun.headers["location"]


def until_kept(folder: Path, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not is_kept(folder / "models" / ".trained.training"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_training_that_was_killed_is_interrupted_and_goes_on(
    folder: Path, tmp_path: Path, serve: Serve
) -> None:
    log, keeping = tmp_path / "log", {"HOLOTYPE_TRAINING_KEEP_SECONDS": "0"}
    with (
        service(folder, log, **keeping) as killed,
        httpx2.Client(base_url=killed.address, timeout=60) as asked,
    ):
        place = started(asked)
        until_kept(folder)
        killed.process.kill()
        killed.process.wait(60)
    with serve() as client:
        job = client.get(place).json()
        assert (job["state"], job["kind"], job["result"]) == ("interrupted", "train", None)
        assert job["options"]["config"] == LONG
        begun = client.post(f"{place}/again")
        assert begun.status_code == 202, begun.text
        again = begun.json()
        assert again["job_id"] != job["job_id"]
        assert again["options"] == {**job["options"], "resume": True}
        client.delete(begun.headers["location"])
        assert ended(client, begun)["state"] == "cancelled"
        assert [one["name"] for one in client.get("/v1/spaces").json()["spaces"]] == ["base"]


def test_a_service_that_ends_leaves_its_job_to_be_started_again(
    serve: Serve, do: Do, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metric_train, "judge", always_better)
    with serve() as client:
        place = started(client)
        other = client.post("/v1/jobs", json={"kind": "tune"})
        assert other.status_code == 409
        assert JobRunsError.title == other.json()["title"]
        same = started(client)
        assert same == place  # what is asked for is running
    with serve() as client:
        job = client.get(place).json()
        assert (job["state"], job["error"]) == (
            "interrupted",
            "The service ended before this job did; start it again",
        )
        for kind, options in (("tune", {}), ("evaluate", {"protocol": "kfold", "folds": 2})):
            before = do(client, kind, options)
            again = ended(client, client.post(f"/v1/jobs/{before['job_id']}/again"))
            assert (again["state"], again["options"]) == ("done", options), again


def test_a_job_is_cancelled_and_leaves_the_collection_as_it_was(serve: Serve) -> None:
    with serve() as client:
        place = started(client)
        client.delete(place)
        begun = httpx2.Response(202, headers={"location": place})
        assert ended(client, begun)["state"] == "cancelled"
        assert [one["name"] for one in client.get("/v1/spaces").json()["spaces"]] == ["base"]
