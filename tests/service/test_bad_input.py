"""Bad input is answered with 4xx and one sentence, and changes nothing."""

from __future__ import annotations

import hashlib
import http.client
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import numpy as np
import pytest
from PIL import Image

from holotype.index.collection import Collection

from .conftest import Refused

SEED = 5
BIG = 10**9


@pytest.fixture(autouse=True)
def _nothing_changes(served_folder: Path) -> Iterator[None]:
    def state() -> str:
        with Collection.open(served_folder) as opened:
            lines = "\n".join(opened.database.connection().iterdump())
        return hashlib.sha256(lines.encode()).hexdigest()

    before = state()
    yield
    assert state() == before


def encoded(image: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def noise(size: int = 64) -> Image.Image:
    print("seed", SEED)
    rng = np.random.default_rng(SEED)
    return Image.fromarray(rng.integers(0, 256, (size, size, 3), dtype=np.uint8))


PICTURE = encoded(noise())


def identify(client: httpx2.Client, *pictures: bytes, **options: Any) -> httpx2.Response:
    files = [("images", (f"{place}.jpg", data)) for place, data in enumerate(pictures)]
    return client.post("/v1/identify", files=files, data=options)


@pytest.mark.parametrize(
    ("picture", "words"),
    [
        (b"Dear curator, the specimens are in the post.", "not a JPEG, PNG, WebP or TIFF"),
        (b"", "is an empty file"),
        (encoded(noise(256), "JPEG")[:2000], "damaged or cut short"),
        (encoded(Image.new("1", (12000, 12000))), "144 MP"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG, WebP or TIFF"),
        (encoded(noise(), "GIF"), "not a JPEG, PNG, WebP or TIFF"),
    ],
    ids=["text", "nothing", "truncated", "bomb", "svg", "gif"],
)
def test_pictures(client: httpx2.Client, refused: Refused, picture: bytes, words: str) -> None:
    assert words in refused(identify(client, picture), 422)
    response = client.post("/v1/search", files={"image": ("x.jpg", picture)})
    assert words in refused(response, 422)


def test_unusual_pictures_that_are_right(client: httpx2.Client) -> None:
    cmyk = identify(client, encoded(noise().convert("CMYK"), "JPEG"))
    assert cmyk.status_code == 200
    grey = noise().convert("L")
    deep = Image.fromarray(np.asarray(grey).astype(np.uint16) * 257)
    assert deep.mode == "I;16"
    answers = [identify(client, data).json() for data in (encoded(grey), encoded(deep, "TIFF"))]
    assert answers[0] == answers[1]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 0}, "k is 0"),
        ({"k": BIG}, "HOLOTYPE_MAX_K"),
        ({"k": "many"}, "k: "),
        ({"k": 10**30}, "k"),
        ({"risk": 0}, "between 0 and 1"),
        ({"risk": "nan"}, "between 0 and 1"),
        ({"risk": 2}, "between 0 and 1"),
        ({"only": "colour=red"}, "no column 'colour'"),
        ({"only": "genus=Nothing"}, "Nothing"),
        ({"only": "moths please"}, "not understood"),
        ({"only": "genus='; DROP TABLE images; --"}, "DROP"),
        ({"species": "Xestia baja"}, "species: "),
        ({"image_id": "0-0"}, "either"),
    ],
)
def test_options(
    client: httpx2.Client, refused: Refused, options: dict[str, Any], words: str
) -> None:
    assert words in refused(identify(client, PICTURE, **options), 422)


def test_an_unknown_space(client: httpx2.Client, refused: Refused, served_folder: Path) -> None:
    sentence = refused(identify(client, PICTURE, space="tuned"), 404)
    assert "no space 'tuned'" in sentence
    assert str(served_folder.parent) not in sentence


def test_too_many_pictures(client: httpx2.Client, refused: Refused) -> None:
    assert "HOLOTYPE_MAX_IMAGES_PER_QUERY" in refused(identify(client, *[PICTURE] * 6), 422)
    assert refused(identify(client, *[PICTURE] * 200), 400)


def test_no_picture(client: httpx2.Client, refused: Refused) -> None:
    refused(client.post("/v1/identify"), 415)
    refused(client.post("/v1/identify", json={}), 422)
    refused(client.post("/v1/search", json={}), 422)
    refused(client.post("/v1/identify", data={"images": "moth.jpg"}), 415)
    text = {"images": (None, b"moth.jpg")}
    assert "files" in refused(client.post("/v1/identify", files=text), 422)
    refused(client.post("/v1/search", json={"image_id": "0-0", "text": "a moth"}), 422)


def test_options_in_the_address_are_not_ignored(client: httpx2.Client, refused: Refused) -> None:
    files = {"images": ("x.png", PICTURE)}
    assert "body" in refused(client.post("/v1/identify?risk=0.5", files=files), 422)


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"[]",
        b"null",
        b'"moth"',
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"image_id": "\\ud800"}',
        b'{"vector": "moth"}',
        b'{"vector": [' + b"9" * 5000 + b"]}",
        b'{"vector": [1, 2, null]}',
        b'{"vector": [], "space": 3}',
        b'{"text": "a moth"}',
        b'{"image_id": 3}',
        b'{"image_id": "0-0", "where": "genus=Xestia"}',
    ],
)
def test_json(client: httpx2.Client, refused: Refused, body: bytes) -> None:
    headers = {"Content-Type": "application/json"}
    refused(client.post("/v1/search", content=body, headers=headers), 422)
    refused(client.post("/v1/identify", content=body, headers=headers), 422)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "1e300", "0"])
def test_vectors_that_have_no_direction(
    client: httpx2.Client, refused: Refused, held: Collection, value: str
) -> None:
    body = f'{{"vector": [{", ".join([value] * held.space().dim)}]}}'
    headers = {"Content-Type": "application/json"}
    response = client.post("/v1/search", content=body, headers=headers)
    assert "zero or holds NaN" in refused(response, 422)


def test_a_vector_of_another_length(client: httpx2.Client, refused: Refused) -> None:
    assert "3 values" in refused(client.post("/v1/search", json={"vector": [1, 2, 3]}), 409)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_huge_body(client: httpx2.Client, refused: Refused, chunked: bool) -> None:
    size = 21_000_000

    def pieces() -> Iterator[bytes]:
        for _ in range(0, size, 100_000):
            yield bytes(100_000)

    headers = {"Content-Type": "application/json"}
    content: Any = pieces() if chunked else bytes(size)
    response = client.post("/v1/search", content=content, headers=headers)
    assert "HOLOTYPE_MAX_UPLOAD_BYTES" in refused(response, 413)
    files = {"images": ("x.png", bytes(size))}
    assert "HOLOTYPE_MAX_UPLOAD_BYTES" in refused(client.post("/v1/identify", files=files), 413)


def raw(client: httpx2.Client, path: str, host: str | None = None) -> tuple[int, str]:
    """Ask for a path as it is written, with nothing resolved or escaped."""
    place = urlsplit(str(client.base_url))
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=60)
    connection.putrequest("GET", path, skip_host=host is not None)
    if host is not None:
        connection.putheader("Host", host)
    connection.endheaders()
    response = connection.getresponse()
    found = response.status, response.read().decode()
    connection.close()
    return found


@pytest.mark.parametrize(
    "path",
    [
        "/v1/images/../../../etc/passwd",
        "/v1/images/../../../etc/passwd/picture",
        "/v1/images/%2e%2e%2f%2e%2e%2fetc%2fpasswd/thumbnail",
        "/v1/images/%00",
        "/v1/images/%ff%fe/picture",
        "/v1/images//etc/passwd/picture",
        "/static/../engine.py",
        "/static/%2e%2e/engine.py",
        "/static/..%2fengine.py",
        "/static//etc/passwd",
        "/static/",
        "/" + "a" * 5000,
    ],
)
def test_paths(client: httpx2.Client, path: str) -> None:
    status, text = raw(client, path)
    assert status == 404
    assert json.loads(text)["status"] == 404
    assert "root:" not in text


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1.example.org", "", "[::1", "10.0.0.1:1"])
def test_a_wrong_host(client: httpx2.Client, host: str) -> None:
    status, text = raw(client, "/v1/taxa", host)
    assert status == 421
    assert "does not answer for" in json.loads(text)["detail"]


def test_hosts_of_this_machine(client: httpx2.Client) -> None:
    for host in ("localhost", "LOCALHOST:80", "127.0.0.1:5", "[::1]:8000"):
        assert raw(client, "/healthz", host)[0] == 200


def test_unknown_routes_and_methods(client: httpx2.Client, refused: Refused) -> None:
    assert "/nothing" in refused(client.get("/nothing"), 404)
    refused(client.get("/v1/identify"), 405)
    refused(client.patch("/v1/spaces"), 405)
    refused(client.get("/v1/images/none"), 404)
    assert "rank" in refused(client.get("/v1/taxa", params={"rank": "tribe"}), 422)
    refused(client.get("/v1/taxa", params={"space": "none"}), 404)


def test_malformed_forms(client: httpx2.Client, refused: Refused) -> None:
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x", "image/jpeg"):
        response = client.post("/v1/identify", content=PICTURE, headers={"Content-Type": kind})
        refused(response, 415 if kind == "image/jpeg" else 400)
