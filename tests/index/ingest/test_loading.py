"""Vectors that were made before are stored as those of pictures are, for what they are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.encoders import Embeddings, Encoder
from holotype.index.errors import ManifestError, MismatchError, UsageError
from holotype.index.export.parquet import export_parquet
from holotype.index.identification.identify import identify_vector
from holotype.index.ingest import vectors as loading
from holotype.index.ingest.pictures import IngestReport
from holotype.index.ingest.vectors import load_vectors
from holotype.index.search.search import encoder_of, picture_vector, search, stored_vector
from holotype.index.taxonomy import parse_lineage
from holotype.index.upkeep.info import verify
from tests.conftest import Ask, Cli

SEED, DIM = 5, 6
FIXED = pa.list_(pa.float32(), DIM)


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Collection]:
    with Collection.create(tmp_path / "new") as made:
        yield made


def unit_rows(count: int, seed: int = SEED) -> Embeddings:
    rows = np.random.default_rng(seed).normal(size=(count, DIM))
    units: Embeddings = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    return units


def write(file: Path, vectors: Any, kind: pa.DataType = FIXED, /, **columns: Any) -> Path:
    """Write a vector file; `image_id` defaults to numbers."""
    if not {"image_id", "path"} & columns.keys():
        columns["image_id"] = [f"i{number}" for number in range(len(vectors))]
    rows = [None if row is None else list(row) for row in vectors]
    pq.write_table(pa.table({**columns, "embedding": pa.array(rows, kind)}), file)
    return file


def load(path: Path, collection: Collection, **options: Any) -> IngestReport:
    return load_vectors(path, collection, encoder="other", **options)


# What is stored -------------------------------------------------------------------------------


def test_an_export_makes_the_same_space_of_the_same_encoder_elsewhere(
    collection: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    export_parquet(collection, tmp_path / "x.parquet")
    with Collection.create(tmp_path / "copy") as copy:
        report = load_vectors(tmp_path / "x.parquet", copy, pictures=[source.parent])
        assert (report.embedded, report.problems) == (40, [])
        ours, theirs = copy.gallery(), collection.gallery()
        np.testing.assert_array_equal(ours.index.vectors, theirs.index.vectors)
        np.testing.assert_array_equal(ours.taxon, theirs.taxon)
        for one, other in zip(copy.images(), collection.images(), strict=True):
            assert one.lineage == other.lineage
            assert (one.image_id, one.path, one.sha256) == (
                other.image_id,
                other.path,
                other.sha256,
            )
            assert (one.details, one.metadata) == (other.details, other.metadata)
        picture = source.parent / "1-3.png"
        vector, own = picture_vector(copy, tiny, [picture])
        assert own == {"Xestia_c-nigrum_1"}
        assert search(copy, vector, k=1)[0].image.image_id == "1-3.png"
        assert copy.database.read("SELECT count(*) FROM canaries")[0][0] == 3
        assert verify(copy).errors == []


def test_the_encoder_of_an_export_must_see_as_it_did(
    collection: Collection, tmp_path: Path, tiny: Encoder
) -> None:
    export_parquet(collection, tmp_path / "x.parquet")
    table = pq.read_table(tmp_path / "x.parquet")
    about = json.loads(table.schema.metadata[b"holotype"])
    about["canaries"]["vectors"].reverse()
    pq.write_table(
        table.replace_schema_metadata({"holotype": json.dumps(about)}), tmp_path / "y.parquet"
    )
    with pytest.raises(MismatchError, match="canary picture 1 comes out at cosine"):
        load_vectors(tmp_path / "y.parquet", collection)
    with Collection.create(tmp_path / "copy") as copy:
        load_vectors(tmp_path / "y.parquet", copy)
        with pytest.raises(MismatchError, match="canary picture 1"):
            picture_vector(copy, tiny, [tmp_path / "none.png"])


@pytest.mark.parametrize(
    "kind",
    [
        FIXED,
        pa.list_(pa.float32()),
        pa.large_list(pa.float64()),
        pa.list_(pa.float16(), DIM),
    ],
    ids=str,
)
def test_every_kind_of_list_is_read(empty: Collection, tmp_path: Path, kind: pa.DataType) -> None:
    vectors = unit_rows(50)
    given = vectors.astype(np.float16) if "halffloat" in str(kind) else vectors
    report = load(write(tmp_path / "x.parquet", given, kind), empty)
    assert report.embedded == 50
    stored = empty.gallery().index.vectors
    np.testing.assert_allclose(stored, vectors, atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(stored, axis=1), 1, atol=1e-6)


def test_vectors_of_other_lengths_are_brought_to_1_and_this_is_said_once(
    empty: Collection, tmp_path: Path
) -> None:
    vectors = unit_rows(9)
    lengths = np.array([1, 3, 1e-3, 1, 1e6, 1, 1, 1, 1])
    report = load(write(tmp_path / "x.parquet", vectors * lengths[:, None]), empty)
    assert [str(problem) for problem in report.problems] == [
        "row 3: 3 vectors, from this row on, were not of length 1; now they are"
    ]
    assert report.problems[0].severity == "note"
    np.testing.assert_allclose(empty.gallery().index.vectors, vectors, atol=1e-6)


def test_what_is_no_vector_is_told_by_row_and_left_out(empty: Collection, tmp_path: Path) -> None:
    vectors: list[Any] = list(unit_rows(7))
    vectors[1] = np.full(DIM, np.nan)
    vectors[2] = [np.inf] * DIM
    vectors[3] = np.zeros(DIM)
    vectors[4] = vectors[4][:3]
    vectors[5] = None
    path = write(tmp_path / "x.parquet", vectors, pa.list_(pa.float32()))
    with pytest.raises(ManifestError, match=r"Nothing was stored: row 3: .* \(and 4 more\)"):
        load(path, empty, strict=True)
    assert list(empty.images()) == []
    report = load(path, empty)
    assert [str(problem) for problem in report.problems] == [
        "row 3: the embedding holds NaN or infinity",
        "row 4: the embedding holds NaN or infinity",
        "row 5: the embedding is zero; it has no direction",
        "row 6: the embedding has 3 values; 6 are needed",
        "row 7: the embedding is empty",
    ]
    assert [image.image_id for image in empty.images()] == ["i0", "i6"]
    assert verify(empty).errors == []


def test_rows_are_checked_as_those_of_a_manifest(empty: Collection, tmp_path: Path) -> None:
    content = "ab" * 32
    rows = [
        ("a", "s", "Xestia baja", ""),
        ("a", "t", "Xestia baja", ""),  # an id again
        ("b", "s", "Salmo trutta", ""),  # a specimen under another name
        ("c", "u", "17 4", ""),  # no name
        ("", "v", "", ""),  # no id
        ("d", "w", "Salmo trutta", content),  # one picture under two names
        ("e", "x", "Xestia baja", content),
        ("f", "y", "Xestia baja", "../../elsewhere"),
        ("g", "z", "gambusia", ""),  # a genus
    ]
    ids, specimens, species, sha256s = zip(*rows, strict=True)
    path = write(
        tmp_path / "x.parquet",
        unit_rows(len(rows)),
        image_id=ids,
        specimen_id=specimens,
        species=species,
        sha256=sha256s,
    )
    report = load(path, empty)
    assert {image.image_id for image in empty.images()} == {"a", "g"}
    said = "\n".join(map(str, report.problems))
    for part in (
        "row 3: image_id 'a' is already in row 2",
        "row 4: specimen 's' has another name in an earlier row",
        "row 5: species '17 4' does not begin with a genus",
        "row 6: the row has neither image_id nor path",
        "row 7: the picture of sha256 abababababab… is given two names",
        "row 8: the picture of sha256",
        "row 9: sha256 '../../elsewhere' is not 64 hexadecimal digits",
        "row 10: species 'gambusia' is one word",
    ):
        assert part in said
    assert len(report.problems) == 8


@pytest.mark.parametrize("columns", [{}, {"embedding": "text"}, {"Image_ID": "x", "image_id": "y"}])
def test_a_file_that_cannot_be_used_is_refused(
    empty: Collection, tmp_path: Path, columns: dict[str, str]
) -> None:
    path = tmp_path / "x.parquet"
    given = {"embedding": pa.array(unit_rows(1).tolist(), FIXED)} | {
        name: pa.array([value]) for name, value in columns.items()
    }
    pq.write_table(pa.table(given), path)
    with pytest.raises(ManifestError, match=r"neither a column|no column 'embedding'|two columns"):
        load(path, empty)


# Upserts --------------------------------------------------------------------------------------


def test_repeated_it_skips_what_is_there_and_replaces_what_changed(
    empty: Collection, tmp_path: Path
) -> None:
    vectors = unit_rows(30)
    load(write(tmp_path / "x.parquet", vectors), empty)
    before = empty.gallery().state
    report = load(tmp_path / "x.parquet", empty)
    assert (report.embedded, report.unchanged) == (0, 30)
    assert empty.gallery().state == before
    vectors[7] = -vectors[7]
    report = load(write(tmp_path / "x.parquet", vectors), empty)
    assert (report.embedded, report.unchanged) == (1, 29)
    np.testing.assert_array_equal(empty.gallery().index.vectors, vectors)
    assert verify(empty).errors == []


def test_a_second_space_leaves_the_first_and_all_records_as_they_are(
    collection: Collection, tmp_path: Path
) -> None:
    """A file of ids and vectors alone says nothing of names, splits or contents."""
    collection.determine("Salmo_trutta_0", parse_lineage({"genus": "Salmo"})[0], by="A. Tester")
    images = list(collection.images())
    before, events = collection.gallery("base").index.vectors.copy(), len(collection.history())
    path = write(
        tmp_path / "x.parquet", unit_rows(40), image_id=[image.image_id for image in images]
    )
    load(path, collection, space="second")
    assert list(collection.images()) == images
    assert len(collection.history()) == events
    np.testing.assert_array_equal(collection.gallery("base").index.vectors, before)
    assert len(collection.gallery("second")) == 40


def test_what_a_file_says_of_a_stored_image_counts(collection: Collection, tmp_path: Path) -> None:
    columns = {"image_id": ["0-0.png"], "locality": ["Bern"], "sex": [None], "stage": ["imago"]}
    load(write(tmp_path / "x.parquet", unit_rows(1), **columns), collection, space="second")
    image = collection.image("0-0.png")
    assert (image.details["locality"], image.split, image.lineage[-1]) == (
        "Bern",
        "test",
        "Xestia baja",
    )
    assert image.metadata == {"stage": "imago"}


def test_another_picture_does_not_take_an_id(collection: Collection, tmp_path: Path) -> None:
    columns = {"image_id": ["0-0.png", "new"], "path": ["a.png", "b.png"], "sha256": ["0" * 64] * 2}
    report = load(write(tmp_path / "x.parquet", unit_rows(2), **columns), collection, space="b")
    assert "image_id '0-0.png' is that of" in str(report.problems[0])
    assert report.embedded == 1


def test_what_was_committed_stays_when_interrupted(
    empty: Collection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_COMMIT_SECONDS", 0)
    monkeypatch.setattr("holotype.index.manifests.vector_file._BATCH", 10)
    path = write(tmp_path / "x.parquet", unit_rows(50))

    def interrupt(done: int, _: int) -> None:
        if done >= 30:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        load(path, empty, on_load=interrupt)
    assert len(empty.gallery()) == 30
    report = load(path, empty)
    assert (report.embedded, report.unchanged) == (20, 30)
    np.testing.assert_array_equal(empty.gallery().index.vectors, unit_rows(50))


def test_a_folder_of_part_files_is_one_source(empty: Collection, tmp_path: Path) -> None:
    vectors = unit_rows(30)
    parts = tmp_path / "parts"
    parts.mkdir()
    for number in range(3):
        some = slice(10 * number, 10 * number + 10)
        ids = [f"i{n}" for n in range(some.start, some.stop)]
        write(parts / f"part-{number}.parquet", vectors[some], image_id=ids)
    assert load(parts, empty).embedded == 30
    np.testing.assert_array_equal(empty.gallery().index.vectors, vectors)
    write(parts / "part-9.parquet", vectors, name=["x"] * 30)
    with pytest.raises(ManifestError, match=r"part-9\.parquet has other columns"):
        load(parts, empty)


# Whose vectors --------------------------------------------------------------------------------


def test_a_file_that_does_not_say_whose_vectors_it_holds_needs_a_name(
    empty: Collection, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="name it, such as --encoder"):
        load_vectors(write(tmp_path / "x.parquet", unit_rows(3)), empty)


def test_a_file_that_says_whose_vectors_it_holds_is_believed(
    collection: Collection, tmp_path: Path
) -> None:
    export_parquet(collection, tmp_path / "x.parquet")
    with pytest.raises(
        UsageError, match=r"says that 'checkpoint:.*' made its vectors, not 'other'"
    ):
        load(tmp_path / "x.parquet", collection)


def test_vectors_from_elsewhere_answer_vectors_and_stored_images_but_no_pictures(
    empty: Collection, source: Path, tmp_path: Path, tiny: Encoder
) -> None:
    species = ["Xestia baja"] * 10 + ["Salmo trutta"] * 10
    centres = unit_rows(2)[[0] * 10 + [1] * 10]
    load(write(tmp_path / "x.parquet", centres + 0.1 * unit_rows(20), species=species), empty)
    space = empty.space()
    assert space.encoder == "external:other"
    image = empty.image("i3")
    answer = identify_vector(
        empty, stored_vector(empty, image), name="i3", exclude_specimens={"i3"}
    )
    assert {hit.image.lineage[-1] for hit in answer.neighbours[:5]} == {"Xestia baja"}
    with pytest.raises(
        MismatchError, match=r"made elsewhere .*ask with a stored image or a vector"
    ):
        encoder_of(space)
    with pytest.raises(MismatchError):
        picture_vector(empty, tiny, [source.parent / "0-0.png"])
    with pytest.raises(MismatchError, match="was made with encoder 'external:other'"):
        load_vectors(tmp_path / "x.parquet", empty, encoder="another")


def test_a_tuned_space_that_was_exported_takes_no_pictures(
    collection: Collection, tmp_path: Path
) -> None:
    from holotype.training.spaces import tune_space

    tune_space(collection)
    export_parquet(collection, tmp_path / "x.parquet", space="tuned")
    with Collection.create(tmp_path / "copy") as copy:
        load_vectors(tmp_path / "x.parquet", copy)
        with pytest.raises(MismatchError, match="through a projection"):
            encoder_of(copy.space())


# The command line -----------------------------------------------------------------------------


def test_the_command_line_tells_vectors_from_pictures(
    tmp_path: Path, ask: Ask, cli: Cli, source: Path
) -> None:
    path, to = write(tmp_path / "x.parquet", 2 * unit_rows(20)), tmp_path / "c"
    code, _, said = cli("ingest", path, "--to", to)
    assert (code, "name it, such as --encoder" in said) == (2, True)
    code, said, told = cli("ingest", path, "--to", to, "--encoder", "dinov2")
    assert code == 0
    assert "Stored 20 vectors in space 'base'" in said
    assert "were not of length 1" in told
    assert ask("ingest", path, "--to", to, "--encoder", "dinov2")["unchanged"] == 20
    hits = ask("search", "--id", "i3", "--in", to)["hits"]
    assert len(hits) == 10
    code, _, said = cli("search", source.parent / "0-0.png", "--in", to)
    assert (code, "made elsewhere" in said) == (4, True)
    assert ask("collection", "verify", to, "--pictures")["errors"] == []
    assert ask("export", to, "--out", tmp_path / "y.parquet")["rows"] == 20
    assert ask("ingest", tmp_path / "y.parquet", "--to", to)["unchanged"] == 20
