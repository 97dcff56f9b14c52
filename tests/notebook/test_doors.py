"""Python = command line = HTTP = client, over one list of operations."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

import holotype
from holotype.index.errors import HolotypeError
from holotype.index.ways import Door
from holotype.service.app import create_app
from holotype.service.guards.words import HEADER
from tests.conftest import Cli, Draw
from tests.service.running import running

from .doors import CommandLine, Doors, Web, asked, different, settled
from .operations import Lacks, Operation, operations

_TYPED = re.compile(r"'holotype |(?<![\w-])--[a-z]|/v1/")  # a command, an option, an address
_NAMES = ("python", "client", "cli", "web")


@pytest.fixture
def trip(tmp_path: Path, draw: Draw) -> Path:
    """New pictures, and a file that is none."""
    folder = tmp_path / "trip"
    draw(folder / "new.png", 501, like=4)
    draw(folder / "new-2.png", 502, like=4)
    (folder / "bad.png").write_bytes(b"no picture")
    return folder


@pytest.fixture
def scratch(tmp_path: Path, draw: Draw) -> Path:
    """A folder with pictures to add, and a table with a row too many."""
    folder = tmp_path / "scratch"
    for number in range(3):
        draw(folder / "more" / "Fish" / "Salmo_alba" / f"new-{number}.png", 600 + number, like=9)
    draw(folder / "row.png", 700, like=9)
    (folder / "rows.csv").write_text(
        "path,species,image_id\nrow.png,Salmo alba,row\ngone.png,Salmo alba,gone\n"
    )
    return folder


@pytest.fixture
def doors(stocked: Path, tmp_path: Path, cli: Cli) -> Iterator[Doors]:
    """All doors, each with a copy of the collection."""
    folders = {
        name: Path(shutil.copytree(stocked, tmp_path / name / "collection")) for name in _NAMES
    }
    with ExitStack() as stack:
        addresses = {
            name: stack.enter_context(running(create_app(folders[name])))
            for name in ("client", "web")
        }
        words = {HEADER: Door.PYTHON}
        asking = httpx2.Client(base_url=addresses["web"], headers=words, timeout=60)
        http = stack.enter_context(asking)
        yield Doors(
            stack.enter_context(holotype.open(folders["python"])),
            stack.enter_context(holotype.Client(addresses["client"])),
            CommandLine(cli, folders["cli"]),
            Web(http),
            folders,
        )


@pytest.mark.slow
def test_every_door_gives_the_same_for_every_operation(
    doors: Doors, stock: Path, trip: Path, scratch: Path, tiny_folder: Path
) -> None:
    listed = operations(stock.parent, trip, scratch)
    assert len(listed) >= 60
    assert len({one.name for one in listed}) == len(listed)
    moved = {str(tiny_folder): tiny_folder.name}
    failures = [told for one in listed for told in _disagreements(doors, one, moved)]
    assert not failures, "\n" + "\n".join(failures)


def _disagreements(doors: Doors, one: Operation, moved: dict[str, str]) -> Iterator[str]:
    """Do an operation at every door, and yield where one disagrees with Python."""
    given = one.before(doors.python)
    shapes = {"python": one.shape, "client": one.shape}
    shapes |= {"cli": one.cli_shape, "web": one.http_shape}
    told: dict[str, Any] = {}
    asks: dict[str, tuple[Any, Callable[[Any], Any]]] = {
        "python": (one.python, lambda ask: ask(doors.python, given)),
        "cli": (one.cli, lambda ask: ask(doors.cli, given)),
        "web": (one.http, lambda ask: ask(doors.web, given)),
        "client": (one.client or one.python, lambda ask: ask(doors.client, given)),
    }
    for name, (ask, run) in asks.items():
        if isinstance(ask, Lacks):
            yield from _present(doors, one, name, ask)
            continue
        found = asked(partial(run, ask))
        told[name] = found if _refused(found) else shapes[name](found)
        if name in ("python", "client") and _refused(found) and _TYPED.search(found["refused"]):
            yield f"{one.name}: {name} names what one cannot do there: {found['refused']}"
    plain = {name: settled(value, doors.folders[name], moved) for name, value in told.items()}
    for name, value in plain.items():
        apart = different(plain["python"], value)
        if apart:
            yield f"{one.name}: {name} differs from python at {apart}"


def _refused(found: Any) -> bool:
    return isinstance(found, dict) and set(found) == {"refused"}


def _present(doors: Doors, one: Operation, door: str, lacks: Lacks) -> Iterator[str]:
    """Yield what is wrong with saying that a door lacks an operation."""
    assert lacks.why
    if door == "client":
        try:
            one.python(doors.client, None)
        except HolotypeError as error:
            if doors.client._backend.place not in str(error):
                yield f"{one.name}: the client refuses without a way out: {error}"
        else:
            yield f"{one.name}: the client does it, though it should lack it"
    elif door == "cli" and lacks.probe:
        code, _, _ = doors.cli.run(*lacks.probe)
        if code != 2:
            yield f"{one.name}: the command line has it"
    elif door == "web" and lacks.probe:
        method, path = lacks.probe
        answer = doors.web.http.request(method, path)
        if answer.status_code not in (404, 405):
            yield f"{one.name}: the service has it"
