"""Serving a collection until Ctrl-C."""

from __future__ import annotations

import logging.config
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import FrameType

import uvicorn
from fastapi import FastAPI

from holotype.index.errors import HolotypeError, UsageError
from holotype.index.visible import visible

from .app import create_app
from .guards.connections import bounded
from .guards.hosts import is_loopback
from .guards.keys import Keys
from .guards.open_files import room_for
from .logs import LOG_CONFIG
from .settings import ServiceSettings, service_settings

_BACKLOG = 32  # connections that are taken at once, over the limit
_ARRIVING = 1024  # connections that the system keeps until they are taken; others try again in 1 s
_LAST_SECONDS = 3  # after a graceful stop should have ended


def serve(folder: Path, host: str = "127.0.0.1", port: int = 8000) -> None:
    """Serve a collection's page and API until Ctrl-C, and print the address.

    Args:
        host: the interface; others than this machine's own need `HOLOTYPE_API_KEYS`.
        port: 0 takes a free one.

    Raises:
        UsageError: an interface that other machines reach, and no API keys.
        NotFoundError, CorruptError, EncoderError, MismatchError: the collection cannot be served.
        HolotypeError: the address cannot be had.
    """
    keys = Keys.parse(service_settings().api_keys)
    loopback = is_loopback(host)
    if not loopback and keys is None:
        raise UsageError(
            f"{host} can be reached from other machines, so API keys are needed: set "
            "HOLOTYPE_API_KEYS to 'read:' and the sha256 of a key, or serve 127.0.0.1"
        )
    with _bound(host, port) as listener:
        logging.config.dictConfig(LOG_CONFIG)
        app = create_app(folder, keys=keys, loopback=loopback)
        app.state.engine.load()
        listener.listen(_ARRIVING)
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.getsockname()[1]}"
        print(f"{visible(str(folder))} is served at {address} (API: {address}/docs)", flush=True)
        with suppress(KeyboardInterrupt):  # how a server ends
            Server(configured(app)).run(sockets=[listener])


def configured(app: FastAPI) -> uvicorn.Config:
    """Return how an application is served, with a bound for every wait."""
    limits: ServiceSettings = app.state.limits
    return uvicorn.Config(
        app,
        http=bounded(room_for(limits, _BACKLOG)),
        ws="none",
        log_config=LOG_CONFIG,
        log_level="error",  # what a client sends is not for the log
        server_header=False,
        backlog=_BACKLOG,
        timeout_keep_alive=limits.keep_alive_seconds,
        timeout_graceful_shutdown=limits.stop_seconds,
    )


class Server(uvicorn.Server):
    """Lets many arrive at once, and ends some seconds after it was told to, whatever it does."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to serve; asyncio would have as many arrive as it takes at once."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(_ARRIVING)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to stop."""
        super().handle_exit(sig, frame)
        seconds = (self.config.timeout_graceful_shutdown or 0) + _LAST_SECONDS
        last = threading.Timer(seconds, os._exit, [1])
        last.daemon = True
        last.start()


def _bound(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise HolotypeError(
            f"{host} port {port} cannot be served ({error.strerror}); name another, or port 0 for "
            "a free one"
        ) from error
    return listener
