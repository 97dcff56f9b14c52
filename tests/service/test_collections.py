"""A folder of several collections: each is a whole service below its name."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2
import pytest

import holotype
from holotype.index.database.connection import FILE
from holotype.index.errors import NotFoundError, UsageError
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.served import folder as following
from holotype.service.server import serve

from .conftest import Refused
from .running import running

ODD = "50 % d'été? #1%20"  # a name that an address must escape
KEY = "a key that reads"


@pytest.fixture(scope="module")
def shelf(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two collections, a broken one, one whose name is taken, and other things."""
    shelf = tmp_path_factory.mktemp("shelf")
    for name in ("moths", ODD, "v1", ".hidden"):
        shutil.copytree(_ready, shelf / name)
    (shelf / "broken").mkdir()
    (shelf / "broken" / FILE).write_bytes(b"no database" * 500)
    (shelf / "pictures").mkdir()
    (shelf / "notes.txt").write_text("no collection")
    return shelf


@pytest.fixture(scope="module")
def made(_ready: Path) -> Path:
    """A collection; tests copy it."""
    return _ready


@pytest.fixture(scope="module")
def several(shelf: Path) -> Iterator[str]:
    """The address of a service of the folder."""
    with running(create_app(shelf)) as found:
        yield found


def listed(address: str) -> dict[str, dict[str, Any]]:
    found = httpx2.get(f"{address}/v1/collections").json()["collections"]
    return {one["name"]: one for one in found}


def test_the_list_holds_every_collection_and_why_one_cannot_be_asked(several: str) -> None:
    found = listed(several)
    assert list(found) == sorted(["moths", ODD, "v1", "broken"])
    for name in ("moths", ODD):
        counts = {key: found[name][key] for key in ("images", "specimens", "species", "why_not")}
        assert counts == {"images": 40, "specimens": 20, "species": 4, "why_not": None}
    assert found[ODD]["address"] == f"/{quote(ODD)}/"
    broken = found["broken"]["why_not"]
    assert broken.startswith("Collection 'broken' cannot be served: collection.sqlite is damaged")
    assert "rename the folder" in found["v1"]["why_not"]
    page = httpx2.get(several)
    assert page.status_code == 200
    assert f'href="/{quote(ODD)}/"' in page.text
    assert "50 % d&#39;été? #1%20" in page.text
    assert "40 images · 4 species" in page.text
    assert "rename the folder" in page.text


@pytest.mark.parametrize("name", ["moths", ODD])
def test_a_collection_is_a_whole_service_below_its_name(several: str, name: str) -> None:
    root = f"/{quote(name)}"
    below = several + root
    told = httpx2.get(f"{below}/openapi.json").json()
    assert told["servers"] == [{"url": root}]
    assert "/v1/identify" in told["paths"]
    assert "/v1/collections" not in told["paths"]
    assert httpx2.get(f"{below}/docs").status_code == 200
    taxa = httpx2.get(f"{below}/v1/taxa").json()["taxa"]
    assert len({one["taxon"] for one in taxa if one["rank"] == "species"}) == 4
    led = httpx2.get(below)
    assert (led.status_code, led.headers["location"]) == (307, f"{root}/")


def test_a_location_leads_there(several: str, source: Path) -> None:
    below = f"{several}/{quote(ODD)}"
    data = (source.parent / "0-0.png").read_bytes() + b"trailing"
    files = {"image": ("x.png", data, "image/png")}
    put = httpx2.put(f"{below}/v1/images/new/a b", files=files, timeout=60)
    assert put.status_code == 201, put.text
    assert put.headers["location"] == f"/{quote(ODD)}/v1/images/new/a%20b"
    found = httpx2.get(several + put.headers["location"])
    assert found.json()["image_id"] == "new/a b"
    assert httpx2.get(f"{several}/moths/v1/images/new/a b").status_code == 404
    assert listed(several)[ODD]["images"] == 41
    assert httpx2.delete(f"{below}/v1/images/new/a b?by=Ann").status_code < 300


def test_a_client_asks_a_collection_of_the_folder(several: str, source: Path) -> None:
    with holotype.Client(f"{several}/{quote(ODD)}") as client:
        assert client.info()["images"] == 40
        assert client.identify(source.parent / "0-0.png").neighbours


def test_what_is_not_there_is_said(several: str, refused: Refused) -> None:
    nobody = refused(httpx2.get(f"{several}/nobody/v1/taxa"), 404)
    assert nobody == "There is no collection 'nobody'; /v1/collections lists them"
    broken = httpx2.get(f"{several}/broken/v1/taxa")
    assert "cannot be served" in refused(broken, 503)
    assert broken.headers["retry-after"]
    refused(httpx2.get(f"{several}/v1/taxa"), 404)  # of no collection
    assert "/moths/docs lists" in refused(httpx2.get(f"{several}/moths/v1/nothing"), 404)


def test_probes_and_counts_are_of_the_whole(several: str) -> None:
    assert httpx2.get(f"{several}/healthz").json() == {"status": "alive"}
    ready = httpx2.get(f"{several}/readyz").json()
    states = {one["name"]: "why_not" in one for one in ready["collections"]}
    assert states == {"moths": False, ODD: False, "broken": True, "v1": True}
    httpx2.get(f"{several}/moths/v1/images/none")
    text = httpx2.get(f"{several}/metrics").text
    assert 'holotype_images{collection="moths",space="' in text
    line = 'collection="moths",method="GET",route="/v1/images/{image_id}",status="404"'
    assert f"holotype_requests_total{{{line}}}" in text
    assert 'holotype_queue_length{queue="questions"} 0.0' in text


def test_no_collection_can_take_an_address_of_the_service(shelf: Path) -> None:
    app = create_app(shelf)
    paths = [*app.openapi()["paths"], "/docs", "/openapi.json", "/static/"]
    assert {path.split("/")[1] for path in paths} == following.RESERVED


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every name is a text")
def test_a_name_that_is_not_utf_8_is_shown_with_marks(tmp_path: Path, made: Path) -> None:
    shutil.copytree(made, tmp_path / "moths")
    shutil.copytree(made, os.fsdecode(os.fsencode(tmp_path / "bad") + b"\xff"))
    with running(create_app(tmp_path)) as address:
        assert "not UTF-8" in listed(address)["bad?"]["why_not"]
        states = httpx2.get(f"{address}/readyz").json()["collections"]
        assert [one["name"] for one in states] == ["bad?", "moths"]
        assert httpx2.get(f"{address}/metrics").status_code == 200
        assert httpx2.get(address).status_code == 200


def test_encoders_and_decoders_are_shared(shelf: Path) -> None:
    app = create_app(shelf)
    with running(app):
        engines = [app.state.served.place(name).engine() for name in ("moths", ODD)]
        assert engines[0].decoders is engines[1].decoders
        assert engines[0].shared.asking is engines[1].shared.asking


def test_keys_and_origins_are_asked_for_below_a_name(shelf: Path, refused: Refused) -> None:
    keys = Keys.parse(f"read:{hashlib.sha256(KEY.encode()).hexdigest()}")
    sent = {"Authorization": f"Bearer {KEY}"}
    with running(create_app(shelf, keys=keys)) as address:
        for path in ("/", "/v1/collections", "/moths/", "/moths/v1/taxa", "/moths/healthz"):
            refused(httpx2.get(address + path), 401)
        for path in ("/healthz", "/readyz"):
            assert httpx2.get(address + path).status_code == 200
        assert httpx2.get(f"{address}/moths/v1/taxa", headers=sent).status_code == 200
        gone = httpx2.delete(f"{address}/moths/v1/images/0-0.png?by=Ann", headers=sent)
        assert "may only read" in refused(gone, 403)
        foreign = {**sent, "Origin": "http://elsewhere.example"}
        refused(httpx2.post(f"{address}/moths/v1/search", headers=foreign, json={}), 403)


def test_collections_come_and_go(
    tmp_path: Path, made: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAUSE", 0.05)
    shutil.copytree(made, tmp_path / "shelf" / "first")
    shutil.copytree(made, tmp_path / "aside")
    with running(create_app(tmp_path / "shelf")) as address:

        def until(names: list[str]) -> None:
            deadline = time.monotonic() + 60
            while [name for name, one in listed(address).items() if not one["why_not"]] != names:
                assert time.monotonic() < deadline, listed(address)
                time.sleep(0.05)

        (tmp_path / "aside").rename(tmp_path / "shelf" / "second")
        until(["first", "second"])
        assert httpx2.get(f"{address}/second/v1/taxa").status_code == 200
        (tmp_path / "shelf" / "first").rename(tmp_path / "aside")
        until(["second"])
        assert "no collection 'first'" in refused(httpx2.get(f"{address}/first/v1/taxa"), 404)
        (tmp_path / "shelf" / "second").rename(tmp_path / "elsewhere")
        until([])
        assert "No collection" in refused(httpx2.get(f"{address}/readyz"), 503)


def test_who_takes_the_folder_for_a_collection_is_told_where_they_are(
    tmp_path: Path, made: Path, refused: Refused
) -> None:
    shutil.copytree(made, tmp_path / "moths")
    with running(create_app(tmp_path)) as address, holotype.Client(address) as client:
        assert "each below its own name" in refused(httpx2.get(f"{address}/v1/taxa"), 404)
        with pytest.raises(NotFoundError, match="each below its own name"):
            client.info()


def test_one_that_was_replaced_by_a_broken_one_is_not_ready(tmp_path: Path, made: Path) -> None:
    shutil.copytree(made, tmp_path / "shelf" / "moths")
    with running(create_app(tmp_path / "shelf")) as address:
        assert httpx2.get(f"{address}/readyz").status_code == 200
        (tmp_path / "shelf" / "moths").rename(tmp_path / "aside")
        (tmp_path / "shelf" / "moths").mkdir()
        (tmp_path / "shelf" / "moths" / FILE).write_bytes(b"no database" * 500)
        assert httpx2.get(f"{address}/readyz").status_code == 503
        assert "replaced" in listed(address)["moths"]["why_not"]


def test_a_folder_that_cannot_be_read_for_a_moment_closes_nothing(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = []

    def unreadable(folder: Path) -> list[Path]:
        looks.append(folder)
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    shutil.copytree(made, tmp_path / "moths")
    monkeypatch.setattr(following, "PAUSE", 0.05)
    with running(create_app(tmp_path)) as address:
        monkeypatch.setattr(following, "collections_of", unreadable)
        while len(looks) < 2:
            time.sleep(0.01)
        assert httpx2.get(f"{address}/moths/v1/taxa").status_code == 200


def test_a_broken_collection_is_tried_again_once_it_was_mended(
    tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(following, "PAUSE", 0.05)
    (tmp_path / "mended").mkdir()
    (tmp_path / "mended" / FILE).write_bytes(b"no database" * 500)
    with running(create_app(tmp_path)) as address:
        assert listed(address)["mended"]["why_not"]
        shutil.copytree(made, tmp_path / "mended", dirs_exist_ok=True)
        deadline = time.monotonic() + 60
        while listed(address)["mended"]["why_not"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_folder_without_collections_is_refused(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match="nor a folder of collections"):
        serve(tmp_path, port=0)


@pytest.mark.parametrize(
    "prefix", ["museum", "/a//b", "/a?b", "/../a", "/a/..", "/a%20b", "http://x/y", "/é", "/a b"]
)
def test_a_prefix_that_is_none_is_refused(prefix: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--root-path"):
        serve(tmp_path, port=0, root_path=prefix)


def test_a_proxy_may_serve_it_below_a_prefix(shelf: Path) -> None:
    # The proxy takes the prefix away; what answers leads to has it.
    with running(create_app(shelf, root_path="/museum")) as address:
        assert 'href="/museum/moths/"' in httpx2.get(address).text
        told = httpx2.get(f"{address}/moths/openapi.json").json()
        assert told["servers"] == [{"url": "/museum/moths"}]
        assert 'data-root="/museum/moths"' in httpx2.get(f"{address}/moths/").text
        assert httpx2.get(f"{address}/healthz").status_code == 200


def test_a_single_collection_may_lie_below_a_prefix(served_folder: Path, source: Path) -> None:
    with running(create_app(served_folder, root_path="/museum")) as address:
        assert 'src="/museum/static/' in httpx2.get(address).text
        assert httpx2.get(f"{address}/v1/taxa").status_code == 200
