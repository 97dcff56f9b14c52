"""A client and a service: keys, refusals, pictures of all kinds, ids of all kinds."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import holotype
from holotype.index.errors import HolotypeError, NotComparedError, NotFoundError, UsageError
from holotype.notebook.opened import OpenCollection
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.resources.unknown import queues
from tests.conftest import Draw
from tests.service.running import running

READ, WRITE = "a key that reads", "a key that writes"


@pytest.fixture(scope="module")
def address(_ready: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a service that asks for keys."""
    folder = shutil.copytree(_ready, tmp_path_factory.mktemp("keyed") / "moths")
    listed = ((scope, hashlib.sha256(key.encode()).hexdigest()) for scope, key in _KEYS)
    keys = Keys.parse(",".join(f"{scope}:{digest}" for scope, digest in listed))
    with running(create_app(Path(folder), keys=keys)) as found:
        yield found


_KEYS = (("read", READ), ("write", WRITE))


@pytest.fixture
def served(address: str) -> Iterator[OpenCollection]:
    with holotype.Client(address, WRITE) as client:
        yield client


def test_what_is_no_address_and_who_does_not_answer_are_told() -> None:
    with pytest.raises(UsageError, match="moths is no address"):
        holotype.Client("moths")
    with (
        holotype.Client("http://127.0.0.1:9") as client,
        pytest.raises(HolotypeError, match=r"does not answer .* is the collection served there"),
    ):
        client.info()


def test_a_key_is_needed_and_reaches_as_far_as_it_is_listed(address: str) -> None:
    with holotype.Client(address) as client, pytest.raises(HolotypeError, match=r"[Kk]ey"):
        client.info()
    with (
        holotype.Client(address, "guessed") as client,
        pytest.raises(HolotypeError, match="This API key is not one that is accepted"),
    ):
        client.info()
    with holotype.Client(address, READ) as client:
        assert client.info()["images"] > 0
        assert READ not in repr(client)
        with pytest.raises(HolotypeError, match="may only read"):
            client.determine("Xestia_baja_0", "Xestia c-nigrum")


def test_a_key_from_a_file_is_taken_and_one_that_none_can_be_is_not_repeated(address: str) -> None:
    with holotype.Client(address, f"{READ}\n") as client:
        assert client.info()["images"] > 0
    with pytest.raises(UsageError, match="no key has") as refused:
        holotype.Client(address, "secret\nkey")
    assert "secret" not in str(refused.value)


def test_an_id_that_would_lead_to_another_address_is_there_nowhere(
    served: OpenCollection,
) -> None:
    there = served.images().first(1)[0].image_id
    with pytest.raises(NotFoundError):
        served.delete(f"trip/../{there}")
    assert served.image(there).image_id == there


def test_a_picture_of_a_kind_that_a_service_does_not_read_is_sent_as_one_that_it_does(
    served: OpenCollection, draw: Draw, tmp_path: Path
) -> None:
    png = draw(tmp_path / "new.png", 999, like=1)
    with Image.open(png) as image:
        image.save(tmp_path / "new.bmp")
        pixels = np.asarray(image)
    plain = served.identify(png)
    for other in (tmp_path / "new.bmp", (tmp_path / "new.bmp").read_bytes(), pixels):
        assert served.identify(other).ranks == plain.ranks


def test_ids_hold_whatever_an_address_can(
    served: OpenCollection, draw: Draw, tmp_path: Path
) -> None:
    name = "trip/ü 7 & 50%?#.png"
    folder = tmp_path / "pictures"
    draw(folder / name, 77, like=2)
    (folder / "bad.png").write_bytes(b"no picture")
    report = served.add(folder)
    assert (report["embedded"], report["left_out"]) == (1, 1)
    found = served.image(name)
    assert found.image_id == name
    assert served.picture(name) == (folder / name).read_bytes()
    assert served.specimen(name)["images"][0] == found.to_dict()
    assert served.delete(name)["deleted"] == 1
    with pytest.raises(NotFoundError):
        served.image(name)


def test_what_is_done_where_a_collection_lies_is_refused_with_the_way_out(
    served: OpenCollection, tmp_path: Path
) -> None:
    asks: list[Callable[[], object]] = [
        lambda: served.snapshot(tmp_path / "copy"),
        lambda: served.verify(),
        lambda: served.export(tmp_path / "all.parquet"),
    ]
    for ask in asks:
        with pytest.raises(
            HolotypeError, match=r"where .* not over HTTP: run holotype\.open\(…\)\."
        ):
            ask()
    with pytest.raises(UsageError, match="leave out encoder and space"):
        served.add(tmp_path, encoder="bundled")
    assert list(tmp_path.iterdir()) == []


def test_who_may_only_read_learns_that_names_were_not_compared(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queues, "_MOST_AT_ONCE", 3)
    said = r"have not been compared yet.* run review\(\) first\. .* key may only read"
    with holotype.Client(address, READ) as client, pytest.raises(NotComparedError, match=said):
        client.review("far")
