"""Serving a collection until Ctrl-C."""

from __future__ import annotations

import gc
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from holotype.index.errors import HolotypeError, UsageError
from holotype.index.visible import visible

from .interfaces import ARRIVING, is_loopback
from .served.listing import require_served
from .settings import service_settings

_PREFIX = re.compile(r"(/(?!\.\.?(/|$))[A-Za-z0-9._~-]+)+")

if TYPE_CHECKING:
    from .guards.keys import Keys


def serve(folder: Path, host: str = "127.0.0.1", port: int = 8000, root_path: str = "") -> None:
    """Serve a collection, or those of a folder, until Ctrl-C, and print the address.

    It is printed before the large libraries are imported: who comes early waits for a moment.

    Args:
        host: the interface; others than this machine's own need `HOLOTYPE_API_KEYS`.
        port: 0 takes a free one.
        root_path: the prefix below which a proxy serves it, such as `/museum`.

    Raises:
        UsageError: an interface that other machines reach, and no API keys; a prefix that is none.
        NotFoundError, CorruptError, EncoderError, MismatchError: the collection cannot be served.
        HolotypeError: the address cannot be had.
    """
    keys = _keys()
    loopback = is_loopback(host)
    if not loopback and keys is None:
        raise UsageError(
            f"{host} can be reached from other machines, so API keys are needed: set "
            "HOLOTYPE_API_KEYS to 'read:' and the sha256 of a key, or serve 127.0.0.1"
        )
    prefix = _prefix(root_path)
    require_served(folder)
    with _bound(host, port) as listener:
        listener.listen(ARRIVING)
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.getsockname()[1]}"
        print(f"{visible(str(folder))} is served at {address} (API: {address}/docs)", flush=True)
        with suppress(KeyboardInterrupt):  # how a server ends
            with _all_kept():
                from .running import run

            run(folder, listener, keys=keys, loopback=loopback, root_path=prefix)


@contextmanager
def _all_kept() -> Iterator[None]:
    """Look for no garbage among what is imported: all of it stays as long as the process runs."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()  # later collections leave it out, too
        gc.enable()


def _prefix(said: str) -> str:
    """Return the path below which a proxy serves, without a last slash; empty for none.

    >>> _prefix("/museum/"), _prefix("/"), _prefix("")
    ('/museum', '', '')

    Raises:
        UsageError: it is not a path.
    """
    path = said.rstrip("/")
    if path and not _PREFIX.fullmatch(path):
        raise UsageError(
            f"--root-path {said!r} is no prefix; say it as the proxy has it, such as /museum, of "
            "letters, digits, '.', '_', '~' and '-'"
        )
    return path


def _keys() -> Keys | None:
    text = service_settings().api_keys
    if not text:
        return None
    from .guards.keys import Keys

    return Keys.parse(text)


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
