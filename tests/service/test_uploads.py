"""Pictures over HTTP: put, put again, refused, corrected, deleted; what a 2xx promises."""

from __future__ import annotations

import hashlib
import io
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

import holotype
from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.ingest.stored import embed_stored
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import encoder_of, stored_vector
from holotype.index.storage.records import Space
from holotype.index.trust import trust_encoder
from holotype.index.upkeep.info import verify
from holotype.service.app import create_app
from holotype.service.guards.keys import Keys
from holotype.service.schemas import answers
from tests.conftest import Draw

from .conftest import Refused
from .process import service
from .running import running


def encoded(image: Image.Image, form: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form)
    return buffer.getvalue()


def noise(seed: int, size: int = 64) -> Image.Image:
    rng = np.random.default_rng(seed)
    return Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8))


ONE, OTHER = encoded(noise(1)), encoded(noise(2), "JPEG")


@pytest.fixture
def client(folder: Path) -> Iterator[httpx2.Client]:
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as opened,
    ):
        yield opened


def put(client: httpx2.Client, image_id: str, data: bytes = ONE, **said: Any) -> httpx2.Response:
    return client.put(f"/v1/images/{image_id}", files={"image": ("x.jpg", data)}, data=said)


def told(response: httpx2.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    found: dict[str, Any] = response.json()
    answers.StoredPicture.model_validate(found, strict=True)
    return found


def content(folder: Path) -> str:
    with Collection.open(folder) as opened:
        lines = "\n".join(opened.database.connection().iterdump())
    return hashlib.sha256(lines.encode()).hexdigest()


def copies(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "images").rglob("*") if path.is_file())


def test_put_and_put_again(client: httpx2.Client, folder: Path) -> None:
    said: dict[str, Any] = {
        "species": "Xestia alba",
        "date": "2024-06-01",
        "metadata": '{"sex": "f", "n": 3}',
    }
    first = put(client, "trip/7.png", **said)
    made = told(first, 201)
    assert first.headers["location"] == "/v1/images/trip/7.png"
    assert (made["created"], made["embedded"], made["left_out"]) == (True, ["base"], {})
    record = made["image"]
    assert (record["width"], record["height"]) == (64, 64)
    assert record["lineage"] == {"genus": "Xestia", "species": "Xestia alba"}
    assert (record["details"], record["metadata"]) == (
        {"date": "2024-06-01"},
        {"sex": "f", "n": "3"},
    )
    assert client.get("/v1/images/trip/7.png").json() == record
    assert client.get("/v1/images/trip/7.png/picture").content == ONE
    assert client.get("/v1/images/trip/7.png/thumbnail").status_code == 200
    assert copies(folder) == [f"{hashlib.sha256(ONE).hexdigest()}.png"]
    before = content(folder)
    for again in (put(client, "trip/7.png", **said), put(client, "trip/7.png")):
        kept = told(again, 200)
        assert (kept["image"], kept["embedded"], kept["notes"]) == (record, [], [])
    assert content(folder) == before
    corrected = told(put(client, "trip/7.png", species="Xestia baja", locality="Sierra"), 200)
    assert corrected["image"]["details"] == {"date": "2024-06-01", "locality": "Sierra"}
    assert corrected["image"]["lineage"]["species"] == "Xestia baja"
    assert "Xestia alba -> Xestia baja" in " ".join(corrected["notes"])
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


def test_the_next_question_finds_it(client: httpx2.Client) -> None:
    query = {"image": ("q.png", ONE)}
    told(put(client, "a.png", species="Xestia alba"), 201)
    told(put(client, "b.jpg", OTHER, species="Xestia viridis"), 201)
    hits = client.post("/v1/search", json={"image_id": "a.png", "k": 1000}).json()["hits"]
    assert "b.jpg" in [hit["image_id"] for hit in hits]
    hits = client.post("/v1/search", files=query, data={"k": "1000"}).json()["hits"]
    assert "a.png" not in [hit["image_id"] for hit in hits]  # its own specimen
    assert "b.jpg" in [hit["image_id"] for hit in hits]
    copy = {"image": ("q.jpg", encoded(noise(1), "WEBP"))}
    hits = client.post("/v1/search", files=copy).json()["hits"]
    assert (hits[0]["image_id"], hits[0]["species"]) == ("a.png", "Xestia alba")
    files = {"images": copy["image"]}
    answer = client.post("/v1/identify", files=files).json()
    assert answer["ranks"]["species"][0]["taxon"] == "Xestia alba"


def test_it_is_stored_as_an_ingest_stores_it(
    client: httpx2.Client, folder: Path, tmp_path: Path, draw: Draw, tiny: Encoder
) -> None:
    data = draw(tmp_path / "more" / "new.png", 901).read_bytes()
    told(put(client, "put.png", data), 201)
    with Collection.open(folder) as opened:
        one = opened.image("put.png")
        vector = stored_vector(opened, one)
        opened.delete(["put.png"])
        ingest(Manifest.read(tmp_path / "more"), opened, tiny)
        other = opened.image("new.png")
        assert (one.phash, one.width, one.height) == (other.phash, other.width, other.height)
        np.testing.assert_allclose(vector, stored_vector(opened, other), atol=1e-5)


@pytest.fixture
def second(folder: Path, tmp_path: Path, tiny_folder: Path) -> Path:
    """The encoder of a second space of the collection, "views"."""
    place = Path(shutil.copytree(tiny_folder, tmp_path / "second"))
    two = load_encoder(f"checkpoint:{place}", views=2)
    trust_encoder(two.name)
    with Collection.open(folder) as opened:
        embed_stored(opened, two, "views", like=opened.space("base"))
    return place


def test_every_space_whose_encoder_runs_here(
    folder: Path, tmp_path: Path, second: Path, draw: Draw
) -> None:
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        made = told(put(client, "a.png"), 201)
        assert (made["embedded"], made["left_out"]) == (["base", "views"], {})
    second.rename(tmp_path / "gone")
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        made = told(put(client, "b.png", OTHER), 201)
        assert made["embedded"] == ["base"]
        assert list(made["left_out"]) == ["views"]
        again = told(put(client, "b.png", OTHER), 200)
        assert list(again["left_out"]) == ["views"]
        draw(tmp_path / "more" / "c.png", 901)
        draw(tmp_path / "more" / "d.png", 902)
        with holotype.Client(address) as python:
            report = python.add(tmp_path / "more")
        assert report["embedded"] == 2
        assert report["notes"] == [
            f"Space 'views' lacks what was added: {made['left_out']['views']}"
        ]


def test_a_space_that_is_not_ready_is_waited_for_and_keeps_nobody_from_another(
    folder: Path, second: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begins, load = threading.Event(), threading.Event(), encoder_of

    def slow(space: Space) -> Encoder:
        if space.name == "views":
            begins.set()
            assert go.wait(60)
        return load(space)

    def asked(space: str) -> httpx2.Response:
        files, said = {"images": ("x.png", ONE)}, {"space": space}
        return httpx2.post(f"{address}/v1/identify", files=files, data=said, timeout=60)

    monkeypatch.setattr("holotype.service.engine.encoder_of", slow)
    monkeypatch.setenv("HOLOTYPE_DECODERS", "1")
    with (
        running(create_app(folder), loaded=False) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
        ThreadPoolExecutor(3) as pool,
    ):
        try:
            assert begins.wait(60)
            waiting = [pool.submit(asked, "views") for _ in range(3)]
            assert asked("base").status_code == 200
            assert not any(one.done() for one in waiting)
            monkeypatch.setattr("holotype.service.engine._PATIENCE", 0.1)
            response = put(client, "a.png")
            assert "'views' is still being made ready" in refused(response, 503)
            assert response.headers["retry-after"] == "1"
            refused(client.get("/v1/images/a.png"), 404)
        finally:
            go.set()
        assert [one.result().status_code for one in waiting] == [200] * 3
        assert told(put(client, "a.png"), 201)["embedded"] == ["base", "views"]


def test_a_body_that_is_the_picture(client: httpx2.Client) -> None:
    headers = {"content-type": "image/jpeg"}
    address = "/v1/images/raw.jpg?species=Xestia%20alba&specimen_id=s%201"
    made = told(client.put(address, content=OTHER, headers=headers), 201)
    assert made["image"]["specimen_id"] == "s 1"
    second = told(put(client, "raw 2.png", specimen_id="s 1"), 201)
    assert second["image"]["lineage"]["species"] == "Xestia alba"
    with_more = told(
        put(client, "raw 3.png", encoded(noise(3)), specimen_id="s 1", family="Noctuidae"), 201
    )
    assert with_more["image"]["lineage"]["family"] == "Noctuidae"
    other = put(client, "raw 4.png", encoded(noise(4)), specimen_id="s 1", species="Salmo salar")
    assert "was Xestia alba by its other images" in told(other, 201)["notes"][0]


def test_an_id_and_a_picture_that_are_taken(
    client: httpx2.Client, folder: Path, refused: Refused
) -> None:
    told(put(client, "a.png", species="Xestia alba"), 201)
    before = content(folder)
    assert "replace=true" in refused(put(client, "a.png", OTHER), 409)
    assert "0-0.png" not in copies(folder)
    refused(put(client, "0-0.png", OTHER), 409)
    sentence = refused(put(client, "b.png", species="Salmo trutta"), 409)
    assert "'a.png', which is Xestia alba" in sentence
    assert content(folder) == before
    assert len(copies(folder)) == 1
    twice = told(put(client, "b.png", species="Xestia alba"), 201)
    assert "same picture as image 'a.png'" in twice["notes"][0]
    files = {"image": ("x.jpg", OTHER)}
    replaced = told(client.put("/v1/images/a.png?replace=true", files=files), 200)
    assert replaced["image"]["sha256"] == hashlib.sha256(OTHER).hexdigest()
    assert replaced["embedded"] == ["base"]
    assert client.get("/v1/images/a.png/picture").content == OTHER
    with Collection.open(folder) as opened:
        assert verify(opened).errors == []


def test_an_image_of_a_folder_keeps_its_file(client: httpx2.Client, folder: Path) -> None:
    data = client.get("/v1/images/0-0.png/picture").content
    before = content(folder)
    assert told(put(client, "0-0.png", data), 200)["notes"] == []
    assert content(folder) == before
    assert copies(folder) == []


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"Dear curator, the specimens are in the post.", "not a JPEG, PNG, WebP or TIFF"),
        (b"", "is an empty file"),
        (encoded(noise(4, 256), "JPEG")[:2000], "damaged or cut short"),
        (encoded(Image.new("1", (12000, 12000))), "144 MP"),
        (encoded(noise(5), "GIF"), "not a JPEG, PNG, WebP or TIFF"),
    ],
    ids=["text", "nothing", "truncated", "bomb", "gif"],
)
def test_bad_pictures_leave_nothing(
    client: httpx2.Client, folder: Path, refused: Refused, data: bytes, words: str
) -> None:
    before = content(folder)
    assert words in refused(put(client, "x.jpg", data), 422)
    raw = client.put("/v1/images/x.jpg", content=data, headers={"content-type": "image/jpeg"})
    assert words in refused(raw, 422)
    assert content(folder) == before
    assert copies(folder) == []


def test_what_is_off_is_a_problem(client: httpx2.Client, folder: Path, refused: Refused) -> None:
    before = content(folder)
    cases: tuple[tuple[dict[str, Any], str], ...] = (
        ({"colour": "red"}, "there is no such option"),
        ({"metadata": "{"}, "is not JSON"),
        ({"metadata": "[1]"}, "not a JSON object"),
        ({"metadata": '{"sex": ["f"]}'}, "valid string"),
        ({"metadata": '{"species": "x"}'}, "rename it"),
        ({"metadata": '{"a": "1", "A": "2"}'}, "rename it"),
        ({"locality": "x" * 70_000}, "HOLOTYPE_MAX_FIELD_BYTES"),
        ({"species": "Xestia alba", "genus": "Salmo"}, "genus"),
    )
    for said, words in cases:
        assert words in refused(put(client, "x.png", ONE, **said), 422), said
    for image_id in ("x/thumbnail", "a%2F..%2Fb", "a%00b", ""):
        assert put(client, image_id).status_code in (404, 405, 409, 422), image_id
    two = [("image", ("1.png", ONE)), ("image", ("2.png", OTHER))]
    assert "2 files" in refused(client.put("/v1/images/x.png", files=two), 422)
    address = "/v1/images/x.png?species=Xestia"
    files = {"image": ("x.png", ONE)}
    body = {"species": "Xestia alba"}
    assert "2 times" in refused(client.put(address, files=files, data=body), 422)
    refused(client.put("/v1/images/x.png?replace=perhaps", files=files), 422)
    refused(client.put("/v1/images/x.png", json={}), 415)
    text = {"content-type": "text/plain"}
    assert "multipart" in refused(client.put("/v1/images/x", content=ONE, headers=text), 415)
    assert "HOLOTYPE_MAX_UPLOAD_BYTES" in refused(put(client, "x.png", bytes(21_000_000)), 413)
    evil = {"Origin": "http://evil.example"}
    refused(client.put("/v1/images/x.png", files=files, headers=evil), 403)
    refused(client.delete("/v1/images/0-0.png", headers=evil), 403)
    assert content(folder) == before


def test_a_collection_that_another_process_writes_to(
    client: httpx2.Client, folder: Path, refused: Refused
) -> None:
    database = Database(folder)
    with database.writing():
        assert "is locked by" in refused(put(client, "x.png"), 409)
        assert "is locked by" in refused(client.delete("/v1/images/0-0.png"), 409)
    database.close()
    assert copies(folder) == []
    told(put(client, "x.png"), 201)


def test_keys(folder: Path, refused: Refused) -> None:
    digests = {name: hashlib.sha256(name.encode()).hexdigest() for name in ("read", "write")}
    keys = Keys.parse(",".join(f"{name}:{digest}" for name, digest in digests.items()))
    files = {"image": ("x.png", ONE)}
    with (
        running(create_app(folder, keys=keys, loopback=False)) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        for headers, status in (({}, 401), ({"Authorization": "Bearer read"}, 403)):
            refused(client.put("/v1/images/x.png", files=files, headers=headers), status)
            refused(client.delete("/v1/images/0-0.png", headers=headers), status)
        writer = {"Authorization": "Bearer write"}
        told(client.put("/v1/images/x.png", files=files, headers=writer), 201)
        assert client.delete("/v1/images/x.png", headers=writer).status_code == 204


def test_two_clients_at_once(client: httpx2.Client, folder: Path) -> None:
    responses: list[httpx2.Response] = []

    def send(data: bytes, image_id: str) -> None:
        responses.append(put(client, image_id, data, species="Xestia alba"))

    def together(*sent: tuple[bytes, str]) -> list[int]:
        responses.clear()
        threads = [threading.Thread(target=send, args=one) for one in sent]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sorted(response.status_code for response in responses)

    with Collection.open(folder) as opened:
        count = len(list(opened.images()))
    assert together(*[(ONE, "a.png")] * 4) == [200, 200, 200, 201]
    assert together((OTHER, "b.png"), (encoded(noise(6)), "b.png")) == [201, 409]
    with Collection.open(folder) as opened:
        assert len(list(opened.images())) == count + 2
        assert verify(opened).errors == []


def test_what_was_answered_survives_a_kill(folder: Path, tmp_path: Path, draw: Draw) -> None:
    data = draw(tmp_path / "new.png", 900).read_bytes()
    with service(folder, tmp_path / "log") as found:
        with httpx2.Client(base_url=found.address, timeout=60) as client:
            record = told(put(client, "new.png", data, species="Xestia alba"), 201)["image"]
        found.process.kill()
        found.process.wait()
    with Collection.open(folder) as opened:
        image = opened.image("new.png")
        assert opened.picture(image) == data
        assert opened.embedded(opened.space())["new.png"] == record["sha256"]
        assert verify(opened).errors == []


def test_delete(client: httpx2.Client, folder: Path, refused: Refused) -> None:
    told(put(client, "a.png", species="Xestia alba"), 201)
    params = {"by": "A. Tester", "why": "blurred"}
    assert client.delete("/v1/images/a.png", params=params).status_code == 204
    refused(client.get("/v1/images/a.png"), 404)
    refused(client.delete("/v1/images/a.png"), 404)
    back = told(put(client, "a.png"), 201)
    assert "came back" in " ".join(back["notes"])
    with Collection.open(folder) as opened:
        (kept,) = opened.database.read("SELECT deleted_by, remarks FROM deletions")
        assert tuple(kept) == ("A. Tester", "blurred")
        assert verify(opened).errors == []
