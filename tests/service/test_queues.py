"""Curation queues over HTTP."""

from __future__ import annotations

from pathlib import Path

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.service.app import create_app
from holotype.service.resources.unknown import queues
from holotype.service.schemas import answers

from .conftest import Refused
from .running import running

WRONG = "Xestia_baja_1"
NUPTA = ("Moth", "", "", "", "", "Erebidae", "Catocala", "Catocala nupta")


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
        for name in ("duplicates", "far", "singletons"):
            found = client.get(f"/v1/queues/{name}").json()
            answers.QueuePage.model_validate(found, strict=True)
        assert "choose one of mislabels" in refused(client.get("/v1/queues/wrong"), 422)
        assert "limit is 0" in refused(client.get("/v1/queues/far", params={"limit": 0}), 422)
