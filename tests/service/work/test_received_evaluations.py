"""Evaluations of a collection that somebody sent: what they say is shown, and removes nothing."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from tests.service.conftest import Refused

from .conftest import Serve

ID = "20260101T000000000-0123abcd"
ABOUT: dict[str, Any] = {
    "evaluation_id": "another",
    "job_id": "0123abcd",
    "protocol": "split",
    "spaces": ["base"],
    "options": {},
    "summary": "All is well.",
    "has_report": True,
    "made_at": "2026-01-01",
}


def planted(folder: Path, about: Any = ABOUT, **files: str) -> Path:
    place = folder / "evaluations" / ID
    place.mkdir(parents=True)
    (place / "about.json").write_text(json.dumps(about))
    for name, text in files.items():
        (place / name.replace("_", ".")).write_text(text)
    return place


def test_a_page_runs_nothing_and_reaches_nothing(serve: Serve, folder: Path) -> None:
    planted(folder, report_html="<script>alert(1)</script>", report_json="{}")
    with serve() as client:
        assert client.get(f"/v1/evaluations/{ID}").json()["evaluation_id"] == ID
        page = client.get(f"/v1/evaluations/{ID}/report")
        policy = page.headers.get_list("content-security-policy")
        assert policy == [
            "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
            "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
        ]
        assert page.headers["x-content-type-options"] == "nosniff"


def test_deleting_stays_in_the_folder(serve: Serve, folder: Path) -> None:
    place = planted(folder)
    mine = folder / "mine.txt"
    mine.write_text("keep me")
    written = {"../../mine.txt": mine, "../../collection.sqlite": folder / "collection.sqlite"}
    record = {n: hashlib.sha256(p.read_bytes()).hexdigest() for n, p in written.items()}
    (place / ".holotype.json").write_text(json.dumps(record))
    with serve() as client:
        assert client.delete(f"/v1/evaluations/{ID}").status_code == 204
    assert mine.read_text() == "keep me"
    assert (folder / "collection.sqlite").is_file()


@pytest.mark.parametrize(
    "about", [[], {}, {**ABOUT, "options": 3}, {**ABOUT, "spaces": "base"}, {**ABOUT, "more": 1}]
)
def test_what_cannot_be_read_is_told_or_passed_over(
    serve: Serve, folder: Path, refused: Refused, about: Any
) -> None:
    planted(folder, about, report_json="[")
    readable = isinstance(about, dict) and "more" in about
    with serve() as client:
        listed = client.get("/v1/evaluations").json()["evaluations"]
        assert len(listed) == int(readable)
        answer = client.get(f"/v1/evaluations/{ID}")
        assert "cannot be read" in refused(answer, answer.status_code)
        assert answer.status_code == 503 or answer.status_code < 500
