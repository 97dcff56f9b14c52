"""Requests as bytes on the wire, well-formed or not, and what comes back."""

from __future__ import annotations

import socket
from contextlib import suppress
from urllib.parse import urlsplit

BOUNDARY = b"b"
FORM = "multipart/form-data; boundary=b"
JSON = "application/json"


def connected(address: str, seconds: float = 30) -> socket.socket:
    """A connection to a server."""
    place = urlsplit(address)
    return socket.create_connection((str(place.hostname), place.port), timeout=seconds)


def request(
    path: str | bytes = "/v1/search",
    body: bytes = b"",
    *,
    method: str = "POST",
    kind: str = JSON,
    length: int | None = None,
    headers: str = "",
    host: str = "127.0.0.1",
) -> bytes:
    """A request; `length` is what its Content-Length claims, `headers` are whole lines."""
    target = path.encode("latin-1") if isinstance(path, str) else path
    stated = len(body) if length is None else length
    head = f"Host: {host}\r\nContent-Type: {kind}\r\nContent-Length: {stated}\r\n{headers}\r\n"
    start = method.encode("latin-1") + b" " + target + b" HTTP/1.1\r\n"
    return start + head.encode("latin-1") + body


def part(name: bytes, content: bytes, more: bytes = b"") -> bytes:
    """A part of a form, with its boundary before it."""
    head = b'--b\r\nContent-Disposition: form-data; name="' + name + b'"' + more
    return head + b"\r\n\r\n" + content + b"\r\n"


def picture(content: bytes, name: bytes = b"images") -> bytes:
    """A part of a form that is a file."""
    return part(name, content, b'; filename="x.jpg"')


END = b"--b--\r\n"


def answer(address: str, sent: bytes, seconds: float = 30) -> tuple[int, bytes]:
    """The status and the body of what a server answers, (0, b"") where it closes without."""
    with connected(address, seconds) as connection:
        with suppress(OSError):  # it may answer and close before it has read everything
            connection.sendall(sent)
        return read_answer(connection, body=not sent.startswith(b"HEAD"))


def read_answer(connection: socket.socket, *, body: bool = True) -> tuple[int, bytes]:
    """The status and the body of the next answer."""
    found = b""
    with suppress(ConnectionError):
        while b"\r\n\r\n" not in found:
            data = connection.recv(65536)
            if not data:
                break
            found += data
            if found.startswith(b"HTTP/1.1 100"):  # what follows may have come with it
                found = found.partition(b"\r\n\r\n")[2]
        head, _, content = found.partition(b"\r\n\r\n")
        lines = [line.partition(b":") for line in head.lower().split(b"\r\n")]
        length = next((int(value) for name, _, value in lines if name == b"content-length"), 0)
        while body and len(content) < length and (data := connection.recv(65536)):
            content += data
    status = found.partition(b"\r\n")[0].split()
    return (int(status[1]), content[:length]) if len(status) > 1 else (0, b"")
