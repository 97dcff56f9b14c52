"""One collection, and ways out of it in the words of each door."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

import holotype
from holotype.index.clusters.view import clustering_dict
from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError, NotFoundError
from holotype.index.ways import Door, spoken
from holotype.notebook.opened import OpenCollection
from holotype.service.app import create_app
from holotype.service.guards.words import HEADER
from holotype.service.resources.unknown import clusterings as served_clusterings
from tests.service.running import running

from .doors import RefusedError, Web

BATCH = {"split": "batch"}
SIDES = {"query": "split=test", "gallery": "split=train"}


@pytest.fixture
def folder(stocked: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(stocked, tmp_path / "collection"))


@pytest.fixture
def address(folder: Path) -> Iterator[str]:
    with running(create_app(folder)) as found:
        yield found


@pytest.fixture(params=["here", "served"])
def opened(request: pytest.FixtureRequest, folder: Path, address: str) -> Iterator[OpenCollection]:
    python = holotype.open(folder) if request.param == "here" else holotype.Client(address)
    with python as found:
        yield found


def test_errors_name_methods_in_python_and_requests_over_http(
    opened: OpenCollection, address: str
) -> None:
    with pytest.raises(HolotypeError, match=r'^folds=50 with group="split": '):
        opened.evaluate("kfold", folds=50, group="split")
    with pytest.raises(NotFoundError, match=r"; decisions\(\) shows them"):
        opened.undo(99)
    with httpx2.Client(base_url=address, timeout=60) as http:
        for asked, told in (
            (http.get("/v1/clusters"), "; POST /v1/clusters makes them"),
            (
                http.post("/v1/decisions/99/undo", json={"by": "Ann"}),
                "; GET /v1/decisions shows them",
            ),
        ):
            assert told in asked.json()["detail"]


def test_what_fails_in_a_job_tells_whoever_looks(opened: OpenCollection, address: str) -> None:
    opened.tune("whole")
    way = r'tune it again with tune\(name="whole", where="split=train"\); or see .* allow_leak=True'
    with pytest.raises(HolotypeError, match=way):
        opened.evaluate(space="whole", **SIDES)
    with httpx2.Client(base_url=address, timeout=60) as http, pytest.raises(RefusedError) as failed:
        Web(http).job("evaluate", space="whole", protocol="split", **_listed(SIDES))
    assert "a job of kind 'tune' (POST /v1/jobs), name 'whole', where " in str(failed.value)
    assert "by 'allow_leak'" in str(failed.value)
    for door, words in ((Door.HTTP, str(failed.value)), (Door.PYTHON, way)):
        jobs = httpx2.get(f"{address}/v1/jobs", headers={HEADER: door}).json()["jobs"]
        errors = [job["error"] for job in jobs if job["error"]]
        assert errors, "that of HTTP, and of Python where that asked the service"
        found = [one == words if door is Door.HTTP else re.search(words, one) for one in errors]
        assert all(found), errors


def test_what_is_kept_of_a_clustering_is_told_to_whoever_looks(
    opened: OpenCollection, folder: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert opened.cluster(where=BATCH).notes[0].endswith("; run calibrate() first")
    with httpx2.Client(base_url=address, timeout=60) as http:
        for _ in range(2):
            told = http.get("/v1/clusters").json()["parameters"]["notes"]
            assert told[0].endswith("; run a job of kind 'calibrate' (POST /v1/jobs) first")
            assert opened.clusters().notes[0].endswith("; run calibrate() first")
            # Doors that alternate do not let all of it be looked up anew.
            monkeypatch.setattr(served_clusterings, "clustering_dict", None)
    with Collection.open(folder) as collection:
        typed = clustering_dict(collection, opened.clusters().id)["parameters"]["notes"]
    assert typed[0].endswith("; run 'holotype calibrate' first")


def test_nobody_else_is_spoken_to_in_the_words_of_python(opened: OpenCollection) -> None:
    for number, _ in enumerate(opened.images()):
        assert spoken() is Door.COMMAND_LINE, number
    with pytest.raises(HolotypeError):
        opened.image("none")
    assert spoken() is Door.COMMAND_LINE


def _listed(said: dict[str, str]) -> dict[str, Any]:
    return {name: [value] for name, value in said.items()}
