"""Four ways to the same collection, each over a copy of its own: every way gives plain JSON."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

import holotype
from holotype.index.errors import HolotypeError
from holotype.index.ways import Door, speaking
from holotype.notebook.opened import OpenCollection
from holotype.service.app import create_app
from tests.conftest import Cli
from tests.service.running import running

# What no two runs have alike, and where things lie, which a service does not tell.
OWN = frozenset(
    "seconds images_per_second created_at changed_at made_at decided_at determined_at collection "
    "store device precision".split()
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


@contextmanager
def opened_at(place: str, folder: Path) -> Iterator[OpenCollection]:
    """Open a collection `here`, or `served` through the client."""
    if place == "here":
        with holotype.open(folder) as found:
            yield found
        return
    with running(create_app(folder)) as address, holotype.Client(address) as client:
        yield client


class RefusedError(Exception):
    """A door refuses, in one sentence."""


@dataclass(frozen=True)
class CommandLine:
    """The command line: `cli("search", "x.jpg")` gives what `--json` prints."""

    run: Cli
    folder: Path

    def __call__(self, *words: object) -> Any:
        with speaking(Door.PYTHON):  # or sentences would differ in what they name as a way out
            code, out, err = self.run(*words, "--json")
        if not out.strip():
            raise RefusedError(_sentence(err))
        assert code in (0, 1), err
        return json.loads(out)

    def within(self, *words: object) -> Any:
        """Run a command that takes the collection as `--in`."""
        return self(*words, "--in", self.folder)


@dataclass(frozen=True)
class Web:
    """The service, asked without the client of this program."""

    http: httpx2.Client

    def get(self, path: str, **params: Any) -> Any:
        return self._told(self.http.get(f"/v1/{quote(path)}", params=params))

    def raw(self, path: str, **params: Any) -> bytes:
        answer = self.http.get(f"/v1/{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.content

    def post(self, path: str, body: Any) -> Any:
        return self._told(self.http.post(f"/v1/{quote(path)}", json=body))

    def patch(self, path: str, body: Any) -> Any:
        return self._told(self.http.patch(f"/v1/{quote(path)}", json=body))

    def put(self, path: str, file: Path, **fields: str) -> Any:
        files = {"image": (file.name, file.read_bytes())}
        return self._told(self.http.put(f"/v1/{quote(path)}", files=files, data=fields))

    def form(self, path: str, field: str, files: list[Path], **fields: Any) -> Any:
        sent = [(field, (file.name, file.read_bytes())) for file in files]
        return self._told(self.http.post(f"/v1/{path}", files=sent, data=fields))

    def delete(self, path: str, **params: Any) -> Any:
        return self._told(self.http.delete(f"/v1/{quote(path)}", params=params))

    def job(self, kind: str, **options: Any) -> Any:
        """Start a job and return its result."""
        space = options.pop("space", None)
        job = self.post("jobs", {"kind": kind, "space": space, "options": options})
        while job["state"] == "running":
            time.sleep(0.02)
            job = self.get(f"jobs/{job['job_id']}")
        if job["state"] != "done":
            raise RefusedError(job["error"])
        return job["result"]

    def _told(self, answer: httpx2.Response) -> Any:
        if answer.is_error:
            assert answer.status_code < 500, answer.text
            raise RefusedError(answer.json()["detail"])
        return answer.json() if answer.content else None


def asked(ask: Callable[[], Any]) -> Any:
    """Return what a door gives as JSON; of what it refuses the sentence."""
    try:
        found = ask()
    except (HolotypeError, RefusedError) as error:
        return {"refused": str(error)}
    return json.loads(json.dumps(plain(found)))


def plain(found: Any) -> Any:
    """Return a result as JSON-ready values."""
    for way in ("to_dict", "to_list"):
        if hasattr(found, way):
            return getattr(found, way)()
    if isinstance(found, list | tuple):
        return [plain(one) for one in found]
    return found


def settled(value: Any, folder: Path, moved: dict[str, str]) -> Any:
    """Return JSON without what is different by its nature: times, and where the collection lies."""
    if isinstance(value, dict):
        return {k: settled(v, folder, moved) for k, v in value.items() if k not in OWN}
    if isinstance(value, list):
        return [settled(one, folder, moved) for one in value]
    if isinstance(value, str):
        text = value.replace(str(folder), f"Collection '{folder.name}'")
        for old, new in moved.items():
            text = text.replace(old, new)
        return " ".join(_TIME.sub("TIME", text).split())
    return value


def different(one: Any, other: Any, place: str = "") -> str:
    """Return where two results differ; empty where they do not. Cosines may by a millionth."""
    if isinstance(one, dict) and isinstance(other, dict):
        if one.keys() != other.keys():
            return f"{place}: keys {sorted(one.keys() ^ other.keys())}"
        return next(filter(None, (different(one[k], other[k], f"{place}.{k}") for k in one)), "")
    if isinstance(one, list) and isinstance(other, list):
        if len(one) != len(other):
            return f"{place}: {len(one)} and {len(other)}"
        pairs = enumerate(zip(one, other, strict=True))
        return next(filter(None, (different(*pair, f"{place}[{n}]") for n, pair in pairs)), "")
    if isinstance(one, float) and isinstance(other, int | float):
        close = math.isclose(one, other, rel_tol=1e-5, abs_tol=1e-6)
        return "" if close else f"{place}: {one} and {other}"
    return "" if one == other else f"{place}: {one!r} and {other!r}"


def _sentence(err: str) -> str:
    """Return the last sentence on stderr, without what was noted before."""
    said = " ".join(err.split())
    return said.rpartition("Error: ")[2] or said


@dataclass
class Doors:
    """All four, and what an operation is told of the collection before it."""

    python: OpenCollection
    client: OpenCollection
    cli: CommandLine
    web: Web
    folders: dict[str, Path]
