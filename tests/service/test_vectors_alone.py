"""A collection of vectors without pictures is served: it answers what can be asked of it."""

from __future__ import annotations

from pathlib import Path

import httpx2
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from holotype.index.collection import Collection
from holotype.index.ingest.vectors import load_vectors
from holotype.service.app import create_app

from .conftest import Refused
from .running import running

DIM = 8


def make(folder: Path) -> None:
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(2, DIM))
    vectors = [centres[number % 2] + 0.2 * rng.normal(size=DIM) for number in range(40)]
    table = {
        "image_id": [f"i{number}" for number in range(40)],
        "species": [("Xestia baja", "Salmo trutta")[number % 2] for number in range(40)],
        "embedding": pa.array([row.tolist() for row in vectors], pa.list_(pa.float32(), DIM)),
    }
    pq.write_table(pa.table(table), folder / "x.parquet")
    with Collection.create(folder / "c") as collection:
        load_vectors(folder / "x.parquet", collection, encoder="other")


def test_vectors_without_pictures_are_served(
    tmp_path: Path, source: Path, refused: Refused
) -> None:
    make(tmp_path)
    with (
        running(create_app(tmp_path / "c")) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
    ):
        assert client.get("/readyz").status_code == 200
        page = client.get("/")
        assert (page.status_code, 'alt="Identify specimen i0"' in page.text) == (200, True)
        answer = client.post("/v1/identify", json={"image_id": "i4"}).json()
        assert {hit["species"] for hit in answer["neighbours"][:5]} == {"Xestia baja"}
        hits = client.post("/v1/search", json={"image_id": "i5", "k": 3}).json()["hits"]
        assert {hit["species"] for hit in hits} == {"Salmo trutta"}
        picture = (source.parent / "0-0.png").read_bytes()
        response = client.post("/v1/identify", files={"images": ("a.png", picture)})
        assert "ask with a stored image or a vector" in refused(response, 409)
        assert client.get("/v1/images/i4").json()["lineage"]["species"] == "Xestia baja"
        for what in ("thumbnail", "picture"):
            refused(client.get(f"/v1/images/i4/{what}"), 404)
