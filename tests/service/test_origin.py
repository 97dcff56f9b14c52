"""Pages of other sites cannot post here, and keys come before bodies."""

from __future__ import annotations

import hashlib
import socket
import time
from pathlib import Path

import httpx2
import pytest

from holotype.service.app import create_app
from holotype.service.guards.keys import Keys

from .conftest import Refused
from .running import running
from .wire import FORM, answer, connected, read_answer, request

ASK = {"image_id": "0-0.png"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1"},
        {"Origin": "http://localhost:{port}"},
        {"Origin": "ftp://127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:{port}.evil.example"},
        {"Origin": "http://evil.example/127.0.0.1:{port}"},
        {"Origin": "http://[::1]:{port}"},
        {"Origin": "http://evil@127.0.0.1:{port}"},
        {"Origin": "http://127.0.0.1:{port}/"},
        {"Origin": "http://127.0.0.1:{port}?"},
        {"Origin": "http://127.0.0.1:{port}#"},
        {"Origin": "http://127.0.0.1:{port}, http://evil"},
        {"Origin": "http://127.0.0.1 :{port}"},
        {"Origin": "http:127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "Same-Origin"},
        {"Sec-Fetch-Site": ""},
    ],
)
def test_another_origin_is_refused(
    client: httpx2.Client, refused: Refused, headers: dict[str, str]
) -> None:
    sent = {name: value.format(port=client.base_url.port) for name, value in headers.items()}
    for path in ("/v1/search", "/v1/identify"):
        assert "another site" in refused(client.post(path, json=ASK, headers=sent), 403)
    for method in ("PUT", "DELETE", "PATCH"):
        refused(client.request(method, "/v1/search", headers=sent), 403)
    assert client.get("/v1/taxa", headers=sent).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "http://127.0.0.1:{port}"},
        {"Origin": "HTTP://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_its_own_pages_and_other_programs_may_ask(
    client: httpx2.Client, headers: dict[str, str]
) -> None:
    sent = {name: value.format(port=client.base_url.port) for name, value in headers.items()}
    assert client.post("/v1/search", json=ASK, headers=sent).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil@localhost", "evil:@127.0.0.1", "[::1]evil", "evil[::1]", "127.0.0.1/..//evil",
        "localhost/", "localhost?", "localhost#evil", "localhost\\evil", "localhost, evil", "[::1",
        "::1", "[127.0.0.1]", "localhost:1:2", "localhost:x", "localhost:-1", "localhost:999999",
        "localhost evil", "localhost%00", "[::1%25lo]", "localhos\u0074\u0301", "[]", ":80",
        "127.1",
    ],
)  # fmt: skip
def test_a_host_is_a_name_and_a_port(client: httpx2.Client, host: str) -> None:
    sent = request("/docs", method="GET", host=host.encode().decode("latin-1"))
    status, body = answer(str(client.base_url), sent)
    assert status == 421 or (status, b"not HTTP" in body) == (400, True)  # or h11 refuses it


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:1", "127.0.0.2", "[::1]:80", "[::1]"])
def test_names_of_this_machine(client: httpx2.Client, host: str) -> None:
    assert answer(str(client.base_url), request("/docs", method="GET", host=host))[0] == 200


def test_two_origins_are_not_one(client: httpx2.Client) -> None:
    own = f"Origin: {str(client.base_url).rstrip('/')}\r\n"
    body = b'{"image_id": "0-0.png"}'
    for more in ("Origin: http://evil.example\r\n", "Sec-Fetch-Site: cross-site\r\n"):
        for headers in (own + more, more + own):
            assert answer(str(client.base_url), request(body=body, headers=headers))[0] == 403


def test_a_page_behind_a_proxy_may_ask(folder: Path) -> None:
    keys = Keys.parse(f"read:{hashlib.sha256(b'key').hexdigest()}")
    with running(create_app(folder, keys=keys, loopback=False)) as address:
        for origin, host, status in (
            ("https://museum.example", "museum.example", 200),
            ("https://museum.example:443", "museum.example", 200),
            ("https://museum.example", "museum.example:443", 200),
            ("https://museum.example:8443", "museum.example", 403),
            ("https://evil.example", "museum.example", 403),
        ):
            headers = {"Origin": origin, "Host": host, "Authorization": "Bearer key"}
            found = httpx2.post(f"{address}/v1/search", json=ASK, headers=headers)
            assert found.status_code == status, origin


def test_keys_are_checked_before_a_body_is_read(folder: Path) -> None:
    keys = Keys.parse(f"read:{hashlib.sha256(b'key').hexdigest()}")
    with running(create_app(folder, keys=keys, loopback=False)) as address:
        sent = request("/v1/identify", kind=FORM, length=10**7, headers="Expect: 100-continue\r\n")
        with connected(address) as connection:
            connection.sendall(sent)
            assert connection.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 401"
            assert read_answer(connection)[0] == 401
        for wrong in ("Basic \xe9", "Basic \xc3\xa9", "Basic =", "Bearer \xff", "\xff", "Basic"):
            sent = request("/v1/taxa", method="GET", headers=f"Authorization: {wrong}\r\n")
            assert answer(address, sent)[0] == 401, wrong


def test_one_of_several_keys_takes_no_more_than_its_share(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_HELD_BYTES", "1000000")
    names = ("one", "two")
    keys = Keys.parse(",".join(f"read:{hashlib.sha256(n.encode()).hexdigest()}" for n in names))
    with running(create_app(folder, keys=keys, loopback=False)) as address:
        first, more = (f"Authorization: Bearer {name}\r\n" for name in names)
        half = request("/v1/identify", bytes(450_000), kind=FORM, length=900_000, headers=first)
        with connected(address) as connection:
            connection.sendall(half)
            time.sleep(0.5)  # until it is read; else it might be the one that is refused
            status, body = _until_busy(address, first)
            assert status == 429
            assert b"HOLOTYPE_MAX_HELD_BYTES" in body
            sent = request(body=b'{"image_id": "0-0.png"}', headers=more)
            assert answer(address, sent)[0] == 200


def _until_busy(address: str, key: str) -> tuple[int, bytes]:
    """Ask until what was sent before has been read."""
    for _ in range(100):
        found = answer(address, request("/v1/search", b"{" + b" " * 90_000, headers=key))
        if found[0] == 429:
            break
    return found
