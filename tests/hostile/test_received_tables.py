"""Parquet and CSV from a stranger: bounded before they are decoded, and believed in nothing."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError, ManifestError
from holotype.index.ingest.vectors import load_vectors
from holotype.index.manifests.manifest import Manifest
from holotype.index.manifests.parquet_pages import open_parquet
from holotype.index.manifests.vector_file import VectorFile
from holotype.index.settings import settings
from holotype.index.trust import trusts_encoder

MANY = 2_000_000


@pytest.fixture(autouse=True)
def _small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("HOLOTYPE_MAX_EXPANDED_BYTES", str(1 << 20))


def written(path: Path, table: pa.Table, **options: Any) -> Path:
    pq.write_table(table, path, **{"compression": "zstd", **options})
    return path


def zeros(count: int) -> pa.Array:
    return pa.array(np.zeros(count, np.float32))


BOMBS = {
    "one long vector": {
        "image_id": ["a"],
        "embedding": pa.ListArray.from_arrays(pa.array([0, MANY], pa.int32()), zeros(MANY)),
    },
    "many equal vectors": {
        "image_id": ["a"] * 1000,
        "embedding": pa.FixedSizeListArray.from_arrays(zeros(MANY), MANY // 1000),
    },
    "many rows of nothing": {"path": pa.nulls(MANY, pa.string())},
    "many equal texts": {"path": pa.array(["x"]).take(pa.array(np.zeros(MANY // 4, np.int64)))},
    "many equal numbers": {"path": pa.array(np.zeros(MANY, np.int64))},
    "wide numbers": {"path": pa.array([b"x" * 1000] * 5000, pa.binary(1000))},
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_a_file_that_becomes_much_larger_is_not_decoded(tmp_path: Path, bomb: str) -> None:
    path = written(tmp_path / "bomb.parquet", pa.table(BOMBS[bomb]))
    assert path.stat().st_size < 30_000
    before = pa.total_allocated_bytes()
    for read in (open_parquet, Manifest.read, VectorFile):
        with pytest.raises(ManifestError, match="HOLOTYPE_MAX_EXPANDED_BYTES"):
            read(path)
    assert pa.total_allocated_bytes() - before < 1 << 20


def test_a_footer_that_lies_is_not_believed(tmp_path: Path) -> None:
    """The footer says four values, the page two million; the decoder goes by the page."""
    path = written(
        tmp_path / "bomb.parquet",
        pa.table(BOMBS["one long vector"]),
        compression="none",
        write_statistics=False,
        data_page_size=1 << 30,
    )
    data = bytearray(path.read_bytes())
    start = len(data) - 8 - struct.unpack("<I", data[-8:-4])[0]
    said, place = bytes.fromhex("8092f401"), start  # 2,000,000 as a zigzag varint
    while (place := data.find(said, place)) >= 0:
        data[place : place + 4] = bytes.fromhex("88808000")  # 4
        place += 4
    path.write_bytes(data)
    assert pq.ParquetFile(path).metadata.row_group(0).column(1).num_values == 4
    with pytest.raises(ManifestError, match="HOLOTYPE_MAX_EXPANDED_BYTES"):
        open_parquet(path)


def test_a_large_file_that_is_as_large_as_its_values_is_read(tmp_path: Path) -> None:
    values = np.random.default_rng(0).normal(size=(2000, 300)).astype(np.float32)
    column = pa.FixedSizeListArray.from_arrays(pa.array(values.reshape(-1)), 300)
    names = [str(number) for number in range(2000)]
    path = written(tmp_path / "t.parquet", pa.table({"image_id": names, "embedding": column}))
    rows = list(VectorFile(path).rows())
    np.testing.assert_array_equal(np.concatenate([part.vectors for part in rows]), values)
    assert [name for part in rows for name in part.columns["image_id"]] == names


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("compression", ["none", "snappy", "gzip", "zstd"])
def test_texts_come_out_as_they_went_in(tmp_path: Path, version: str, compression: str) -> None:
    texts = ["", " a ", None, "été", "a", "x" * 300] * 50
    table = pa.table(
        {
            "path": [f"{number}.jpg" for number in range(300)],
            "own": pa.array(texts),
            "kept": pa.array(texts).dictionary_encode(),
            "number": pa.array([1, None, 3] * 100),
            "day": pa.array([0, 1, None] * 100, pa.date32()),
            "share": pa.array([0.5, None, 1e-9] * 100),
        }
    )
    path = written(
        tmp_path / "t.parquet", table, compression=compression, data_page_version=version
    )
    frame = Manifest.read(path).frame
    assert frame["own"].tolist() == frame["kept"].tolist() == [(t or "").strip() for t in texts]
    assert frame["number"].tolist()[:3] == ["1", "", "3"]
    assert frame["day"].tolist()[:3] == ["1970-01-01", "1970-01-02", ""]
    assert frame["share"].tolist()[:3] == ["0.5", "", "1e-09"]


def read_or_told(path: Path) -> str:
    try:
        for _ in VectorFile(path).rows():
            pass
    except HolotypeError as error:
        return str(error)
    return ""


def test_random_damage_to_a_file_ends_in_a_sentence_or_in_rows(tmp_path: Path) -> None:
    seed = 9
    rng = np.random.default_rng(seed)
    values = zeros(800)
    column = pa.FixedSizeListArray.from_arrays(values, 8)
    path = written(tmp_path / "t.parquet", pa.table({"image_id": ["a"] * 100, "embedding": column}))
    whole = path.read_bytes()
    for _ in range(300):
        data = bytearray(whole)
        for place in rng.integers(len(data), size=3):
            data[place] = rng.integers(256)
        path.write_bytes(data)
        assert "\n" not in read_or_told(path), f"seed {seed}"


IDENTITY = {"encoder": "hf-hub:evil/model", "fingerprint": "f" * 64, "views": 1, "dim": 4}
SAYINGS: dict[str, Any] = {
    "no JSON": b"{",
    "JSON that nests": b"[" * 100_000,
    "a list": [],
    "nothing": {},
    "no encoder": IDENTITY | {"encoder": None},
    "an encoder of two lines": IDENTITY | {"encoder": "a\nb"},
    "a fingerprint of numbers": IDENTITY | {"fingerprint": 7},
    "a billion dimensions": IDENTITY | {"dim": 10**9},
    "no dimensions": IDENTITY | {"dim": 0},
    "dimensions of text": IDENTITY | {"dim": "4"},
    "many views": IDENTITY | {"views": 10**9},
    "canaries of text": IDENTITY | {"canaries": "x"},
    "canaries of nothing": IDENTITY | {"canaries": {"libraries": "x"}},
    "canaries of another length": IDENTITY | {"canaries": {"libraries": "x", "vectors": ["AAAA"]}},
    "canaries that are zero": IDENTITY
    | {"canaries": {"libraries": "x", "vectors": ["AAAAAAAAAAAAAAAAAAAAAA=="] * 3}},
}


def saying(path: Path, said: Any) -> Path:
    eye = pa.FixedSizeListArray.from_arrays(pa.array(np.eye(4, dtype=np.float32).reshape(-1)), 4)
    text = said if isinstance(said, bytes) else json.dumps(said).encode()
    table = pa.table({"image_id": list("abcd"), "embedding": eye})
    return written(path, table.replace_schema_metadata({b"holotype": text}))


@pytest.mark.parametrize("case", SAYINGS)
def test_what_a_file_says_of_its_encoder_is_looked_at(tmp_path: Path, case: str) -> None:
    path = saying(tmp_path / "t.parquet", SAYINGS[case])
    with Collection.create(tmp_path / "c") as collection:
        with pytest.raises(ManifestError, match="as an export does") as caught:
            load_vectors(path, collection)
        assert "\n" not in str(caught.value)
        assert collection.spaces() == []


def test_loading_a_file_is_no_trust_in_the_encoder_that_it_names(tmp_path: Path) -> None:
    path = saying(tmp_path / "t.parquet", IDENTITY)
    with Collection.create(tmp_path / "c") as collection:
        load_vectors(path, collection)
        assert collection.space().encoder == "hf-hub:evil/model"
    assert not trusts_encoder("hf-hub:evil/model")


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_texts_have_bounds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str) -> None:
    path = tmp_path / f"m{suffix}"
    path.write_text("path\n" + "x" * 100_000 + "\n")
    with pytest.raises(ManifestError, match="HOLOTYPE_MAX_FIELD_BYTES"):
        Manifest.read(path)
    path.write_text("path\n" + "x\n" * 100)
    monkeypatch.setenv("HOLOTYPE_MAX_MANIFEST_VALUES", "50")
    monkeypatch.setenv("HOLOTYPE_MAX_TABLE_BYTES", "150")
    settings.cache_clear()
    with pytest.raises(ManifestError, match="HOLOTYPE_MAX_TABLE_BYTES"):
        Manifest.read(path)
    path.write_text("path\n" + "x\n" * 60)
    with pytest.raises(ManifestError, match="HOLOTYPE_MAX_MANIFEST_VALUES"):
        Manifest.read(path)


def test_texts_that_are_none_are_refused_in_a_sentence(tmp_path: Path) -> None:
    raw = pa.array([b"\xff\xfe", b"a", b"b", b"c"])
    texts = pa.StringArray.from_buffers(4, raw.buffers()[1], raw.buffers()[2])
    eye = pa.FixedSizeListArray.from_arrays(pa.array(np.eye(4, dtype=np.float32).reshape(-1)), 4)
    path = written(tmp_path / "t.parquet", pa.table({"image_id": texts, "embedding": eye}))
    with Collection.create(tmp_path / "c") as collection:
        with pytest.raises(ManifestError) as caught:
            load_vectors(path, collection, encoder="x")
        assert "\n" not in str(caught.value)


def test_a_long_text_in_parquet_is_refused(tmp_path: Path) -> None:
    texts = ["a", "x" * 100_000]
    path = written(tmp_path / "t.parquet", pa.table({"path": texts}))
    with pytest.raises(ManifestError, match="HOLOTYPE_MAX_FIELD_BYTES"):
        Manifest.read(path)
