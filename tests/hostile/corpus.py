"""Requests that no good client sends: pictures, JSON bodies, forms and headers, paths.

python -m tests.hostile.corpus COLLECTION

A copy of the collection is served and sent all of them, on every route that takes them.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
from PIL import Image

from tests.hostile import drawing
from tests.service import wire
from tests.service.process import Service, service

_MEGABYTE = 1 << 20
_SLOW = 2.0  # seconds


def good_picture(seed: int = 1, form: str = "PNG", side: int = 64) -> bytes:
    """A picture of noise that can be read."""
    buffer = io.BytesIO()
    drawing.noise(side, side, seed).save(buffer, form)
    return buffer.getvalue()


def pictures() -> list[bytes]:
    """200 pictures that cannot be used."""
    found: list[bytes] = [
        b"",
        b"\0" * 1000,
        b"GIF89a",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ]
    for form in ("JPEG", "PNG", "TIFF", "WEBP"):
        whole = good_picture(form=form)
        found += [whole[: len(whole) * part // 24] for part in range(1, 21)]  # cut short
        found += [whole[part:] for part in range(1, 16)]  # without its first bytes
        found += [whole[:8] + bytes([value]) * 200 for value in range(0, 250, 25)]
    for form in ("BMP", "GIF", "PPM", "ICO"):  # kinds that are not read
        buffer = io.BytesIO()
        Image.new("RGB", (16, 16)).save(buffer, form)
        found.append(buffer.getvalue())
    bombs = [(30_000, 30_000), (65_000, 65_000), (1, 60_000_000), (2**31 - 1, 2)]
    found += [_png_header(*size) for size in bombs]
    found.append(drawing.animated_webp(400)[:-7])
    rng = np.random.default_rng(0)
    while len(found) < 200:
        found.append(b"\x89PNG\r\n\x1a\n" + rng.bytes(int(rng.integers(1, 4000))))
    return found[:200]


def _png_header(width: int, height: int) -> bytes:
    """A PNG that says to be huge."""
    head = drawing.chunk(b"IHDR", width.to_bytes(4) + height.to_bytes(4) + b"\x08\x02\0\0\0")
    body = drawing.chunk(b"IDAT", drawing.deflated(100_000))
    return b"\x89PNG\r\n\x1a\n" + head + body + drawing.chunk(b"IEND")


def bodies() -> list[bytes]:
    """150 bodies that are no JSON, no object, or an object of which nobody has heard."""
    broken = [
        *(b"", b"{", b"}", b"[", b"nul", b'{"a":}', b"{'a': 1}", b'{"a": 1,}', b"\xff\xfe{}"),
        *(b'{"a": \xff}', b'{"a": "\\ud800"', b"[" * 100_000, b'{"a":' * 50_000, b"{}{}", b"\0"),
        *(b'{"a": 01}', b'{"a": NaN', b'{"a": "\n"}', b"--b\r\n", b"<xml/>", b"a=1&b=2"),
    ]
    whole = b'{"options": {"where": ["split=train"]}, "name": "x", "by": "y"}'
    broken += [whole[:end] for end in range(2, 58, 2)]
    roots = [b"null", b"true", b"0", b"-1e308", b'"text"', b"[]", b"[{}]", b"[[[]]]", b"1e999"]
    values: list[Any] = [
        *(None, True, -1, 2**63, 2**200, 1e308, "", "\0", "x" * 100_000, "\u202e", "💥", "%s%n"),
        *(
            "' OR 1=1 --",
            "../../etc/passwd",
            "<script>",
            "{{7*7}}",
            "$(id)",
            [],
            [[]],
            {},
            {"": {}},
        ),
    ]
    names = ("", "__proto__", "options\0", "unheard_of", "x" * 5000)
    odd = [json.dumps({name: value}).encode() for name in names for value in values]
    return [*broken, *roots, *odd][:150]


def forms() -> list[tuple[str, bytes]]:
    """100 forms with their Content-Type, malformed or with what none should hold."""
    part, end = wire.part, wire.END
    good = wire.picture(good_picture())
    found: list[tuple[str, bytes]] = [
        *(
            (wire.FORM, body)
            for body in (b"", b"--b", b"--b--", end, b"\r\n--b--\r\n", b"b" * 5000)
        ),
        *((wire.FORM, good[:cut]) for cut in range(1, 300, 10)),
        *(
            (wire.FORM, good.replace(b"form-data", odd) + end)
            for odd in (b"", b"x", b"\0", b"a;b=c")
        ),
        *((wire.FORM, part(name, b"x") + end) for name in (b"", b"nobody", b"\xff", b'a"b', b"\0")),
        *((wire.FORM, b"--b\r\n" + b"X" * size + b"\r\n\r\n" + end) for size in (1, 3000, 100_000)),
        (wire.FORM, part(b"k", b"1") * 101 + end),
        (wire.FORM, part(b"k", b"1" * 2_000_000) + end),
        (wire.FORM, part(b"images", b"text") + end),
        (wire.FORM, wire.picture(b"x", b"k") + end),
    ]
    kinds = [
        *("", "x", "/", "multipart/form-data", "multipart/form-data; boundary=", "text/plain"),
        *("multipart/mixed; boundary=b", "application/xml", "application/json; charset=utf-16"),
        *("multipart/form-data; boundary=" + "b" * 71, "multipart/form-data; boundary=c"),
        *("multipart/form-data; charset=latin-1; boundary=b", "x" * 600, "application/jsonp"),
    ]
    found += [(kind, good + end) for kind in kinds]
    rng = np.random.default_rng(1)
    while len(found) < 100:
        found.append((wire.FORM, b"--b\r\n" + rng.bytes(int(rng.integers(1, 3000)))))
    return found[:100]


def paths() -> list[str]:
    """60 paths of which there is nothing, however they are read."""
    climbs = ["..%2f" * n + "etc/passwd" for n in range(1, 9)]
    odd = [
        "%00",
        "%ff",
        "%2e%2e",
        "%5c..%5c",
        "%0d%0aX:1",
        "~root",
        "*",
        "'",
        "%3Cscript%3E",
        "%25",
    ]
    tops = ("/v1/images/", "/static/", "/v1/evaluations/", "/v1/jobs/", "/c/")
    found = [top + climb for top in tops[:3] for climb in climbs]
    found += [top + one for top in tops for one in odd[:6]]
    found += ["/v1", "/v1/", "/v2/identify", "/.git/config", "/v1/images/" + "a" * 9000, "/v1/none"]
    return found[:60]


@dataclass
class Sent:
    """What came of the requests.

    Attributes:
        counts: of each kind of request.
        wrong: those that were answered otherwise than with 4xx, and with what.
        slow: those that took more than 2 s, and how long.
        slowest: in seconds.
    """

    counts: dict[str, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    slow: list[str] = field(default_factory=list)
    slowest: float = 0.0

    def add(self, what: str, status: int, seconds: float) -> None:
        """Count an answer."""
        kind = what.partition(" ")[0]
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self.slowest = max(self.slowest, seconds)
        if not 400 <= status < 500:
            self.wrong.append(f"{what}: {status}")
        if seconds > _SLOW:
            self.slow.append(f"{what}: {seconds:.1f} s")


def _asked(
    sent: Sent, client: httpx2.Client, what: str, method: str, path: str, **more: Any
) -> Any:
    began = time.monotonic()
    answer = client.request(method, path, **more)
    sent.add(f"{what} {method} {path[:80]}", answer.status_code, time.monotonic() - began)
    return answer


def _routes(client: httpx2.Client, kind: str) -> list[tuple[str, str]]:
    """Return the operations whose body may be of a media type."""
    described = client.get("/openapi.json").json()["paths"]
    return [
        (method.upper(), _filled(path))
        for path, operations in described.items()
        for method, told in operations.items()
        if kind in told.get("requestBody", {}).get("content", {})
    ]


def _filled(path: str) -> str:
    for name in ("cluster_id", "clustering_id", "decision_id", "determination_id"):
        path = path.replace(f"{{{name}}}", "1")
    for name in ("image_id", "space", "name", "queue"):
        path = path.replace(f"{{{name}}}", {"space": "base", "name": "mislabels"}.get(name, "x"))
    return path


def send_all(address: str) -> Sent:
    """Send everything on every route that takes it."""
    sent = Sent()
    with httpx2.Client(base_url=address, timeout=60) as client:
        for picture in pictures():
            for path, name in (("/v1/identify", "images"), ("/v1/search", "image")):
                _asked(sent, client, "picture", "POST", path, files={name: ("x.jpg", picture)})
            files = {"image": ("x.jpg", picture)}
            _asked(sent, client, "picture", "PUT", "/v1/images/hostile", files=files)
        headers = {"Content-Type": "application/json"}
        for method, path in _routes(client, "application/json"):
            for body in bodies():
                _asked(sent, client, "json", method, path, content=body, headers=headers)
        for method, path in _routes(client, "multipart/form-data"):
            for kind, body in forms():
                more = {"content": body, "headers": {"Content-Type": kind}}
                _asked(sent, client, "form", method, path, **more)
        for path in paths():
            for method in ("GET", "DELETE", "PUT", "POST"):
                _asked(sent, client, "path", method, path)
    return sent


def batches_refused(address: str) -> Iterator[str]:
    """Yield what is wrong with how many pictures in one request are refused one by one."""
    odd = [("images", (f"{n}.jpg", one)) for n, one in enumerate(pictures()[:90])]
    with httpx2.Client(base_url=address, timeout=120) as client:
        stored = client.post("/v1/images", files=odd)
        if stored.status_code >= 500 or stored.json().get("images", []):
            yield f"POST /v1/images: {stored.text[:200]}"
        begun = client.post("/v1/jobs", data={"kind": "identify"}, files=odd)
        job = begun.json()
        while job.get("state") == "running":
            time.sleep(0.1)
            job = client.get(begun.headers["location"]).json()
        if job.get("state") != "done" or job["result"]["refused"] != len(odd):
            yield f"POST /v1/jobs: {str(job)[:200]}"


def still_good(address: str) -> Iterator[str]:
    """Yield what is wrong with a good write and a good question."""
    picture = good_picture(seed=5)
    with httpx2.Client(base_url=address, timeout=60) as client:
        stored = client.put("/v1/images/good", files={"image": ("x.png", picture)})
        if stored.status_code != 201:
            yield f"PUT: {stored.status_code} {stored.text[:200]}"
        found = client.post("/v1/search", json={"image_id": "good"})
        if found.status_code != 200 or not found.json()["hits"]:
            yield f"search: {found.status_code} {found.text[:200]}"


@dataclass(frozen=True)
class Outcome:
    """What a service that was sent everything is like afterwards; all lists should be empty."""

    sent: Sent
    batches: list[str]
    afterwards: list[str]
    lives: bool
    grown: float  # MB


def run(folder: Path) -> Outcome:
    """Serve a copy of a collection and send it everything."""
    with tempfile.TemporaryDirectory() as place:
        served = Path(shutil.copytree(folder, Path(place) / "shells"))
        with service(served, Path(place) / "log") as found:
            list(still_good(found.address))  # what is loaded once is no growth
            _cleaned(found)
            before = found.megabytes("VmRSS")
            sent = send_all(found.address)
            batches = list(batches_refused(found.address))
            afterwards = list(still_good(found.address))
            grown = found.megabytes("VmRSS") - before
            return Outcome(sent, batches, afterwards, found.process.poll() is None, grown)


def _cleaned(found: Service) -> None:
    httpx2.delete(f"{found.address}/v1/images/good", timeout=60)


def main() -> None:
    """Print what came of it as JSON, with exit code 1 where anything is wrong."""
    done = run(Path(sys.argv[1]))
    told = {**vars(done), "sent": vars(done.sent)}
    sys.stdout.write(json.dumps(told, indent=2) + "\n")
    if done.sent.wrong or done.sent.slow or done.batches or done.afterwards or not done.lives:
        sys.exit(1)


if __name__ == "__main__":
    main()
