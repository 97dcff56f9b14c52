"""Servers in processes of their own, and questions over connections that stay open."""

from __future__ import annotations

import json
import subprocess
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

OK = 200
_SERVE = "from holotype.scripts.main import main; main()"


def serving(folder: Path) -> tuple[str, ...]:
    """Return the command that serves a collection on a free port."""
    return (sys.executable, "-c", _SERVE, "serve", str(folder), "--port", "0")


@contextmanager
def served(*command: str) -> Iterator[int]:
    """Run a server in a process of its own; yields the port that it says."""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:  # noqa: S603
        try:
            assert server.stdout is not None
            said = server.stdout.readline().partition("http://")[2].split()
            if not said:
                raise RuntimeError("a server does not start; see what it said")
            yield int(said[0].rpartition(":")[2])
        finally:
            server.terminate()


def post(path: str, body: dict[str, Any]) -> bytes:
    """Return a request as it is sent, with a body in JSON."""
    return _request(path, "application/json", json.dumps(body).encode())


def picture_form(path: str, field: str, picture: bytes) -> bytes:
    """Return a request as it is sent, with a picture in a form's field."""
    edge = "------holotype"
    said = f'Content-Disposition: form-data; name="{field}"; filename="one.jpg"'
    head = f"--{edge}\r\n{said}\r\nContent-Type: image/jpeg\r\n\r\n"
    body = head.encode() + picture + f"\r\n--{edge}--\r\n".encode()
    return _request(path, f"multipart/form-data; boundary={edge}", body)


def _request(path: str, kind: str, body: bytes) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def answered(reader: StreamReader, writer: StreamWriter, request: bytes) -> int:
    """Send a request, read its answer to the end and return the status."""
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    size = head.lower().partition(b"content-length:")[2].split()[0]
    await reader.readexactly(int(size))
    return int(head.split(b" ", 2)[1])
