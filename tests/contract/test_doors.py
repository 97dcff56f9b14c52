"""Python and the command line give the same answers, by value."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import holotype
from holotype.eval.report.summaries import figures_of
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.search.search import picture_vector, stored_vector
from holotype.index.upkeep.info import info
from tests.conftest import Ask, Shell

pytestmark = pytest.mark.both_stores


@pytest.fixture
def picture(source: Path) -> Path:
    return source.parent / "1-0.png"


def through_json(value: object) -> object:
    return json.loads(json.dumps(value))


def test_identify(collection: Collection, picture: Path, tiny: Encoder, ask: Ask) -> None:
    options = ["--k", 4, "--risk", 0.2, "--only", "category=Moth"]
    told = ask("identify", picture, "--in", collection.folder, *options)
    answer = holotype.identify(collection, tiny, [picture], k=4, risk=0.2, only=["category=Moth"])
    assert told == through_json(answer.to_dict())


def test_identify_in_a_process_of_its_own(
    collection: Collection, picture: Path, tiny: Encoder, shell: Shell
) -> None:
    done = shell("identify", picture, picture, "--in", collection.folder, "--json")
    expected = through_json(holotype.identify(collection, tiny, [picture]).to_dict())
    assert isinstance(expected, dict)
    for told in json.loads(done.stdout):
        assert told["determination"] == expected["determination"]
        assert told["neighbours"] == expected["neighbours"]
        assert told["ranks"] == expected["ranks"]


@pytest.mark.parametrize(
    "where",
    [[], ["sex=f", "category=Moth"], ["Sex=F", "species=Xestia_baja|Salmo_trutta", "split!="]],
)
def test_search_by_picture_and_by_stored_image(
    collection: Collection, picture: Path, tiny: Encoder, ask: Ask, where: list[str]
) -> None:
    options = [word for condition in where for word in ("--where", condition)]
    by_picture = ask("search", picture, "--in", collection.folder, *options)
    vector, own = picture_vector(collection, tiny, [picture])
    hits = holotype.search(collection, vector, where=where, exclude_specimens=own)
    assert by_picture["hits"] == through_json([hit.to_dict() for hit in hits])
    by_id = ask("search", "--id", picture.name, "--in", collection.folder, *options)
    stored = stored_vector(collection, collection.image(picture.name))
    hits = holotype.search(collection, stored, where=where, exclude_specimens=own)
    assert by_id["hits"] == through_json([hit.to_dict() for hit in hits])
    assert [hit["image_id"] for hit in by_id["hits"]] == [
        hit["image_id"] for hit in by_picture["hits"]
    ]


@pytest.mark.parametrize("split", [False, True])
def test_eval(collection: Collection, ask: Ask, split: bool) -> None:
    query, gallery = (["split=test"], ["split=train"]) if split else ([], [])
    options = ["--query", "split=test", "--gallery", "split=train"] if split else []
    told = ask("eval", collection.folder, *options)
    found = holotype.evaluate(collection, query=query, gallery=gallery)
    assert told == through_json(figures_of(found, collection))


def test_info(collection: Collection, ask: Ask) -> None:
    assert ask("collection", "info", collection.folder) == through_json(info(collection))


def test_export(collection: Collection, tmp_path: Path, ask: Ask) -> None:
    ask("export", collection.folder, "--out", tmp_path / "cli.parquet")
    holotype.export_parquet(collection, tmp_path / "python.parquet")
    told, made = (pq.read_table(tmp_path / f"{door}.parquet") for door in ("cli", "python"))
    assert told.equals(made)
    assert told.schema.metadata == made.schema.metadata


def test_ingest(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder, ask: Ask
) -> None:
    told = ask("ingest", source, "--to", tmp_path / "cli", "--encoder", tiny.name)
    with holotype.Collection.create(tmp_path / "python") as made:
        report = holotype.ingest(holotype.Manifest.read(source), made, tiny).to_dict()
        with holotype.Collection.open(tmp_path / "cli") as other:
            np.testing.assert_allclose(
                made.gallery().index.vectors, other.gallery().index.vectors, atol=1e-6
            )
            assert list(made.images()) == list(other.images())
    for key in ("seconds", "images_per_second"):
        del told[key], report[key]
    assert told == report
