"""What the tests of jobs share: a collection that is served, and jobs that are waited for."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.clusters.recipe import Recipe
from holotype.service.app import create_app
from holotype.service.schemas import answers
from tests.index.clusters.clouds import add_batch, drawer
from tests.service.running import running
from tests.service.test_calibration_job import until_ended

Serve = Callable[..., AbstractContextManager[httpx2.Client]]
ServeFolder = Callable[..., AbstractContextManager[httpx2.Client]]
Do = Callable[..., dict[str, Any]]


@pytest.fixture
def serve_folder() -> ServeFolder:
    """Serves a collection: `with serve_folder(folder, keys=…) as client`."""

    @contextmanager
    def served(folder: Path, **options: Any) -> Iterator[httpx2.Client]:
        with (
            running(create_app(folder, **options)) as address,
            httpx2.Client(base_url=address, timeout=60) as client,
        ):
            yield client

    return served


@pytest.fixture
def serve(folder: Path, serve_folder: ServeFolder) -> Serve:
    """Serves the collection of `folder`: `with serve(keys=…) as client`."""
    return partial(serve_folder, folder)


@pytest.fixture
def clouds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A collection of vectors with known species, and a batch without names."""
    monkeypatch.setattr("holotype.training.clustering.kept.recipe_for", lambda *_, **__: Recipe())
    with drawer(tmp_path / "drawer") as made:
        add_batch(made, {"x one": 9, "x two": 7})
    return tmp_path / "drawer"


@pytest.fixture
def do() -> Do:
    """Starts a job and returns it as it ended: `do(client, "tune", {"where": […]})`."""

    def done(
        client: httpx2.Client, kind: str, options: dict[str, Any] | None = None, **more: Any
    ) -> dict[str, Any]:
        order = {"kind": kind, "options": options or {}, **more}
        begun = client.post("/v1/jobs", json=order)
        assert begun.status_code == 202, begun.text
        return ended(client, begun)

    return done


def ended(client: httpx2.Client, begun: httpx2.Response) -> dict[str, Any]:
    """Waits for a job, every state of which has the shape that OpenAPI tells."""
    seen = until_ended(client, begun.headers["location"])
    for one in seen:
        answers.Job.model_validate(one, strict=True)
    return seen[-1]
