"""`GET /v1/morphospace`: columns of the kept map, fresh by its ETag, one sentence where none is."""

from __future__ import annotations

import json
from pathlib import Path

import httpx2
import pyarrow as pa
import pytest

from holotype.index.collection import Collection
from holotype.index.morphospace.morphospace import morphospace
from holotype.index.morphospace.parameters import Wanted
from holotype.service.app import create_app

from .conftest import Refused
from .running import running


def read(response: httpx2.Response) -> pa.Table:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/vnd.apache.arrow.stream"
    return pa.ipc.open_stream(response.content).read_all()


def test_the_kept_map_is_served_and_follows_the_collection(folder: Path, refused: Refused) -> None:
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
        Collection.open(folder) as opened,
    ):
        sentence = refused(client.get("/v1/morphospace", params={"method": "pca"}), 404)
        assert "a job of kind 'map' (POST /v1/jobs)" in sentence
        assert str(folder.parent) not in sentence
        made = morphospace(opened, wanted=Wanted(method="pca"))
        asked = {"method": "pca", "column": ["genus", "sex"]}
        first = client.get("/v1/morphospace", params=asked)
        table = read(first)
        assert table.column_names == ["image_id", "x", "y", "placed", "far", "genus", "sex"]
        assert table["x"].to_pylist() == made.coordinates[:, 0].tolist()
        said = json.loads(table.schema.metadata[b"holotype"])
        assert said["version"] == made.version
        assert said["quality"]["k"] == 15
        etag = first.headers["etag"]
        again = client.get("/v1/morphospace", params=asked, headers={"If-None-Match": etag})
        assert (again.status_code, again.content) == (304, b"")
        moths = client.get("/v1/morphospace", params=asked | {"where": "category=Moth"})
        assert moths.headers["etag"] != etag
        assert read(moths).num_rows == 30
        some = client.get("/v1/morphospace", params=asked | {"where": "category=Moth", "sample": 7})
        assert some.headers["etag"] != moths.headers["etag"]
        ids = read(moths)["image_id"].to_pylist()
        kept = read(some)["image_id"].to_pylist()
        assert len(kept) == 7
        assert (kept[0], kept[-1]) == (ids[0], ids[-1])

        gone = next(opened.images()).image_id
        opened.delete([gone])
        later = client.get("/v1/morphospace", params=asked, headers={"If-None-Match": etag})
        assert gone not in read(later)["image_id"].to_pylist()


def test_a_name_that_is_given_later_is_in_the_next_answer(folder: Path) -> None:
    with (
        running(create_app(folder)) as address,
        httpx2.Client(base_url=address, timeout=60) as client,
        Collection.open(folder) as opened,
    ):
        morphospace(opened, wanted=Wanted(method="pca"))
        asked = {"method": "pca", "column": "genus"}
        first = client.get("/v1/morphospace", params=asked)
        image = next(opened.images())
        lineage = tuple("Noctua" if name == "Xestia" else "" for name in image.lineage)
        opened.determine(image.specimen_id, lineage, by="T")
        again = client.get(
            "/v1/morphospace", params=asked, headers={"If-None-Match": first.headers["etag"]}
        )
        assert "Noctua" in read(again)["genus"].to_pylist()


@pytest.mark.parametrize(
    ("params", "status", "words"),
    [
        ({"method": "tsne"}, 422, "method is 'tsne'; it must be umap or pca"),
        ({"space": "none"}, 404, "none"),
        ({"method": "umap"}, 404, "keeps no map of space 'base' by umap"),
    ],
)
def test_what_is_not_there_is_told_in_a_sentence(
    client: httpx2.Client, refused: Refused, params: dict[str, str], status: int, words: str
) -> None:
    assert words in refused(client.get("/v1/morphospace", params=params), status)


def test_a_column_or_filter_that_is_not_there_is_refused(folder: Path, refused: Refused) -> None:
    with Collection.open(folder) as opened:
        morphospace(opened, wanted=Wanted(method="pca"))
    with running(create_app(folder)) as address:
        ask = f"{address}/v1/morphospace?method=pca"
        assert "no column 'wing'" in refused(httpx2.get(f"{ask}&column=wing"), 422)
        assert "'Bird'" in refused(httpx2.get(f"{ask}&where=category=Bird"), 422)
