"""A real server for tests: an application under uvicorn in a thread, on a free port."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from holotype.service.running import configured

_SECONDS = 60


@contextmanager
def running(app: FastAPI, *, loaded: bool = True) -> Iterator[str]:
    """Yields the address of an application, loaded and served until the end of the block."""
    # asyncio turns Nagle's algorithm off where the protocol is named, as the command does.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        server = uvicorn.Server(configured(app))
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        try:
            deadline = time.monotonic() + _SECONDS
            while not server.started or (loaded and not app.state.loading.done()):
                assert thread.is_alive(), "the server did not start"
                assert time.monotonic() < deadline, f"the server took more than {_SECONDS} s"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_SECONDS)
            assert not thread.is_alive()
