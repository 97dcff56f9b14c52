"""A client that leaves is noticed whatever it has sent."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from fastapi.responses import JSONResponse, Response

from holotype.service.app import create_app
from holotype.service.resources import identify
from holotype.service.resources.records import taxa
from tests.conftest import pace
from tests.hostile import drawing

from .running import running
from .wire import END, FORM, connected, picture, read_answer, request


def _form(size: int) -> bytes:
    return request("/v1/identify", picture(drawing.png(9, 7) + bytes(size)) + END, kind=FORM)


SENT = {
    "a form over what is buffered": _form(300_000),
    "a form, and some of another request": _form(300_000) + b"GET / HT",
    "a form, and other requests": _form(300_000) + request("/healthz", method="GET") * 20,
    "a large body that nobody asks for": request("/v1/taxa", bytes(300_000), method="GET"),
    "half of it": request("/v1/taxa", bytes(300_000), method="GET", length=900_000),
}


@pytest.mark.parametrize("sent", SENT.values(), ids=SENT)
def test_work_of_a_client_that_has_left_is_dropped(
    folder: Path, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    begun: list[int] = []
    go_on = threading.Event()

    def answered(*_: object) -> JSONResponse:
        begun.append(1)
        go_on.wait(30)
        return JSONResponse({"space": "base", "taxa": []})

    def answered_together(_engine: object, _asked: object, each: list[object]) -> list[Response]:
        begun.extend([0] * (len(each) - 1))
        return [answered()] * len(each)

    monkeypatch.setattr(identify, "_of_pictures", answered_together)
    monkeypatch.setattr(taxa, "_taxa", answered)
    with running(create_app(folder)) as address, ExitStack() as stack:
        with ExitStack() as leaving:
            for _ in range(20):
                leaving.enter_context(connected(address)).sendall(sent)
            before = 0
            while not begun or len(begun) > before:
                before = len(begun)
                time.sleep(0.2)
        time.sleep(0.2 * pace())
        last = stack.enter_context(connected(address))
        last.sendall(_form(0))
        go_on.set()
        assert read_answer(last)[0] == 200
        assert len(begun) <= before + 1 < 20
