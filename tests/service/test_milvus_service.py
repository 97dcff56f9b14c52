"""A service over a collection whose vectors lie in a Milvus: the same answers, and its absence."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.index.search.search import search, stored_vector
from holotype.index.upkeep.snapshots import restore
from holotype.service.app import create_app

from .comparing import same
from .conftest import Refused
from .running import running


class Lite:
    """A Milvus Lite that can be stopped, and started again at its address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port = folder, 0
        self.start()

    def start(self) -> None:
        from milvus_lite.adapter.grpc.server import start_server_in_thread

        self._running: Any = start_server_in_thread(str(self.folder), port=self.port)
        self.port = self._running[2]

    def stop(self) -> None:
        server, database, _ = self._running
        server.stop(grace=0).wait()
        database.close()


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Lite]:
    pytest.importorskip("milvus_lite", reason="no Milvus Lite; see docs/milvus.md")
    started = Lite(tmp_path / "milvus")
    yield started
    started.stop()


def test_it_answers_as_python_does_and_goes_on_when_the_milvus_comes_back(
    lite: Lite, ready_snapshot: Path, tmp_path: Path, refused: Refused
) -> None:
    restore(ready_snapshot, tmp_path / "c", store=f"http://127.0.0.1:{lite.port}")
    with (
        running(create_app(tmp_path / "c")) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
        Collection.open(tmp_path / "c") as held,
        ThreadPoolExecutor(8) as pool,
    ):
        images = list(held.images())[:16]

        def ask(number: int) -> httpx2.Response:
            body = {"image_id": images[number].image_id, "k": 5, "where": ["category=Moth"]}
            return client.post("/v1/search", json=body)

        wanted = []
        for image in images:
            own, vector = {image.specimen_id}, stored_vector(held, image)
            hits = search(held, vector, k=5, where=["category=Moth"], exclude_specimens=own)
            wanted.append([hit.to_dict() for hit in hits])
        found = [response.json()["hits"] for response in pool.map(ask, range(16))]
        assert same(found, wanted)

        lite.stop()
        assert "see that it runs and can be reached" in refused(ask(0), 503)
        lite.start()
        deadline = time.monotonic() + 60  # connections are tried again after a while
        while ask(0).status_code == 503 and time.monotonic() < deadline:
            time.sleep(0.1)
        assert same(ask(0).json()["hits"], wanted[0])
        assert client.post("/v1/identify", json={"image_id": images[0].image_id}).status_code == 200
