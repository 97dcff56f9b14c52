"""Requests that do not end, answers that nobody reads, and a service that stops all the same."""

from __future__ import annotations

import selectors
import signal
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from importlib import resources
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi.responses import JSONResponse

from holotype.service.app import create_app
from holotype.service.resources import identify

from .process import Service, Waits, service
from .running import running
from .wire import END, FORM, answer, connected, picture, read_answer, request

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")

SOON = {
    "HOLOTYPE_HEADER_SECONDS": "2",
    "HOLOTYPE_STALL_SECONDS": "2",
    "HOLOTYPE_KEEP_ALIVE_SECONDS": "2",
}
GOOD = request(body=b'{"image_id": "0-0.png"}')
HALVES = {
    "nothing": b"",
    "a word": b"GET",
    "a header": GOOD.partition(b"\r\n\r\n")[0],
    "a header that goes on": b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\na: " + b"a" * 9000,
    "no body": request(length=100),
    "half a body": request(body=b'{"image_id"', length=100),
    "no form": request("/v1/identify", kind=FORM, length=19_000_000),
    "half a form": request(
        "/v1/identify", picture(bytes(60_000))[:-2], kind=FORM, length=19_000_000
    ),
    "half a chunk": request().replace(b"Content-Length: 0", b"Transfer-Encoding: chunked")
    + b"9\r\n{",
    "a body that is not asked for": request("/v1/taxa", b"x", method="GET", length=100),
    "a body that is refused": request(body=b"x", length=10**10),
}


def _halves(address: str, count: int, stack: ExitStack) -> list[socket.socket]:
    kinds = list(HALVES.values())
    opened = []
    for number in range(count):
        opened.append(stack.enter_context(connected(address)))
        opened[-1].sendall(kinds[number % len(kinds)])
    return opened


def _closed(connection: socket.socket) -> bool:
    """Whether the other side has closed, whatever it said before."""
    connection.setblocking(False)
    try:
        while connection.recv(65536):
            pass
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@pytest.fixture(scope="module")
def served(served_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that waits for few seconds, and may open few files."""
    log = tmp_path_factory.mktemp("half") / "log"
    few = ["prlimit", "--nofile=400:400"]
    with service(served_folder, log, command=few, **SOON) as found:
        yield found


def test_many_half_sent_requests_are_closed_while_others_are_served(served: Service) -> None:
    before = served.megabytes("VmRSS")
    wanted = answer(served.address, GOOD)
    with ExitStack() as stack, Waits(served.address) as waits:
        begin = time.monotonic()
        opened = _halves(served.address, 330, stack)
        assert answer(served.address, GOOD) == wanted
        while not all(map(_closed, opened)):
            assert time.monotonic() - begin < 30
            time.sleep(0.2)
        assert answer(served.address, GOOD) == wanted
    waits.assert_short()
    assert served.megabytes() - before < 300
    assert len(served.log.read_text()) < 1000


def test_slow_senders_are_closed(served: Service) -> None:
    begin = time.monotonic()
    for sent in (b"GET / HT", HALVES["half a form"][:300]):
        with connected(served.address) as connection, suppress(OSError):
            connection.sendall(sent)
            while not _closed(connection):
                assert time.monotonic() - begin < 15
                connection.setblocking(True)
                connection.sendall(b"a")
                time.sleep(0.1)


def test_who_sends_at_a_fair_pace_is_answered(served: Service, source: Path) -> None:
    content = picture((source.parent / "0-0.png").read_bytes() + bytes(250_000)) + END
    sent = request("/v1/identify", content, kind=FORM)
    with connected(served.address) as connection:
        for place in range(0, len(sent), 5000):
            connection.sendall(sent[place : place + 5000])
            time.sleep(0.06)
        assert read_answer(connection)[0] == 200


def _files(served: Service) -> int:
    return len(list(Path(f"/proc/{served.process.pid}/fd").iterdir()))


def test_who_does_not_read_is_closed(served: Service) -> None:
    fonts = resources.files("holotype.service").joinpath("static", "fonts").iterdir()
    name = next(font.name for font in fonts if font.name.endswith(".woff2"))
    before, begin = _files(served), time.monotonic()
    with ExitStack() as stack:
        for _ in range(10):
            connection = stack.enter_context(connected(served.address))
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.sendall(request(f"/static/fonts/{name}", method="GET") * 300)
        time.sleep(1)
        assert _files(served) > before
        while _files(served) > before:
            assert time.monotonic() - begin < 20
            time.sleep(0.2)


def test_requests_are_not_kept_without_end(served: Service) -> None:
    many = request("/static/identify.js", method="GET") * 3000
    before = served.megabytes("VmRSS")
    with connected(served.address) as connection:
        sent = 0
        with suppress(OSError):
            while sent < 300:
                connection.sendall(many)
                sent += 1
    assert sent < 300
    assert served.megabytes() - before < 100


def test_many_may_come_at_once(served: Service) -> None:
    place = urlsplit(served.address)
    served.process.send_signal(signal.SIGSTOP)  # it takes no connection meanwhile
    with ExitStack() as stack:
        arrived = selectors.DefaultSelector()
        for _ in range(330):
            one = stack.enter_context(socket.socket())
            one.setblocking(False)
            one.connect_ex((str(place.hostname), place.port))
            arrived.register(one, selectors.EVENT_WRITE)
        time.sleep(0.2)
        assert len(arrived.select(0)) == 330
        served.process.send_signal(signal.SIGCONT)
        assert answer(served.address, GOOD)[0] == 200


def test_it_stops_in_time_whatever_is_half_sent(served: Service) -> None:
    with ExitStack() as stack:
        _halves(served.address, 60, stack)
        stack.enter_context(connected(served.address)).sendall(
            request("/static/identify.js", method="GET") * 300
        )
        time.sleep(0.5)
        assert served.stopped() < 10
    assert len(served.log.read_text()) < 1000


_SLEEPS = """
import time
from holotype.service.resources import identify
identify._of_stored = lambda *_: time.sleep(60)
from holotype.scripts.main import main
main()
"""


def test_it_stops_in_time_whatever_a_thread_does(served_folder: Path, tmp_path: Path) -> None:
    with ExitStack() as stack:
        log, soon = tmp_path / "log", {"HOLOTYPE_STOP_SECONDS": "1"}
        slow = stack.enter_context(service(served_folder, log, _SLEEPS, **soon))
        for _ in range(5):
            connection = stack.enter_context(connected(slow.address))
            connection.sendall(GOOD.replace(b"search", b"identify"))
        time.sleep(0.5)
        assert slow.stopped() < 10


def test_work_of_a_client_that_has_left_is_dropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []
    go_on = threading.Event()

    def answered(_engine: object, _asked: object, image_ids: list[str]) -> list[JSONResponse]:
        begun.extend(image_ids)
        go_on.wait(30)
        return [JSONResponse({}) for _ in image_ids]

    known = "holotype.index.identification.identify.stored_image"
    monkeypatch.setattr(known, lambda _, image_id, **__: image_id)
    monkeypatch.setattr(identify, "_of_stored", answered)

    def asking(name: str) -> bytes:
        return request("/v1/identify", f'{{"image_id": "{name}"}}'.encode())

    with running(create_app(folder)) as address, ExitStack() as stack:
        workers = [stack.enter_context(connected(address)) for _ in range(16)]
        for number, one in enumerate(workers):
            one.sendall(asking(f"first {number}"))
        left = [connected(address) for _ in range(20)]
        for one in left:
            one.sendall(asking("left"))
        time.sleep(0.5)
        for one in left:
            one.close()
        time.sleep(0.5)
        last = stack.enter_context(connected(address))
        last.sendall(asking("last"))
        go_on.set()
        assert read_answer(last)[0] == 200
    assert "left" not in begun
    assert begun[-1] == "last"


def test_a_full_queue_says_when_to_come_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_WAITING", "4")
    go_on = threading.Event()

    def answered(_engine: object, _asked: object, image_ids: list[str]) -> list[JSONResponse]:
        go_on.wait(30)
        return [JSONResponse({}) for _ in image_ids]

    monkeypatch.setattr(identify, "_of_stored", answered)
    body = {"image_id": "0-0.png"}
    with running(create_app(folder)) as address, ExitStack() as stack:
        kept = [stack.enter_context(connected(address)) for _ in range(4)]
        for one in kept:
            one.sendall(request("/v1/identify", b'{"image_id": "0-0.png"}'))
        time.sleep(0.5)
        refused = httpx2.post(f"{address}/v1/identify", json=body)
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) > 0
        assert "HOLOTYPE_MAX_WAITING" in refused.json()["detail"]
        assert httpx2.get(f"{address}/v1/taxa").status_code == 200  # a queue of its own
        go_on.set()
        assert [read_answer(one)[0] for one in kept] == [200] * 4
        assert httpx2.post(f"{address}/v1/identify", json=body).status_code == 200
