"""Images, taxa, spaces, probes, the description, the headers."""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import replace
from pathlib import Path

import httpx2
import numpy as np
from PIL import Image

from holotype.index.collection import Collection
from holotype.service.app import create_app
from holotype.service.schemas import answers
from holotype.version import __version__

from .conftest import Refused
from .running import running


def test_a_record(client: httpx2.Client, held: Collection) -> None:
    image = next(held.images())
    found = client.get(f"/v1/images/{image.image_id}").json()
    answers.ImageRecord.model_validate(found, strict=True)
    assert found["sha256"] == image.sha256
    assert found["determination"] == {"rank": "species", "taxon": image.lineage[-1]}
    assert found["lineage"]["genus"] == image.lineage[-2]
    assert found["metadata"] == {"sex": "f"}
    assert "path" not in found


def test_a_thumbnail_is_cached_by_content(client: httpx2.Client, held: Collection) -> None:
    image = next(held.images())
    first = client.get(f"/v1/images/{image.image_id}/thumbnail")
    assert first.headers["content-type"] == "image/jpeg"
    assert "max-age" in first.headers["cache-control"]
    assert Image.open(io.BytesIO(first.content)).size == (image.width, image.height)
    again = client.get(first.url.path, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_the_picture_is_what_was_ingested(client: httpx2.Client, held: Collection) -> None:
    image = next(held.images())
    found = client.get(f"/v1/images/{image.image_id}/picture")
    assert found.headers["content-type"] == "image/png"
    assert hashlib.sha256(found.content).hexdigest() == image.sha256


def test_a_picture_that_changed_is_not_served(
    folder: Path, tmp_path: Path, refused: Refused
) -> None:
    with Collection.open(folder) as opened:
        images = list(opened.images())[:2]
        kept = [opened.picture_path(image) for image in images]
    moved = Path(shutil.copytree(kept[0].parent, tmp_path / "pictures"))
    (moved / kept[0].name).write_bytes(b"secret")
    (moved / kept[1].name).unlink()
    with Collection.open(folder) as opened:
        changed = (replace(i, path=str(moved / Path(i.path).name)) for i in images)
        opened.store(opened.space(), [(image, None) for image in changed])
    with running(create_app(folder)) as address:
        for image in images:
            for what in ("picture", "thumbnail"):
                response = httpx2.get(f"{address}/v1/images/{image.image_id}/{what}")
                sentence = refused(response, 404)
                assert image.image_id in sentence
                assert str(moved) not in sentence


def test_taxa(client: httpx2.Client) -> None:
    found = client.get("/v1/taxa").json()
    answers.Taxa.model_validate(found, strict=True)
    names = [(taxon["rank"], taxon["taxon"], taxon["images"]) for taxon in found["taxa"]]
    assert names[:2] == [("category", "Fish", 10), ("category", "Moth", 30)]
    genera = client.get("/v1/taxa", params={"rank": "genus"}).json()["taxa"]
    assert [(taxon["taxon"], taxon["specimens"]) for taxon in genera] == [
        ("Catocala", 5),
        ("Salmo", 5),
        ("Xestia", 10),
    ]
    assert genera[0]["lineage"] == {"category": "Moth", "family": "Erebidae", "genus": "Catocala"}


def test_spaces(client: httpx2.Client, tiny_folder: Path) -> None:
    found = client.get("/v1/spaces").json()
    answers.Spaces.model_validate(found, strict=True)
    assert found["spaces"][0]["encoder"] == f"checkpoint:{tiny_folder.name}"
    assert found["spaces"][0]["embeddings"] == 40


def test_probes(client: httpx2.Client) -> None:
    assert client.get("/healthz").json() == {"status": "alive"}
    assert client.get("/readyz").json()["spaces"] == [{"name": "base", "images": 40}]
    assert client.get("/v1/version").json()["version"] == __version__


def test_not_ready_where_the_collection_is_emptied(folder: Path, refused: Refused) -> None:
    with running(create_app(folder)) as address:
        assert httpx2.get(f"{address}/readyz").status_code == 200
        with Collection.open(folder) as opened, opened.database.transaction() as connection:
            connection.execute("DELETE FROM embeddings")
        assert "empty" in refused(httpx2.get(f"{address}/readyz"), 503)
        assert httpx2.get(f"{address}/healthz").status_code == 200


def test_a_new_picture_is_found_without_a_restart(folder: Path) -> None:
    with Collection.open(folder) as opened:
        space = opened.space()
        image = next(opened.images())
        with running(create_app(folder)) as address:
            query = {"vector": np.eye(space.dim)[0].tolist(), "k": 1}
            before = httpx2.post(f"{address}/v1/search", json=query).json()["hits"][0]
            vector = np.eye(space.dim, dtype=np.float32)[0]
            opened.store(space, [(image, vector)])
            after = httpx2.post(f"{address}/v1/search", json=query).json()["hits"][0]
    assert before["score"] < 0.999
    assert (after["image_id"], after["score"]) == (image.image_id, 1.0)


def test_answers_have_the_shape_that_is_described(client: httpx2.Client, held: Collection) -> None:
    image_id = next(held.images()).image_id
    answer = client.post("/v1/identify", json={"image_id": image_id})
    answers.Answer.model_validate(answer.json(), strict=True)
    hits = client.post("/v1/search", json={"image_id": image_id})
    answers.Hits.model_validate(hits.json(), strict=True)


def test_the_description(client: httpx2.Client) -> None:
    api = client.get("/openapi.json").json()
    assert api["openapi"].startswith("3.1")
    assert set(api["paths"]) == {
        "/v1/identify",
        "/v1/queues/{name}",
        *(f"/v1/queues/{{name}}/{decision}" for decision in ("accept", "correct", "dismiss")),
        "/v1/determinations",
        "/v1/determinations.csv",
        "/v1/determinations/batch",
        "/v1/determinations/undo",
        "/v1/determinations/{determination_id}",
        "/v1/determinations/{determination_id}/undo",
        "/v1/search",
        "/v1/images",
        "/v1/images/{image_id}",
        "/v1/images/{image_id}/thumbnail",
        "/v1/images/{image_id}/picture",
        "/v1/taxa",
        "/v1/taxa/tree",
        "/v1/taxa/{rank}/{name}",
        "/v1/spaces",
        "/v1/spaces/{space}",
        "/v1/morphospace",
        "/v1/spaces/{space}/calibration",
        "/v1/jobs",
        "/v1/jobs/{job_id}",
        "/v1/jobs/{job_id}/again",
        "/v1/jobs/{job_id}/table",
        "/v1/evaluations",
        "/v1/evaluations/{evaluation_id}",
        "/v1/evaluations/{evaluation_id}/report",
        "/v1/clusterings",
        "/v1/clusterings/{clustering_id}/accept-known",
        "/v1/clusters",
        "/v1/clusters/{cluster_id}",
        *(
            f"/v1/clusters/{{cluster_id}}/{decision}"
            for decision in (
                *("name", "place", "accept", "merge", "split", "move", "reject", "set-aside"),
            )
        ),
        "/v1/decisions",
        "/v1/decisions/{decision_id}/undo",
        "/v1/decisions/{decision_id}/undo-since",
        "/v1/specimens/{specimen_id}",
        "/v1/specimens/{specimen_id}/history",
        "/v1/version",
        "/healthz",
        "/metrics",
        "/readyz",
    }
    for methods in api["paths"].values():
        for operation in methods.values():
            assert operation["summary"]
            assert operation["description"]
            assert "default" in operation["responses"]
    identify = api["paths"]["/v1/identify"]["post"]
    assert set(identify["requestBody"]["content"]) == {"multipart/form-data", "application/json"}
    assert api["components"]["schemas"]["Answer"]["example"]["determination"]["rank"] == "genus"
    assert "/v1/identify" in client.get("/docs").text


def test_every_response_has_the_security_headers(client: httpx2.Client) -> None:
    for path in ("/", "/docs", "/static/identify.js", "/v1/taxa", "/nothing", "/v1/images/none"):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "http" not in policy
