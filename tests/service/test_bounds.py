"""No request keeps others waiting: what asks too much is refused soon, in little memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import pace

from .process import Service, Waits, service
from .wire import END, FORM, answer, connected, part, picture, request

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")

MB = 1_000_000


@pytest.fixture(scope="module")
def served(served_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service without a place for temporary files."""
    log = tmp_path_factory.mktemp("bounds") / "log"
    with service(served_folder, log, TMPDIR="/proc/full") as found:
        yield found


def where(conditions: bytes) -> bytes:
    return request(body=b'{"image_id": "0-0.png", "where": [' + conditions + b"]}")


def form(body: bytes, kind: str = FORM) -> bytes:
    return request("/v1/identify", body + END, kind=kind)


def crumbs(count: int) -> bytes:
    head = request().replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    return head + b"1\r\n \r\n" * count


HOSTILE = {
    "a filter of spaces": where(b'"' + b" " * 2000 + b'"'),
    "a longer one": where(b'"' + b" " * 900_000 + b'"'),
    "a column of spaces": where(b'"a' + b" " * 99_000 + b'!"'),
    "a repeated value": where(b'"locality=' + b"a|" * 1000 + b'"'),
    "a repeated value of metadata": where(b'"sex=' + b"x|" * 40_000 + b'"'),
    "many values": where(b'"image_id=' + b"|".join(b"%d" % i for i in range(20_000)) + b'"'),
    "many filters": where(b",".join(b'"image_id=%d"' % i for i in range(50_000))),
    "many empty filters": where(b'"",' * 300_000 + b'""'),
    "filters that are numbers": where(b"1," * 450_000 + b"1"),
    "a filter of 15 MB": where(b'"a=' + b"b" * 15 * MB + b'"'),
    "unknown options": request(body=b"{" + b",".join(b'"%d":1' % i for i in range(90_000)) + b"}"),
    "more of them, 4 MB": request(body=b"{" + b",".join(b'"%d":1' % i for i in range(4 * 10**5))),
    "a vector of nothings": request(body=b'{"vector": [' + b"null," * 190_000 + b"1]}"),
    "a vector of lists": request(body=b'{"vector": [' + b"[]," * 300_000 + b"1]}"),
    "a vector of 18 MB": request(body=b'{"vector": [' + b"null," * 3_600_000 + b"1]}"),
    "deep lists": request(body=b"[" * 999_000),
    "a description": request(body=b'{"text": "' + b"a" * 999_000 + b'"}'),
    "a long id": request(body=b'{"image_id": "' + b"a" * 999_000 + b'"}'),
    "a long number": request(body=b'{"image_id": "x", "k": ' + b"9" * 999_000 + b"}"),
    "punycode": form(part(b"space", b"a-" + b"9a" * 150_000), f"{FORM}; charset=punycode"),
    "punycode in a part": form(
        part(b"space", b"a-" * 150_000, b"\r\nContent-Type: t; charset=punycode")
    ),
    "idna": form(part(b"space", b"a." * 150_000), f"{FORM}; charset=idna"),
    "unicode_escape": form(part(b"k", b"\\N{" * 150_000), f"{FORM}; charset=unicode_escape"),
    "parts": form(part(b"only", b"a=b") * 100_000),
    "headers of a part": form(part(b"k", b"1", b"\r\nX: y" * 300_000)),
    "a file's name": form(part(b"images", b"x", b'; filename="' + b"a" * 3 * MB + b'"')),
    "almost boundaries": form(b"\r\n--" * 4 * MB),
    "boundaries": form(b"\r\n--b" * 3 * MB),
    "a long text field": form(part(b"k", b"9" * 15 * MB)),
    "no picture, 19 MB": form(picture(bytes(19 * MB))),
    "a type of quotes": request("/v1/identify", END, kind=f"{FORM}" + ';"' * 7000),
    "crumbs": crumbs(200_000),
    "a long header": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\na: " + b"a" * 5 * MB + b"\r\n\r\n",
    "many headers": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"a:\r\n" * 500_000 + b"\r\n",
    "ranges": request(
        "/static/identify.js", method="GET", headers="Range: bytes=" + "0-," * 5000 + "\r\n"
    ),
    "parameters": request("/v1/taxa?" + "a&" * 400_000, method="GET"),
    "too large": request("/v1/identify", bytes(25 * MB), kind=FORM),
}  # fmt: skip


def test_hostile_requests(served: Service) -> None:
    good = request(body=b'{"image_id": "0-0.png"}')
    wanted = answer(served.address, good)
    assert wanted[0] == 200
    before = served.megabytes("VmRSS")
    with Waits(served.address) as waits:
        for name, sent in HOSTILE.items():
            begin = time.monotonic()
            status, body = answer(served.address, sent)
            took = time.monotonic() - begin
            if name != "ranges":  # of which Starlette answers the whole
                assert 400 <= status < 500, (name, status, body[:500])
                assert len(body) < 5000, name
            assert took < 2 * pace(), (name, took)
    waits.assert_short()
    assert served.megabytes() - before < 300
    assert answer(served.address, good) == wanted
    assert served.log.read_text() == ""


def test_several_at_once(served: Service) -> None:
    before = served.megabytes("VmRSS")
    with Waits(served.address) as waits:
        threads = [
            threading.Thread(target=answer, args=(served.address, sent))
            for sent in [*HOSTILE.values()] * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    waits.seconds.sort()
    assert waits.seconds[len(waits.seconds) // 2] < 0.1 * pace()
    assert served.megabytes() - before < 300


def test_a_picture_needs_no_temporary_files(served: Service, source: Path) -> None:
    data = (source.parent / "0-0.png").read_bytes() + bytes(5 * MB)
    status, body = answer(served.address, form(picture(data)))
    assert status == 200, body


def test_abandoned_uploads_leave_nothing(served: Service, source: Path) -> None:
    before = served.megabytes("VmRSS")
    sent = form(picture((source.parent / "0-0.png").read_bytes() + bytes(19 * MB)))
    for _ in range(30):
        with connected(served.address) as connection:
            connection.sendall(sent)
    begin = time.monotonic()
    assert answer(served.address, form(picture((source.parent / "0-0.png").read_bytes())))[0] == 200
    assert time.monotonic() - begin < 2 * pace()
    assert served.megabytes() - before < 300
