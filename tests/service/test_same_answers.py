"""The service gives the very objects that the Python API gives."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pandas as pd
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, accelerated
from holotype.index.identification.identify import identify, identify_vector
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import picture_vector, search, stored_vector
from holotype.index.ways import Door, speaking
from holotype.service.app import create_app
from holotype.service.resources import identify as identify_page
from holotype.service.resources import search as search_page
from holotype.training.spaces import calibrate_space

from ..conftest import Ask, Draw
from .comparing import same
from .running import running


@pytest.fixture(autouse=True)
def _over_http() -> Iterator[None]:
    """Sentences name what to do in the words of the door; here all speak as the service does."""
    with speaking(Door.HTTP):
        yield


def upload(field: str, *paths: Path) -> list[tuple[str, tuple[str, bytes]]]:
    return [(field, (path.name, path.read_bytes())) for path in paths]


def test_identify_by_pictures(
    client: httpx2.Client, held: Collection, tiny: Encoder, draw: Draw, tmp_path: Path
) -> None:
    paths = [draw(tmp_path / f"{number}.png", 900 + number, like=1) for number in range(3)]
    options = {"risk": 0.1, "only": ["category=Moth", "split!=test"], "k": 4}
    response = client.post("/v1/identify", files=upload("images", *paths), data=options)
    answer = identify(
        held, tiny, paths, name="0.png", risk=0.1, only=("category=Moth", "split!=test"), k=4
    )
    assert response.status_code == 200, response.text
    assert same(response.json(), answer.to_dict())


def test_identify_leaves_its_own_specimen_out(client: httpx2.Client, held: Collection) -> None:
    image = next(held.images())
    files = upload("images", held.picture_path(image))
    for response in (
        client.post("/v1/identify", files=files),
        client.post("/v1/identify", json={"image_id": image.image_id}),
    ):
        specimens = {hit["specimen_id"] for hit in response.json()["neighbours"]}
        assert image.specimen_id not in specimens


def test_identify_a_stored_image(client: httpx2.Client, held: Collection) -> None:
    image = list(held.images())[7]
    found = client.post("/v1/identify", json={"image_id": image.image_id, "k": 3}).json()
    answer = identify_vector(
        held,
        stored_vector(held, image),
        name=image.image_id,
        exclude_specimens={image.specimen_id},
        k=3,
    )
    assert same(found, answer.to_dict())


def test_search_in_every_way(client: httpx2.Client, held: Collection, tiny: Encoder) -> None:
    image = list(held.images())[11]
    path = held.picture_path(image)
    vector, own = picture_vector(held, tiny, [path])
    wanted = [hit.to_dict() for hit in search(held, vector, k=5, exclude_specimens=own)]
    assert image.specimen_id not in {hit["specimen_id"] for hit in wanted}
    for response in (
        client.post("/v1/search", files=upload("image", path), data={"k": 5}),
        client.post("/v1/search", json={"image_id": image.image_id, "k": 5}),
    ):
        assert same(response.json(), {"space": "base", "hits": wanted})
    found = client.post("/v1/search", json={"vector": vector.tolist(), "k": 5}).json()
    everything = search(held, vector, k=5)  # a vector has no specimen of its own
    assert same(found["hits"], [hit.to_dict() for hit in everything])


@pytest.mark.parametrize(
    "where",
    [["genus=Catocala|Salmo", "sex=f"], ["Sex=F", "genus!=salmo", 'split="train"|TEST', "date="]],
)
def test_search_under_a_filter(client: httpx2.Client, held: Collection, where: list[str]) -> None:
    image = next(held.images())
    body = {"image_id": image.image_id, "k": 1000, "where": where}
    found = client.post("/v1/search", json=body).json()["hits"]
    vector = stored_vector(held, image)
    wanted = search(held, vector, k=1000, where=where, exclude_specimens={image.specimen_id})
    assert found
    assert same(found, [hit.to_dict() for hit in wanted])


def test_the_command_line_agrees(
    client: httpx2.Client, held: Collection, ask: Ask, served_folder: Path
) -> None:
    image = list(held.images())[21]
    path = held.picture_path(image)
    told = ask("identify", path, "--in", served_folder, "--risk", "0.2")
    found = client.post("/v1/identify", files=upload("images", path), data={"risk": 0.2}).json()
    assert same({**found, "image": told["image"]}, told)
    told = ask("search", "--id", image.image_id, "--in", served_folder, "--k", "3")
    found = client.post("/v1/search", json={"image_id": image.image_id, "k": 3}).json()
    assert same(found["hits"], told["hits"])


def test_many_at_once(client: httpx2.Client, held: Collection, tiny: Encoder) -> None:
    paths = [held.picture_path(image) for image in held.images()]

    def asked(path: Path) -> Any:
        return client.post("/v1/identify", files=upload("images", path)).json()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(asked, paths))
    for path, answer in zip(paths, found, strict=True):
        assert same(answer, identify(held, tiny, [path], name=path.name).to_dict())


def test_many_searches_at_once_and_an_error_is_its_own(
    client: httpx2.Client, held: Collection
) -> None:
    images = list(held.images())

    def asked(number: int) -> tuple[int, Any]:
        image = images[number // 3]
        vector = stored_vector(held, image).tolist()
        body = ({"image_id": image.image_id}, {"vector": vector}, {"vector": vector[1:]})
        response = client.post("/v1/search", json={**body[number % 3], "k": 4})
        return response.status_code, response.json()

    with ThreadPoolExecutor(16) as threads:
        found = list(threads.map(asked, range(3 * len(images))))
    for place, image in enumerate(images):
        vector, own = stored_vector(held, image), {image.specimen_id}
        for left_out, (status, answer) in zip((own, set()), found[3 * place :], strict=False):
            assert status == 200
            wanted = search(held, vector, k=4, exclude_specimens=left_out)
            assert same(answer["hits"], [hit.to_dict() for hit in wanted])
        assert found[3 * place + 2][0] == 409
        assert "Use the space's own encoder" in found[3 * place + 2][1]["detail"]


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("search", {"image_id": "none"}, 404),
        ("search", {"vector": [1.0]}, 409),
        ("search", {"vector": "zero"}, 422),
        ("identify", {"image_id": "none"}, 404),
        ("identify", {"image_id": "none", "risk": 2}, 422),
    ],
)
def test_what_is_wrong_with_a_question_is_told_before_others_join_it(
    client: httpx2.Client,
    held: Collection,
    monkeypatch: pytest.MonkeyPatch,
    path: str,
    body: Any,
    status: int,
) -> None:
    for module, together in ((search_page, "_hits"), (identify_page, "_of_stored")):
        monkeypatch.setattr(module, together, int)  # which refuses what it is given
    if body.get("vector") == "zero":
        body = {"vector": [0.0] * held.space().dim}
    assert client.post(f"/v1/{path}", json=body).status_code == status


@pytest.mark.data
def test_real_moths(data: Path, encoder: Encoder, tmp_path: Path) -> None:
    frame = pd.read_csv(data / "moths" / "manifest.csv")
    few = frame[frame["genus"].isin(["Xestia", "Biston", "Deilephila"])]
    manifest = Manifest.from_pandas(few, root=data / "moths")
    encoder = accelerated(encoder)  # as the service's: two engines may differ by more
    with Collection.create(tmp_path / "moths") as made:
        ingest(manifest, made, encoder)
        calibrate_space(made)
        query = made.picture_path(next(iter(made.images())))
        wanted = identify(made, encoder, [query], name=query.name).to_dict()
    with running(create_app(tmp_path / "moths")) as address:
        found = httpx2.post(f"{address}/v1/identify", files=upload("images", query), timeout=60)
    assert same(found.json(), wanted)
    assert json.loads(found.text)["neighbours"][0]["score"] > 0.5
