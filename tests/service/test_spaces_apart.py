"""Spaces answer or say why, each for itself; probes only look."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx2
import pytest

from holotype.index.collection import Collection
from holotype.index.database.schema import checksum_sql
from holotype.index.encoders import Encoder, accelerated, load_encoder
from holotype.index.identification.calibration import Calibration
from holotype.index.identification.identify import identify_vector
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.search.search import stored_vector
from holotype.index.upkeep.info import info, verify
from holotype.index.ways import Door
from holotype.scripts.bench.faults import plain
from holotype.service.app import create_app
from holotype.service.guards.words import HEADER
from holotype.training.spaces import calibrate_space, tune_space
from tests.conftest import Cli

from .conftest import Refused
from .running import running


@contextmanager
def asked(folder: Path) -> Iterator[httpx2.Client]:
    with running(create_app(folder)) as address, httpx2.Client(base_url=address) as client:
        client.timeout = httpx2.Timeout(60)
        yield client


@pytest.fixture
def beside_an_empty_one(folder: Path, tmp_path: Path) -> Path:
    """A collection whose oldest space is one that an ingest left when it was killed."""
    with closing(sqlite3.connect(folder / "collection.sqlite")) as raw, raw:
        raw.execute("UPDATE spaces SET space_id = 5")
        raw.execute("UPDATE embeddings SET space_id = 5")
        raw.execute("UPDATE space_states SET space_id = 5")
        raw.execute("UPDATE canaries SET space_id = 5")
        raw.execute("DELETE FROM index_files")
    _seal_anew(folder)
    with Collection.open(folder) as collection, collection.database.writing():
        collection.database.read("UPDATE sqlite_sequence SET seq = seq")
        collection.add_space("left", encoder="external:x", fingerprint="x", views=1, dim=7)
    return folder


def _seal_anew(folder: Path) -> None:
    """Write the checksums of what was changed by hand."""
    with Collection.open(folder) as collection:
        for table in ("spaces", "embeddings", "canaries"):
            collection.database.read(f"UPDATE {table} SET checksum = {checksum_sql(table)}")


def test_an_empty_space_keeps_no_other_from_being_served(
    beside_an_empty_one: Path, refused: Refused, cli: Cli
) -> None:
    folder = beside_an_empty_one
    with Collection.open(folder) as collection:
        assert collection.space().name == "base"
        assert [space["embeddings"] for space in info(collection)["spaces"]] == [40, 0]
        assert verify(collection).errors == []
        image_id = next(collection.images()).image_id
    with asked(folder) as client:
        ready = client.get("/readyz")
        assert ready.status_code == 200
        good, left = ready.json()["spaces"]
        assert good == {"name": "base", "images": 40}
        assert left["why_not"].endswith("is empty; add pictures with PUT /v1/images/{image_id}")
        python = client.get("/readyz", headers={HEADER: Door.PYTHON}).json()["spaces"][1]
        assert python["why_not"].endswith("is empty; add pictures with add()")
        assert str(folder.parent) not in ready.text
        for route in ("identify", "search"):
            body = {"image_id": image_id}
            assert client.post(f"/v1/{route}", json=body).status_code == 200
            answer = client.post(f"/v1/{route}", json={**body, "space": "left"})
            assert answer.status_code in (404, 422), answer.text
        assert len(client.get("/v1/spaces").json()["spaces"]) == 2
    assert cli("eval", folder)[0] == 0
    assert cli("search", "--id", image_id, "--in", folder)[0] == 0


def test_a_space_whose_encoder_is_gone_keeps_no_other_from_being_served(
    folder: Path, source: Path, tiny_folder: Path, tmp_path: Path, refused: Refused
) -> None:
    other = Path(shutil.copytree(tiny_folder, tmp_path / "other"))
    second = accelerated(load_encoder(f"checkpoint:{other}", views=3))
    with Collection.open(folder) as collection:
        ingest(Manifest.read(source), collection, second, space="second")
    shutil.rmtree(other)
    picture = (source.parent / "0-0.png").read_bytes()
    with asked(folder) as client:
        spaces = client.get("/readyz").json()["spaces"]
        assert "why_not" not in spaces[0]
        assert "other" in spaces[1]["why_not"]
        files = [("images", ("q.png", picture))]
        assert client.post("/v1/identify", files=files).status_code == 200
        gone = client.post("/v1/identify", files=files, data={"space": "second"})
        assert "other" in refused(gone, 503)
        assert "retry-after" not in gone.headers  # it would be asked for ever


def test_a_damaged_projection_is_the_matter_of_its_space_alone(
    folder: Path, refused: Refused
) -> None:
    with Collection.open(folder) as collection:
        tune_space(collection)
        image_id = next(collection.images()).image_id
    with closing(sqlite3.connect(folder / "collection.sqlite")) as raw, raw:
        raw.execute("UPDATE projections SET content = zeroblob(length(content))")
    with asked(folder) as client:
        assert client.get("/readyz").status_code == 200
        body = {"image_id": image_id}
        assert client.post("/v1/identify", json=body).status_code == 200
        refused(client.post("/v1/identify", json={**body, "space": "tuned"}), 503)
    with Collection.open(folder) as collection:
        assert "table 'projections'" in verify(collection).errors[0]


def test_a_probe_fits_and_loads_nothing(
    folder: Path, source: Path, tiny: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    with asked(folder) as client:
        client.get("/readyz")
        with Collection.open(folder) as collection:  # what was fitted is stale from now on
            collection.delete([next(collection.images()).image_id])
        for name in ("encoder_of", "identify_vector"):
            monkeypatch.setattr(f"holotype.service.engine.{name}", None)
        for _ in range(4):
            assert client.get("/readyz").json()["status"] == "ready"
        assert client.get("/healthz").status_code == 200


def test_an_ingest_that_stores_nothing_leaves_no_space(
    folder: Path, tmp_path: Path, tiny_folder: Path, cli: Cli
) -> None:
    bad = tmp_path / "bad" / "Xestia baja" / "a.jpg"
    bad.parent.mkdir(parents=True)
    bad.write_text("no picture")
    command = ("ingest", bad.parent.parent, "--to", folder, "--space", "new")
    assert cli(*command, "--encoder", f"checkpoint:{tiny_folder}")[0] == 1
    with Collection.open(folder) as collection:
        assert [space.name for space in collection.spaces()] == ["base"]


def test_a_space_that_was_left_empty_is_taken_by_another_encoder(
    folder: Path, source: Path, tiny: Encoder
) -> None:
    with Collection.open(folder) as collection:
        collection.add_space("new", encoder="external:x", fingerprint="x", views=1, dim=7)
        assert ingest(Manifest.read(source), collection, tiny, space="new").embedded == 40
        assert collection.space("new").encoder == tiny.name


def test_a_calibration_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain.make(tmp_path / "c", 60)
    read: list[int] = []
    parse = Calibration.from_bytes

    def counted(content: bytes) -> Calibration:
        read.append(len(content))
        return parse(content)

    monkeypatch.setattr(Calibration, "from_bytes", counted)
    with Collection.open(tmp_path / "c") as collection:
        calibrate_space(collection)
        read.clear()
        image = next(collection.images())
        vector = stored_vector(collection, image)
        for _ in range(3):
            identify_vector(collection, vector, name="", exclude_specimens={image.specimen_id})
        assert len(read) <= 1
        calibrate_space(collection, seed=1)  # another one is noticed
        read.clear()
        identify_vector(collection, vector, name="")
        assert len(read) <= 1
