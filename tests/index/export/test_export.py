"""The exported table holds all that is known, and the very vectors that are searched."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.errors import UsageError
from holotype.index.export.images import export_images
from holotype.index.export.parquet import export_parquet
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.index.storage.specimens.listing import accepted_of

pytestmark = pytest.mark.both_stores


def test_one_row_an_image_with_ids_ranks_split_and_metadata(
    collection: Collection, tmp_path: Path
) -> None:
    path = tmp_path / "out" / "x.parquet"
    assert export_parquet(collection, path) == 40
    frame = pq.read_table(path).to_pandas().set_index("image_id")
    assert frame.index.tolist() == [image.image_id for image in collection.images()]
    row = frame.loc["2-3.png"]
    assert row["specimen_id"] == "Catocala_nupta_1"
    assert (row["category"], row["family"]) == ("Moth", "Erebidae")
    assert (row["genus"], row["species"]) == ("Catocala", "Catocala nupta")
    assert (row["kingdom"], row["order"]) == ("", "")
    assert (row["split"], row["sex"]) == ("train", "m")
    assert Path(row["path"]).is_file()


def test_vectors_are_a_fixed_size_list_of_float32_and_those_that_are_searched(
    collection: Collection, tmp_path: Path
) -> None:
    export_parquet(collection, tmp_path / "x.parquet")
    table = pq.read_table(tmp_path / "x.parquet")
    dim = collection.space().dim
    assert table.schema.field("embedding").type == pa.list_(pa.float32(), dim)
    vectors = np.stack(table["embedding"].to_numpy())
    np.testing.assert_array_equal(vectors, collection.gallery().index.vectors)


def test_the_file_says_which_encoder_made_it(collection: Collection, tmp_path: Path) -> None:
    export_parquet(collection, tmp_path / "x.parquet")
    metadata = pq.read_schema(tmp_path / "x.parquet").metadata
    identity = json.loads(metadata[b"holotype"])
    space = collection.space()
    assert (identity["encoder"], identity["fingerprint"]) == (space.encoder, space.fingerprint)
    assert (identity["name"], identity["dim"], identity["views"]) == ("base", space.dim, 1)


def test_a_space_by_name_gives_its_own_vectors(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    ingest(Manifest.read(source), collection, load_encoder(tiny.name, views=3), space="three")
    export_parquet(collection, tmp_path / "x.parquet", space="three")
    vectors = np.stack(pq.read_table(tmp_path / "x.parquet")["embedding"].to_numpy())
    np.testing.assert_array_equal(vectors, collection.gallery("three").index.vectors)


def test_an_export_can_be_ingested_again(
    collection: Collection, tmp_path: Path, tiny: Encoder
) -> None:
    export_parquet(collection, tmp_path / "x.parquet")
    with Collection.create(tmp_path / "again") as copy:
        report = ingest(Manifest.read(tmp_path / "x.parquet"), copy, tiny)
        assert (report.embedded, report.problems) == (40, [])
        for ours, theirs in zip(copy.images(), collection.images(), strict=True):
            assert ours == theirs


def test_names_in_open_nomenclature_come_back_as_they_were_given(
    collection: Collection, tmp_path: Path, tiny: Encoder
) -> None:
    specimens = sorted({image.specimen_id for image in collection.images()})[:4]
    family = ("Moth", "", "", "", "", "Noctuidae", "")
    collection.determine(specimens[0], (*family, "Noctuidae gen. sp. 1"), by="Ann")
    collection.determine(specimens[1], ("Moth", *[""] * 6, "Moth gen. sp. 2"), by="Ann")
    collection.determine(specimens[2], (*[""] * 7, "Incertae sedis sp. 3"), by="Ann")
    collection.determine(specimens[3], (*[""] * 7, "Xestia sp. 1?"), by="Ann")
    export_parquet(collection, tmp_path / "x.parquet")
    with Collection.create(tmp_path / "again") as copy:
        report = ingest(Manifest.read(tmp_path / "x.parquet"), copy, tiny)
        assert report.embedded == 40
        told = [accepted_of(one.database, name) for name in specimens for one in (collection, copy)]
    given = [(one.lineage, one.said["qualifier"]) for one in told if one]
    assert given[::2] == given[1::2]
    assert [said for _, said in given[::2]] == [
        *("gen. sp. 1", "gen. sp. 2", "Incertae sedis sp. 3", "sp. 1 ?"),
    ]


def test_an_export_replaces_an_older_one_whole(collection: Collection, tmp_path: Path) -> None:
    path = tmp_path / "x.parquet"
    export_parquet(collection, path)
    collection.delete(["2-3.png"])
    export_parquet(collection, path)
    assert pq.read_table(path).num_rows == 39
    assert [file.name for file in tmp_path.iterdir() if file.suffix == ".tmp"] == []


def test_a_file_that_is_no_export_is_not_written_over(
    collection: Collection, tmp_path: Path
) -> None:
    for name, content in (("a.jpg", b"mine"), ("b.parquet", b""), ("c.parquet", None)):
        path = tmp_path / name
        if content is None:
            pq.write_table(pa.table({"path": ["x.jpg"]}), path)
        else:
            path.write_bytes(content)
        before = path.read_bytes()
        with pytest.raises(UsageError, match="is no export"):
            export_parquet(collection, path)
        assert path.read_bytes() == before
    (tmp_path / "d.parquet.tmp").write_bytes(b"mine")
    for _ in range(2):
        export_parquet(collection, tmp_path / "d.parquet")
    assert (tmp_path / "d.parquet.tmp").read_bytes() == b"mine"


def test_a_table_for_a_spreadsheet_is_corrected_there_and_taken_back_in(
    collection: Collection, tiny: Encoder, tmp_path: Path
) -> None:
    path = tmp_path / "x.csv"
    assert export_images(collection, path) == 40
    with pytest.raises(UsageError, match="is there already"):
        export_images(collection, path)
    with pytest.raises(UsageError, match="has no vectors of space 'base'"):
        export_images(collection, path, space="base", overwrite=True)
    assert path.read_bytes().startswith(b"\xef\xbb\xbfimage_id,specimen_id,path,")
    corrected = path.read_text(encoding="utf-8-sig").replace("Catocala nupta", "Catocala elocata")
    path.write_text(corrected, encoding="utf-8-sig")
    ingest(Manifest.read(path), collection, tiny)
    assert {one.lineage[-1] for one in collection.images()} >= {"Catocala elocata", "Xestia baja"}
    assert "Catocala nupta" not in {one.lineage[-1] for one in collection.images()}
    assert collection.count(collection.space()) == 40
    assert export_images(collection, path, overwrite=True) == 40
    assert sorted(path.read_text(encoding="utf-8-sig").splitlines()) == sorted(
        corrected.splitlines()
    )
