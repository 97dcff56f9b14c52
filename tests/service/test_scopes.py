"""Every route declares which key it needs, in OpenAPI, and holds to that."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from fastapi import FastAPI

from holotype.service.app import create_app
from holotype.service.guards.keys import PUBLIC, SCOPES, Keys

from .running import running

KEYS = {scope: f"a key to {scope}" for scope in SCOPES}
QUESTIONS = {"/v1/identify", "/v1/search"}  # the only ones that post and change nothing


def parsed() -> Keys:
    entries = (f"{scope}:{hashlib.sha256(key.encode()).hexdigest()}" for scope, key in KEYS.items())
    keys = Keys.parse(",".join(entries))
    assert keys is not None
    return keys


@pytest.fixture(scope="module")
def guarded(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = shutil.copytree(_ready, tmp_path_factory.mktemp("guarded") / "shells")
    return create_app(Path(folder), keys=parsed())


@pytest.fixture(scope="module")
def place(guarded: FastAPI) -> Iterator[str]:
    with running(guarded) as address:
        yield address


@pytest.fixture(scope="module")
def operations(guarded: FastAPI) -> dict[tuple[str, str], dict[str, Any]]:
    paths = guarded.openapi()["paths"]
    return {
        (method.upper(), path): told
        for path, methods in paths.items()
        for method, told in methods.items()
    }


def needed(told: dict[str, Any]) -> str | None:
    """The least key that an operation declares; None where it needs none."""
    if told["security"] == []:
        return None
    (requirement,) = told["security"]
    roles: list[str] = requirement["key"]
    return max(roles, key=SCOPES.index)


def test_every_operation_declares_what_it_needs(
    operations: dict[tuple[str, str], dict[str, Any]],
) -> None:
    for (method, path), told in operations.items():
        assert "security" in told, f"{method} {path} declares no scope: see guards/scopes.py"
        scope = needed(told)
        assert (scope is None) == (path in PUBLIC), path
        if method != "GET" and path not in QUESTIONS:
            assert scope in ("write", "admin"), f"{method} {path} changes something: add WRITES"
        else:
            assert scope in (None, "read"), path


def test_only_what_openapi_tells_changes_anything(guarded: FastAPI) -> None:
    for route in guarded.routes:
        if not getattr(route, "include_in_schema", False):
            assert getattr(route, "methods", {"GET"}) <= {"GET", "HEAD"}, route


def test_every_route_with_every_key(
    place: str, operations: dict[tuple[str, str], dict[str, Any]]
) -> None:
    with httpx2.Client(base_url=place, timeout=60) as client:
        for (method, path), told in operations.items():
            least = needed(told)
            asked = re.sub(r"\{\w*_id\}", "0", path)
            asked = re.sub(r"\{\w+(:path)?\}", "none", asked)
            found = {"": client.request(method, asked).status_code}
            for scope, key in KEYS.items():
                headers = {"Authorization": f"Bearer {key}"}
                found[scope] = client.request(method, asked, headers=headers).status_code
            for scope, status in found.items():
                told_of = (method, path, scope, status)
                if least is None:
                    assert status == 200, told_of
                elif not scope:
                    assert status == 401, told_of
                elif SCOPES.index(scope) < SCOPES.index(least):
                    assert status == 403, told_of
                else:
                    assert status not in (401, 403), told_of
                    assert status < 500, told_of


@pytest.mark.parametrize("kind", ["train", "ingest"])
def test_jobs_for_few_need_a_key_of_few(place: str, kind: str) -> None:
    order = {"kind": kind, "options": {"unknown": 1}}
    found = {}
    for scope, key in KEYS.items():
        headers = {"Authorization": f"Bearer {key}"}
        found[scope] = httpx2.post(f"{place}/v1/jobs", json=order, headers=headers)
    assert [answer.status_code for answer in found.values()] == [403, 403, 422]
    assert "admin:" in found["write"].json()["detail"]


def test_what_openapi_does_not_tell_needs_a_key(place: str) -> None:
    for path in ("/", "/docs", "/openapi.json", "/static/page.js", "/none", "/v1"):
        assert httpx2.get(f"{place}{path}").status_code == 401
        headers = {"Authorization": f"Bearer {KEYS['read']}"}
        assert httpx2.get(f"{place}{path}", headers=headers).status_code in (200, 404)
