"""Every id that is stored can be asked for, in a browser too, which tidies addresses up."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.ingest.pictures import ingest
from holotype.index.ingest.vectors import load_vectors
from holotype.index.manifests.image_ids import fault_of_id, id_of_path
from holotype.index.manifests.manifest import Manifest
from tests.conftest import Draw


@pytest.mark.parametrize(
    ("path", "image_id"),
    [
        ("a/b.jpg", "a/b.jpg"),
        ("a b/é?#%2e.jpg", "a b/é?#%2e.jpg"),
        ("../a.jpg", "a.jpg"),
        ("../../a/./b//c.jpg", "a/b/c.jpg"),
        ("/data/a.jpg", "data/a.jpg"),
        ("C:\\pictures\\a.jpg", "C:/pictures/a.jpg"),
        ("a\\..\\..\\b.jpg", "b.jpg"),
        ("a\tb\nc.jpg", "a_b_c.jpg"),
        ("...jpg", "...jpg"),
        ("a/..b/.c.jpg", "a/..b/.c.jpg"),
    ],
)
def test_the_id_of_a_path(path: str, image_id: str) -> None:
    assert id_of_path(path) == image_id
    assert fault_of_id(image_id) is None


@pytest.mark.parametrize(
    "image_id", [".", "..", "../a", "a/..", "a/./b", "a\nb", "a\0", "a\x1b[2Jb", "a/thumbnail"]
)
def test_an_id_that_no_address_can_hold_is_refused(
    tmp_path: Path, draw: Draw, image_id: str
) -> None:
    draw(tmp_path / "1.png", 1)
    draw(tmp_path / "2.png", 2)
    import pandas as pd

    frame = pd.DataFrame({"path": ["1.png", "2.png"], "image_id": [image_id, "good"]})
    kept, problems = Manifest.from_pandas(frame, root=tmp_path).check()
    assert kept.frame["image_id"].tolist() == ["good"]
    assert [problem.row for problem in problems] == [2]
    assert "give another" in problems[0].message
    assert problems[0].message.isprintable()


def test_paths_that_give_one_id_are_listed_and_not_merged(tmp_path: Path, draw: Draw) -> None:
    draw(tmp_path / "m" / "b.jpg", 1)
    draw(tmp_path / "b.jpg", 2)
    (tmp_path / "m" / "t.csv").write_text("path\nb.jpg\na/../b.jpg\n../b.jpg\n./b.jpg\n")
    kept, problems = Manifest.read(tmp_path / "m" / "t.csv").check()
    assert kept.frame["image_id"].tolist() == ["b.jpg"]
    assert [problem.row for problem in problems] == [3, 4, 5]
    assert "'b.jpg' is already in row 2" in problems[0].message


def test_stored_ids_stay_as_they_were(tmp_path: Path, draw: Draw, tiny: Encoder) -> None:
    draw(tmp_path / "1.png", 1)
    (tmp_path / "m").mkdir()
    manifest = tmp_path / "m" / "t.csv"
    manifest.write_text("path,species\n../1.png,Xestia baja\n")
    with Collection.create(tmp_path / "c") as collection:
        ingest(Manifest.read(manifest), collection, tiny)
        [image] = collection.images()
        assert (image.image_id, image.specimen_id) == ("1.png", "1.png")
        change = "UPDATE images SET image_id = '../1.png', specimen_id = '../1.png'"
        collection.database.read(change)  # as earlier versions called it
        report = ingest(Manifest.read(manifest), collection, tiny)
        assert (report.embedded, report.unchanged) == (0, 1)
        assert [image.specimen_id for image in collection.images()] == ["../1.png"]


def test_stored_ids_of_vectors_stay_as_they_were(tmp_path: Path) -> None:
    file = tmp_path / "v.parquet"
    rows = pa.array([[1.0, 0.0], [0.0, 1.0]])
    pq.write_table(pa.table({"path": ["/data/1.png", "2.png"], "embedding": rows}), file)
    with Collection.create(tmp_path / "c") as collection:
        load_vectors(file, collection, encoder="other")
        assert [image.image_id for image in collection.images()] == ["data/1.png", "2.png"]
        change = "UPDATE images SET image_id = '/data/1.png', specimen_id = '/data/1.png'"
        collection.database.read(f"{change} WHERE image_id = 'data/1.png'")
        report = load_vectors(file, collection, encoder="other")
        assert (report.embedded, report.unchanged) == (0, 2)
        ids = [(image.image_id, image.specimen_id) for image in collection.images()]
        assert ids == [("/data/1.png", "/data/1.png"), ("2.png", "2.png")]


def test_random_paths_give_ids_without_fault() -> None:
    rng = np.random.default_rng(3)
    parts = ["..", ".", "", "a", "b c", "\\", "\n", "...", "%2e%2e", "thumb"]
    for _ in range(2000):
        path = "/".join(rng.choice(parts, rng.integers(1, 7)))
        image_id = id_of_path(path)
        assert fault_of_id(image_id) is None, repr(path)
        assert id_of_path(image_id) == image_id
        assert image_id == "" or not {"", ".", ".."} & set(image_id.split("/")), repr(path)
