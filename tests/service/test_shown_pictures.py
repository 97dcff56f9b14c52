"""Stored pictures are shown within bounds, and what lies where is nobody's matter."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from PIL import Image

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, accelerated, load_encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.service.app import create_app

from .conftest import Refused
from .running import running


@pytest.fixture
def large(tmp_path: Path, tiny: Encoder) -> Iterator[httpx2.Client]:
    """A client of a service of two pictures: one of 27 MB, one of the same content twice as large.

    With 60 MB a decoder may be given files of 20 MB.
    """
    for name, size in (("a", (900, 600)), ("b", (3000, 3000))):
        path = tmp_path / "s" / "Xestia baja" / f"{name}.tif"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.linear_gradient("L").resize(size).convert("RGB").save(path)
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(tmp_path / "s"), made, tiny)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOLOTYPE_DECODER_BYTES", "60000000")
        with running(create_app(tmp_path / "c")) as address:
            yield httpx2.Client(base_url=address, timeout=60)


def test_a_thumbnail_is_made_within_the_limits_of_decoding(
    large: httpx2.Client, refused: Refused
) -> None:
    small = large.get("/v1/images/Xestia baja/a.tif/thumbnail")
    assert (small.status_code, small.headers["content-type"]) == (200, "image/jpeg")
    sentence = refused(large.get("/v1/images/Xestia baja/b.tif/thumbnail"), 404)
    assert "HOLOTYPE_DECODER_BYTES" in sentence


def test_an_original_comes_whole_and_in_pieces(large: httpx2.Client, tmp_path: Path) -> None:
    shown = large.get("/v1/images/Xestia baja/b.tif/picture")
    assert shown.headers["content-type"] == "image/tiff"
    assert shown.content == (tmp_path / "s" / "Xestia baja" / "b.tif").read_bytes()
    assert int(shown.headers["content-length"]) == len(shown.content)


def test_what_is_no_picture_is_not_served(
    large: httpx2.Client, tmp_path: Path, refused: Refused
) -> None:
    (tmp_path / "s" / "Xestia baja" / "a.tif").write_text("<script>alert(1)</script>")
    for what in ("picture", "thumbnail"):
        refused(large.get(f"/v1/images/Xestia baja/a.tif/{what}"), 404)


def test_where_an_encoder_lies_is_not_told(
    folder: Path, source: Path, tiny_folder: Path, tmp_path: Path
) -> None:
    net = Path(shutil.copytree(tiny_folder, tmp_path / "secret" / "net"))
    second = accelerated(load_encoder(f"checkpoint:{net}", views=3))
    with Collection.open(folder) as collection:
        ingest(Manifest.read(source), collection, second, space="second")
    shutil.rmtree(net)
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        picture = [("images", ("q.png", (source.parent / "0-0.png").read_bytes()))]
        answers = [
            client.get("/readyz"),
            client.get("/v1/spaces"),
            client.post("/v1/identify", files=picture, data={"space": "second"}, timeout=60),
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 503]
    for answer in answers:
        assert "net" in answer.text
        assert "secret" not in answer.text
        assert str(tmp_path) not in answer.text
