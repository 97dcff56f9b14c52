"""The folder that is served becomes another collection: every answer is wholly of one of them."""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest

from holotype.index.collection import Collection
from holotype.index.database.checksums import write_checksum
from holotype.index.database.connection import FILE
from holotype.index.storage.records import now
from holotype.index.storage.spaces import EXTERNAL
from holotype.index.taxonomy import RANKS
from holotype.index.upkeep.snapshots import restore, snapshot
from holotype.scripts.bench.faults import plain
from holotype.service.app import create_app
from holotype.service.engine import Engine
from tests.conftest import Draw

from .conftest import Refused
from .running import running

SWAPS, CLIENTS, SEED = 20, 8, 41
IDS = [f"image {number}" for number in range(16)]
SPECIES = ("Xestia alba", "Noctua fimbria")  # of every image of a version
PAUSE = 0.05


@dataclass(frozen=True)
class World:
    """Two collections with the same ids, other pictures, vectors and names.

    Attributes:
        pictures: {image_id: file} of each version.
        shelf: where collections are made, to be moved to where they are served.
    """

    pictures: tuple[dict[str, Path], dict[str, Path]]
    shelf: Path

    def make(self, folder: Path, version: int) -> Path:
        names = {"category": "Moth", "species": SPECIES[version]}
        lineage = tuple(names.get(rank, "") for rank in RANKS)
        with Collection.create(folder) as made:
            space = made.add_space(
                "base", encoder=f"{EXTERNAL}plain", fingerprint="0", views=1, dim=plain.DIM
            )
            entries = []
            for image_id, file in self.pictures[version].items():
                image = plain.image_of(image_id, version)
                image = replace(image, path=str(file), sha256=digest(file), lineage=lineage)
                entries.append((image, plain.vector_of(image.sha256)))
            made.store(space, entries)
            with made.database.transaction() as connection:
                folder_of = f"{file.parent}/"
                added = connection.execute(
                    "INSERT INTO sources (folder, added_at) VALUES (?, ?)", (folder_of, now())
                )
                write_checksum(connection, "sources", added.lastrowid)
        return folder

    def copy(self, version: int) -> Path:
        """Make a copy of a collection, whose id is that of all such copies."""
        name = f"{version}-{time.monotonic_ns()}"
        return Path(shutil.copytree(self.shelf / str(version), self.shelf / name))

    def hits(self, version: int, image_id: str) -> list[tuple[str, float]]:
        """What a search for a stored image must find: ids and cosines, best first."""
        own = plain.vector_of(digest(self.pictures[version][image_id]))
        found = [
            (other, float(plain.vector_of(digest(file)) @ own))
            for other, file in self.pictures[version].items()
            if other != image_id
        ]
        return sorted(found, key=lambda hit: -hit[1])[:5]


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture
def world(tmp_path: Path, draw: Draw) -> World:
    pictures = tuple(
        {
            image: draw(tmp_path / f"pictures{v}" / f"{image}.png", 100 * v + n)
            for n, image in enumerate(IDS)
        }
        for v in (0, 1)
    )
    (tmp_path / "shelf").mkdir()
    made = World((pictures[0], pictures[1]), tmp_path / "shelf")
    for version in (0, 1):
        made.make(made.shelf / str(version), version)
        with Collection.open(made.shelf / str(version)) as opened:
            opened.gallery()
            snapshot(opened, made.shelf / f"snapshot-{version}")
    return made


# Ways in which what is served becomes another collection ------------------------------------------

Swap = Callable[[World, Path, int], None]


def aside(world: World, live: Path) -> None:
    live.rename(world.shelf / f"old-{time.monotonic_ns()}")


def restored(world: World, live: Path, version: int) -> None:
    aside(world, live)
    restore(world.shelf / f"snapshot-{version}", live)


def moved(world: World, live: Path, version: int) -> None:
    new = world.copy(version)
    aside(world, live)
    time.sleep(PAUSE)
    new.rename(live)


def turned(world: World, live: Path, version: int) -> None:
    """Back and forth, faster than anybody can look."""
    new, other = world.copy(version), world.copy(1 - version)
    aside(world, live)
    for _ in range(5):
        other.rename(live), live.rename(other)
        new.rename(live), live.rename(new)
    new.rename(live)


def made_anew(world: World, live: Path, version: int) -> None:
    new = world.make(world.shelf / f"new-{time.monotonic_ns()}", version)
    gone = world.shelf / f"gone-{time.monotonic_ns()}"
    live.rename(gone)
    shutil.rmtree(gone)
    new.rename(live)


def file_alone(world: World, live: Path, version: int) -> None:
    new = world.copy(version)
    for end in ("-wal", "-shm"):
        (live / f"{FILE}{end}").unlink(missing_ok=True)
    (new / FILE).replace(live / FILE)


WAYS: tuple[Swap, ...] = (restored, moved, turned, made_anew, file_alone)


# Clients ------------------------------------------------------------------------------------------


class Clients:
    """Ask until they are told to stop, and hold every answer against both collections."""

    def __init__(self, world: World, address: str) -> None:
        self._address = address
        self._world = world
        self._found = [{i: world.hits(v, i) for i in IDS} for v in (0, 1)]
        self.stop = threading.Event()
        self.statuses: Counter[int] = Counter()
        self.answers: Counter[int] = Counter()
        self.wrong: list[str] = []

    def run(self, seed: int) -> None:
        draw = random.Random(seed)
        with httpx2.Client(base_url=self._address, timeout=30) as client:
            while not self.stop.is_set():
                self.ask(client, draw.choice(IDS), draw.choice(QUESTIONS))

    def ask(self, client: httpx2.Client, image_id: str, question: str) -> int | None:
        """Ask one question; return the version that answered it, None where it was refused."""
        if question in ("search", "identify"):
            response = client.post(f"/v1/{question}", json={"image_id": image_id, "k": 5})
        elif question == "taxa":
            response = client.get("/v1/taxa")
        else:
            response = client.get(f"/v1/images/{image_id}{question}")
        self.statuses[response.status_code] += 1
        if response.status_code != 200:
            if response.status_code not in (404, 503):
                self.wrong.append(f"{response.status_code} {response.text}")
            return None
        fits = [v for v in (0, 1) if self.is_of(v, image_id, question, response)]
        if len(fits) != 1:
            self.wrong.append(f"{question} {image_id}: {response.text[:500]}")
            return None
        self.answers[fits[0]] += 1
        return fits[0]

    def is_of(self, version: int, image_id: str, question: str, response: Any) -> bool:
        picture = self._world.pictures[version][image_id]
        if question == "/picture":
            return bool(response.content == picture.read_bytes())
        said = response.json()
        if question == "":
            named = said["lineage"]["species"] == SPECIES[version]
            return bool(named and said["sha256"] == digest(picture))
        if question == "taxa":
            return [t["taxon"] for t in said["taxa"] if t["rank"] == "species"] == [
                SPECIES[version]
            ]
        hits = said["hits" if question == "search" else "neighbours"]
        wanted = self._found[version][image_id]
        return (
            {hit["species"] for hit in hits} == {SPECIES[version]}
            and [hit["image_id"] for hit in hits] == [name for name, _ in wanted]
            and np.allclose([hit["score"] for hit in hits], [s for _, s in wanted], atol=1e-5)
        )

    def wait_for(self, client: httpx2.Client, version: int) -> None:
        deadline = time.monotonic() + 20
        while self.ask(client, IDS[0], "search") != version:
            assert time.monotonic() < deadline, self.statuses
            time.sleep(0.01)


QUESTIONS = ("search", "search", "identify", "taxa", "", "/picture")


@pytest.mark.slow
def test_swaps_under_clients_never_mix_two_collections(world: World, tmp_path: Path) -> None:
    live = world.copy(0).rename(tmp_path / "live")
    order = random.Random(SEED)
    with running(create_app(live)) as address, ThreadPoolExecutor(CLIENTS) as threads:
        clients = Clients(world, address)
        asking = [threads.submit(clients.run, SEED + number) for number in range(CLIENTS)]
        try:
            with httpx2.Client(base_url=address, timeout=30) as client:
                clients.wait_for(client, 0)
                for number in range(1, SWAPS + 1):
                    order.choice(WAYS)(world, live, number % 2)
                    if number % 3:  # else the next swap comes while this one is being opened
                        clients.wait_for(client, number % 2)
                clients.wait_for(client, SWAPS % 2)
        finally:
            clients.stop.set()
        for one in asking:
            one.result()
        assert clients.wrong == [], f"seed {SEED}"
        assert min(clients.answers[0], clients.answers[1]) > SWAPS
        assert set(clients.statuses) <= {200, 404, 503}


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
def test_the_service_goes_on_with_what_took_the_place(
    world: World, tmp_path: Path, way: Swap
) -> None:
    live = world.copy(0).rename(tmp_path / "live")
    with (
        running(create_app(live)) as address,
        httpx2.Client(base_url=address, timeout=30) as client,
    ):
        clients = Clients(world, address)
        clients.wait_for(client, 0)
        way(world, live, 1)
        clients.wait_for(client, 1)
        assert [clients.ask(client, IDS[3], question) for question in QUESTIONS] == [1] * 6
        assert clients.wrong == []


def test_what_is_gone_is_503_until_something_lies_there(
    world: World, tmp_path: Path, refused: Refused
) -> None:
    live = world.copy(0).rename(tmp_path / "live")
    with (
        running(create_app(live)) as address,
        httpx2.Client(base_url=address, timeout=30) as client,
    ):
        shutil.rmtree(live)
        for path in ("/v1/taxa", "/v1/spaces", f"/v1/images/{IDS[0]}", "/readyz", "/", "/v1/taxa"):
            response = client.get(path)
            assert str(tmp_path) not in refused(response, 503)
            assert int(response.headers["retry-after"]) >= 1
            time.sleep(PAUSE)
        deadline = time.monotonic() + 20
        while "not a collection" not in refused(client.get("/v1/taxa"), 503):
            assert time.monotonic() < deadline
            time.sleep(PAUSE)
        assert client.get("/healthz").status_code == 200
        live.mkdir()
        (live / FILE).write_bytes(b"no database " * 1000)
        time.sleep(PAUSE)
        refused(client.get("/v1/taxa"), 503)
        shutil.rmtree(live)
        world.copy(1).rename(live)
        Clients(world, address).wait_for(client, 1)


def test_a_link_that_is_turned_is_followed(world: World, tmp_path: Path) -> None:
    live = tmp_path / "live"
    live.symlink_to(world.copy(0))
    with (
        running(create_app(live)) as address,
        httpx2.Client(base_url=address, timeout=30) as client,
    ):
        clients = Clients(world, address)
        clients.wait_for(client, 0)
        (tmp_path / "next").symlink_to(world.copy(1))
        (tmp_path / "next").replace(live)
        clients.wait_for(client, 1)
        assert client.get("/v1/spaces").json()["collection"] == "live"
        assert clients.wrong == []


def test_the_service_ends_while_another_collection_is_being_opened(
    world: World, tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    live = world.copy(0).rename(tmp_path / "live")
    go_on = threading.Event()
    monkeypatch.setattr("holotype.service.switch._PATIENCE", 0.1)
    with running(create_app(live)) as address:
        assert httpx2.get(f"{address}/v1/taxa").status_code == 200
        monkeypatch.setattr(Engine, "load", lambda _: go_on.wait(60))
        moved(world, live, 1)
        for _ in range(3):
            sentence = refused(httpx2.get(f"{address}/v1/taxa"), 503)
            assert sentence == "Collection 'live' was replaced and is being opened; ask again"
    go_on.set()


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="counts what Linux lists")
def test_collections_that_are_no_longer_served_are_closed(world: World, tmp_path: Path) -> None:
    live = world.copy(0).rename(tmp_path / "live")
    open_files = []
    with (
        running(create_app(live)) as address,
        httpx2.Client(base_url=address, timeout=30) as client,
    ):
        clients = Clients(world, address)
        for number in range(1, SWAPS + 1):
            moved(world, live, number % 2)
            clients.wait_for(client, number % 2)
            links = [os.readlink(file) for file in Path("/proc/self/fd").iterdir() if file.exists()]
            assert not [link for link in links if str(world.shelf) in link], number
            open_files.append((len(links), threading.active_count()))
    assert max(open_files)[0] <= open_files[0][0] + 12
    assert max(count for _, count in open_files) <= open_files[0][1] + 8


@pytest.mark.slow
@pytest.mark.parametrize("what", ["picture", "thumbnail"])
def test_another_picture_in_place_of_a_stored_one_is_not_shown(
    world: World, tmp_path: Path, refused: Refused, what: str
) -> None:
    live = world.copy(0).rename(tmp_path / "live")
    mine, other = (world.pictures[version][IDS[0]] for version in (0, 1))
    shutil.copyfile(other, mine)
    with running(create_app(live)) as address:
        sentence = refused(httpx2.get(f"{address}/v1/images/{IDS[0]}/{what}"), 404)
    assert sentence.startswith(f"The picture of image '{IDS[0]}' is missing or has changed")
