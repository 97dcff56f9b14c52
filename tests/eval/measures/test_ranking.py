"""Ranking measures against pytorch-metric-learning and hand-worked cases."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from pytorch_metric_learning.utils.accuracy_calculator import AccuracyCalculator

from holotype.eval.measures.ranking import ranking_by_rank
from holotype.eval.measures.taxon_codes import TaxonCodes

Units = Callable[[np.random.Generator, int, int], NDArray[np.float32]]


@pytest.fixture
def float64() -> Iterator[None]:
    """Make pytorch-metric-learning count in float64: its reciprocals are float32 otherwise."""
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)


def exact_search(
    query: torch.Tensor, k: int, reference: torch.Tensor, ref_includes_query: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    similarity = query @ reference.T
    if ref_includes_query:
        similarity.fill_diagonal_(-torch.inf)
    order = torch.argsort(-similarity, dim=1, stable=True)[:, :k]
    return -torch.gather(similarity, 1, order), order


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("leave_one_out", [True, False])
@pytest.mark.usefixtures("float64")
def test_measures_equal_pytorch_metric_learning(
    units: Units, seed: int, leave_one_out: bool
) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    gallery = units(rng, 150, 12)
    known = np.concatenate([[98, 99], rng.integers(0, 9, 148)])  # two singletons
    queries, asked = gallery, known
    if not leave_one_out:
        queries, asked = units(rng, 70, 12), rng.integers(0, 11, 70)
    groups = (np.arange(150), np.arange(150)) if leave_one_out else (None, None)
    taxa = TaxonCodes([str(i) for i in range(100)], asked, known)
    ours = ranking_by_rank(
        queries, gallery, {"species": taxa}, query_groups=groups[0], gallery_groups=groups[1]
    )["species"]
    for macro in (False, True):
        calculator = AccuracyCalculator(
            include=("mean_average_precision_at_r", "r_precision", "mean_reciprocal_rank"),
            k=149 if leave_one_out else 150,
            avg_of_avgs=macro,
            knn_func=exact_search,
            device=torch.device("cpu"),
        )
        theirs = calculator.get_accuracy(
            torch.from_numpy(queries).double(),
            torch.from_numpy(asked),
            torch.from_numpy(gallery).double(),
            torch.from_numpy(known),
            ref_includes_query=leave_one_out,
        )
        for name, figure in (
            ("mean_average_precision_at_r", ours.map_at_r),
            ("r_precision", ours.r_precision),
            ("mean_reciprocal_rank", ours.mrr),
        ):
            mine = figure.macro if macro else figure.micro
            assert mine == pytest.approx(theirs[name], abs=1e-9), name


def test_measures_of_a_hand_worked_case_with_a_specimen_left_out() -> None:
    angles = np.radians([0, 1, 10, 20, 30, 40])
    images = np.column_stack([np.cos(angles), np.sin(angles)]).astype(np.float32)
    taxa = TaxonCodes.from_names(["a"], ["a", "a", "b", "a", "b", "a"])
    found = ranking_by_rank(
        images[:1],
        images,
        {"species": taxa},
        query_groups=np.array([0]),
        gallery_groups=np.array([0, 0, 1, 2, 3, 4]),
    )["species"]
    # Left: b, a, b, a, so R = 2 with one hit at place 2.
    assert found.per_query.tolist() == [[(1 / 2) / 2, 1 / 2, 1 / 2]]


def test_unanswerable_and_unlabelled_queries_do_not_count() -> None:
    images = np.eye(3, dtype=np.float32)
    taxa = {"species": TaxonCodes.from_names(["a", "b", ""], ["a", "c", ""])}
    found = ranking_by_rank(images, images, taxa)["species"]
    assert found.to_dict()["n_answerable"] == 1
    assert found.map_at_r.micro == 1.0
    assert np.isnan(found.per_query[1:]).all()


@pytest.mark.parametrize("seed", range(3))
def test_equal_scores_rank_in_gallery_order_in_any_block(
    units: Units, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    images = units(rng, 6, 40)[rng.integers(0, 6, 60)]
    labels, groups = rng.integers(-1, 5, 60), rng.integers(0, 30, 60)
    taxa = {"species": TaxonCodes(list("abcde"), labels, labels)}
    monkeypatch.setattr("holotype.eval.measures.ranking._BLOCK_SCORES", 60 * (1 + 7 * seed))
    found = ranking_by_rank(images, images, taxa, query_groups=groups, gallery_groups=groups)
    exact = (images[:, None].astype(np.float64) * images[None]).sum(axis=2).astype(np.float32)
    for query in range(60):
        allowed = np.flatnonzero(groups != groups[query])
        order = allowed[np.argsort(-exact[query, allowed], kind="stable")]
        right = (labels[order] == labels[query]) & (labels[query] >= 0)
        if not right.any():
            assert np.isnan(found["species"].per_query[query]).all()
            continue
        r = right.sum()
        precision = np.cumsum(right[:r]) / np.arange(1, r + 1)
        expected = [
            (precision * right[:r]).sum() / r,
            right[:r].mean(),
            1 / (1 + right.argmax()),
        ]
        np.testing.assert_allclose(found["species"].per_query[query], expected, atol=1e-12)
