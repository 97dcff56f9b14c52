"""Recall equals what others compute from the exported embeddings, on the real moths.

They are given float64: one moth has two neighbours whose cosines differ by 4e-8, and products in
float32 take either for the nearer.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import torch
from numpy.typing import NDArray
from pytorch_metric_learning.distances import CosineSimilarity
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator
from pytorch_metric_learning.utils.inference import CustomKNN
from sklearn.neighbors import NearestNeighbors

from holotype.eval.retrieval.evaluate import evaluate
from holotype.index.collection import Collection
from holotype.index.export.parquet import export_parquet

pytestmark = pytest.mark.data

RANKS = ("species", "genus", "family")
Exported = tuple[pd.DataFrame, NDArray[np.float32]]


@pytest.fixture(scope="module")
def exported(atlas: Collection, tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    path = tmp_path_factory.mktemp("exported") / "atlas.parquet"
    export_parquet(atlas, path)
    frame: pd.DataFrame = pq.read_table(path).to_pandas()
    return frame


def part(exported: pd.DataFrame, category: str) -> Exported:
    rows = exported[exported["category"] == category].reset_index(drop=True)
    return rows, np.stack(rows["embedding"].to_list())


@pytest.fixture(scope="module")
def moths(exported: pd.DataFrame) -> Exported:
    return part(exported, "Moth")


@pytest.fixture(scope="module")
def told(atlas: Collection) -> Callable[[str], dict[str, Any]]:
    def measure(category: str) -> dict[str, Any]:
        only = [f"category={category}"]
        ranks: dict[str, Any] = evaluate(atlas, query=only, gallery=only).to_dict()["ranks"]
        return ranks

    return measure


Told = Callable[[str], dict[str, Any]]


def cosines_of(queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> NDArray[np.float64]:
    left, right = queries.astype(np.float64), gallery.astype(np.float64)
    lengths = np.outer(np.linalg.norm(left, axis=1), np.linalg.norm(right, axis=1))
    cosines: NDArray[np.float64] = left @ right.T / lengths
    return cosines


def brute_force(frame: pd.DataFrame, vectors: NDArray[np.float32]) -> NDArray[np.int64]:
    """Neighbours by cosine in float64, the own specimen's pushed to the end."""
    cosines = cosines_of(vectors, vectors)
    specimens = frame["specimen_id"].to_numpy()
    cosines[specimens[:, None] == specimens[None]] = -2
    order: NDArray[np.int64] = np.argsort(-cosines, axis=1, kind="stable")
    return order


@pytest.mark.parametrize("category", ["Moth", "Fish"])
def test_numpy_by_brute_force(exported: pd.DataFrame, told: Told, category: str) -> None:
    frame, vectors = part(exported, category)
    order, found = brute_force(frame, vectors), told(category)
    for rank in RANKS:
        names = frame[rank].to_numpy()
        same = names[order] == names[:, None]
        for k in (1, 5, 10):
            hits = pd.Series(same[:, :k].any(axis=1))
            stated = found[rank]["recall"][str(k)]
            assert stated["micro"] == pytest.approx(hits.mean(), abs=1e-6)
            assert stated["macro"] == pytest.approx(hits.groupby(names).mean().mean(), abs=1e-6)


def test_the_accuracy_calculator_of_pytorch_metric_learning(moths: Exported, told: Told) -> None:
    frame, vectors = moths
    calculator = AccuracyCalculator(
        include=("precision_at_1", "mean_average_precision_at_r", "r_precision"),
        k="max_bin_count",
        knn_func=CustomKNN(CosineSimilarity(), batch_size=256),
        device=torch.device("cpu"),
    )
    found = told("Moth")
    for rank in RANKS:
        labels = torch.from_numpy(pd.factorize(frame[rank])[0].astype(np.int64))
        figures = calculator.get_accuracy(torch.from_numpy(vectors).double(), labels)
        stated = found[rank]
        assert stated["recall"]["1"]["micro"] == pytest.approx(figures["precision_at_1"], abs=1e-6)
        map_at_r = stated["ranking"]["map_at_r"]["micro"]
        assert map_at_r == pytest.approx(figures["mean_average_precision_at_r"], abs=1e-6)
        r_precision = stated["ranking"]["r_precision"]["micro"]
        assert r_precision == pytest.approx(figures["r_precision"], abs=1e-6)


def test_nearest_neighbours_of_scikit_learn(moths: Exported, told: Told) -> None:
    frame, vectors = moths
    model = NearestNeighbors(n_neighbors=10, metric="cosine", algorithm="brute")
    model.fit(vectors.astype(np.float64))
    order = model.kneighbors(return_distance=False)  # without the query itself
    found = told("Moth")
    for rank in RANKS:
        names = frame[rank].to_numpy()
        for k in (1, 5, 10):
            hits = (names[order[:, :k]] == names[:, None]).any(axis=1)
            assert found[rank]["recall"][str(k)]["micro"] == pytest.approx(hits.mean(), abs=1e-6)


def test_a_split_by_brute_force(exported: pd.DataFrame, atlas: Collection) -> None:
    """Test images ask, training images answer: what is published for the moths."""
    frame, vectors = part(exported, "Moth")
    query, gallery = (np.flatnonzero(frame["split"] == split) for split in ("test", "train"))
    order = np.argsort(-cosines_of(vectors[query], vectors[gallery]), axis=1)
    names = frame["species"].to_numpy()
    found = evaluate(atlas, query=["split=test"], gallery=["split=train"]).to_dict()
    assert found["n"] == len(query) == 277
    for k in (1, 5, 10):
        hits = (names[gallery][order[:, :k]] == names[query][:, None]).any(axis=1)
        stated = found["ranks"]["species"]["recall"][str(k)]["micro"]
        assert stated == pytest.approx(hits.mean(), abs=1e-6)


def test_the_index_finds_the_neighbours_that_the_export_does(
    moths: Exported, atlas: Collection
) -> None:
    frame, vectors = moths
    gallery = atlas.gallery()
    places = gallery.places([atlas.image(name).row for name in frame["image_id"][:50]])
    allowed = np.zeros(len(gallery), bool)
    moth = gallery.labels("category").names.index("Moth")
    allowed[gallery.labels("category").codes == moth] = True
    scores, _ = gallery.index.search(gallery.index.vectors[places], 11, allowed)
    expected = -np.sort(-cosines_of(vectors[:50], vectors), axis=1)[:, :11]
    np.testing.assert_allclose(scores, expected, atol=1e-6)


def test_nothing_of_the_export_is_lost(exported: pd.DataFrame, data: Path) -> None:
    for name in ("moths", "leaves", "fish"):
        manifest = pd.read_csv(data / name / "manifest.csv", dtype=str, keep_default_na=False)
        rows = exported.set_index("image_id").loc[manifest["image_id"]]
        for column in ("specimen_id", "category", "family", "genus", "split", "date"):
            assert rows[column].tolist() == manifest[column].tolist(), (name, column)
        written = rows["verbatimIdentification"].replace("", None).fillna(rows["species"])
        assert written.tolist() == manifest["species"].tolist(), name
