"""What a service tells of itself: ids of requests, counts for Prometheus, logs as JSON."""

from __future__ import annotations

import json
import re
from pathlib import Path

import httpx2
import pytest

from holotype.service.app import create_app

from .conftest import Refused
from .process import service
from .running import running


def samples(text: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


def test_answers_and_problems_carry_the_id_of_their_request(
    client: httpx2.Client, refused: Refused
) -> None:
    for path in ("/healthz", "/v1/taxa", "/", "/static/page.js", "/v1/none"):
        own = client.get(path, headers={"X-Request-Id": "trip-7.a_b"})
        assert own.headers.get_list("x-request-id") == ["trip-7.a_b"]
    for odd in (b"two words", b"x" * 65, b"\xe4", b"", b"a%00b"):
        made = client.get("/v1/taxa", headers={b"X-Request-Id": odd})
        assert re.fullmatch("[0-9a-f]{32}", made.headers["x-request-id"])
    response = client.get("/v1/images/none", headers={"X-Request-Id": "mine"})
    refused(response, 404)
    assert response.json()["request_id"] == "mine"


def test_requests_are_counted_by_the_template_of_their_route(folder: Path) -> None:
    app = create_app(folder)
    with running(app) as address, httpx2.Client(base_url=address) as client:
        for number in range(3):
            client.get(f"/v1/images/0-{number}.png")
        for number in range(5):
            client.get(f"/v1/images/gone/{number}")
            client.get(f"/nothing/{number}")
        client.request("MINE", "/v1/taxa")
        answer = client.get("/metrics")
        found = samples(answer.text)
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    route = 'method="GET",route="/v1/images/{image_id}"'
    assert found[f'holotype_requests_total{{{route},status="200"}}'] == 3
    assert found[f'holotype_requests_total{{{route},status="404"}}'] == 5
    assert found['holotype_requests_total{method="GET",route="none",status="404"}'] == 5
    assert found['holotype_request_seconds_count{route="/v1/images/{image_id}"}'] == 8
    assert found['holotype_images{space="base"}'] == 40
    assert found['holotype_queue_length{queue="questions"}'] == 0
    assert found["holotype_requests_under_way"] == 1
    assert not [name for name in found if "gone" in name or "MINE" in name]


def test_an_unexpected_failure_has_an_id_and_is_counted(
    folder: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError("inside")

    monkeypatch.setattr("holotype.index.storage.records.Image.to_dict", fail)
    with running(create_app(folder)) as address:
        refused(httpx2.get(f"{address}/v1/images/0-0.png"), 500)
        text = httpx2.get(f"{address}/metrics").text
    told = 'method="GET",route="/v1/images/{image_id}",status="500"'
    assert samples(text)[f"holotype_requests_total{{{told}}}"] == 1


def test_the_log_as_json(folder: Path, tmp_path: Path) -> None:
    settings = {"HOLOTYPE_LOG_FORMAT": "json", "HOLOTYPE_LOG_REQUESTS": "true"}
    with service(folder, tmp_path / "log", **settings) as found:
        headers = {"X-Request-Id": "mine", "Authorization": "Bearer secret"}
        httpx2.get(f"{found.address}/v1/images/0-0.png?q=private", headers=headers)
        httpx2.get(f"{found.address}/v1/none%0Aforged")
        found.stopped()
    text = (tmp_path / "log").read_text()
    lines = [json.loads(line) for line in text.splitlines()]
    (mine,) = [line for line in lines if line.get("request_id") == "mine"]
    assert (mine["method"], mine["status"]) == ("GET", 200)
    assert mine["route"] == "/v1/images/{image_id}"
    assert mine["level"] == "INFO"
    assert "private" not in text
    assert "secret" not in text
    assert "forged" not in text
