"""What the tests of the service share: a collection that is served, and a client."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.service.app import create_app

from .running import running

Refused = Callable[..., str]


@pytest.fixture(scope="session")
def served_folder(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the collection that `address` serves; tests leave it as it is."""
    return Path(shutil.copytree(_ready, tmp_path_factory.mktemp("served") / "shells"))


@pytest.fixture(scope="session")
def address(served_folder: Path) -> Iterator[str]:
    """The address of a server."""
    with running(create_app(served_folder)) as found:
        yield found


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx2.Client]:
    """An HTTP client of the server."""
    with httpx2.Client(base_url=address, timeout=60) as opened:
        yield opened


@pytest.fixture
def held(served_folder: Path) -> Iterator[Collection]:
    """The served collection, through the Python API."""
    with Collection.open(served_folder) as opened:
        yield opened


@pytest.fixture(scope="session")
def refused() -> Refused:
    """Checks that a response is problem details of a status, and returns its sentence."""

    def check(response: httpx2.Response, status: int) -> str:
        assert response.status_code == status, response.text
        assert response.headers["content-type"] == "application/problem+json"
        body: dict[str, Any] = response.json()
        assert set(body) == {"type", "title", "status", "detail", "instance", "request_id"}
        assert body["request_id"] == response.headers["x-request-id"] != ""
        assert body["status"] == status
        assert body["instance"] == response.url.path
        assert "\n" not in body["detail"]
        assert "Traceback" not in response.text
        return str(body["detail"])

    return check
