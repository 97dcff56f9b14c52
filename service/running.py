"""Running the application: a bound for every wait, and an end."""

from __future__ import annotations

import asyncio
import logging.config
import os
import socket
import threading
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from .app import create_app
from .guards.connections import bounded
from .guards.keys import Keys
from .guards.open_files import room_for
from .interfaces import ARRIVING
from .logs import log_config
from .settings import ServiceSettings

_BACKLOG = 32  # connections that are taken at once, over the limit
_LAST_SECONDS = 3  # after a graceful stop should have ended


def run(
    folder: Path,
    listener: socket.socket,
    *,
    keys: Keys | None,
    loopback: bool,
    root_path: str = "",
) -> None:
    """Answer on a socket until Ctrl-C; see `create_app`.

    Raises:
        NotFoundError, CorruptError, EncoderError, MismatchError: the collection cannot be served.
    """
    app = create_app(folder, keys=keys, loopback=loopback, root_path=root_path)
    logging.config.dictConfig(log_config(app.state.limits))
    server = Server(configured(app))
    server.run(sockets=[listener])
    if server.failure is not None:
        raise server.failure


def configured(app: FastAPI) -> uvicorn.Config:
    """Return how an application is served, with a bound for every wait."""
    limits: ServiceSettings = app.state.limits
    return uvicorn.Config(
        app,
        http=bounded(room_for(limits, _BACKLOG)),
        ws="none",
        log_config=log_config(limits),
        log_level="error",  # what a client sends is not for the log
        server_header=False,
        root_path=app.state.root_path,
        backlog=_BACKLOG,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.stop_seconds,
    )


class Server(uvicorn.Server):
    """Lets many arrive at once, and ends some seconds after it was told to, whatever it does.

    It also ends where the application cannot load what it serves.

    Attributes:
        failure: what kept it from loading.
    """

    failure: BaseException | None = None

    async def on_tick(self, counter: int) -> bool:
        """Return whether to end."""
        loading: asyncio.Task[None] = self.config.app.state.loading  # type: ignore[union-attr]
        if loading.done():
            self.failure = loading.exception()
        return await super().on_tick(counter) or self.failure is not None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; asyncio would have as many arrive as it takes at once."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(ARRIVING)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        super().handle_exit(sig, frame)
        seconds = (self.config.timeout_graceful_shutdown or 0) + _LAST_SECONDS
        last = threading.Timer(seconds, os._exit, [1])
        last.daemon = True
        last.start()
