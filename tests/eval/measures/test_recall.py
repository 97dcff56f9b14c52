"""Recall@k against hand-worked cases, brute force and scikit-learn."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.neighbors import KNeighborsClassifier

from holotype.eval.measures.bootstrap import bootstrap_mean
from holotype.eval.measures.recall import (
    Neighbours,
    genus_recall_of_other_species,
    nearest,
    recall_at_k,
    recall_intervals,
    recall_within,
    tie_shares,
)
from holotype.eval.measures.taxon_codes import TaxonCodes, count_positives

Units = Callable[[np.random.Generator, int, int], NDArray[np.float32]]


def neighbours_of(rows: list[list[int]]) -> Neighbours:
    places = np.array(rows)
    scores = np.where(places >= 0, -np.arange(places.shape[1]), -np.inf).astype(np.float32)
    return Neighbours(scores, places)


def test_recall_of_a_hand_worked_case() -> None:
    taxa = TaxonCodes.from_names(["a", "a", "b", "", "c"], ["a", "b", "a", ""])
    found = recall_at_k(
        neighbours_of([[1, 0, 2], [2, 1, 0], [3, 0, 1], [3, 1, 0], [0, 1, 2]]), taxa, (1, 2)
    )
    assert found.to_dict() == {
        "n_labelled": 4,
        "n_answerable": 3,
        "n_unanswerable": 1,
        "unanswerable": ["c"],
        "recall": {
            "1": {"micro": pytest.approx(1 / 3), "macro": pytest.approx((1 / 2 + 0) / 2)},
            "2": {"micro": pytest.approx(2 / 3), "macro": pytest.approx((2 / 2 + 0) / 2)},
        },
        "as_misses": {"1": 1 / 4, "2": 2 / 4},
    }
    rows = found.per_taxon.to_dict("records")
    assert rows[0] == {
        "taxon": "a",
        "n_queries": 2,
        "n_answerable": 2,
        "n_gallery": 2,
        "recall@1": 0.5,
        "recall@2": 1.0,
    }
    assert [row["n_gallery"] for row in rows] == [2, 1, 0]
    assert np.isnan(rows[2]["recall@1"])


def test_an_unlabelled_neighbour_is_no_hit_for_an_unlabelled_query() -> None:
    found = recall_at_k(neighbours_of([[0, -1]]), TaxonCodes.from_names([""], [""]), (1,))
    assert found.to_dict()["n_labelled"] == 0
    assert found.to_dict()["recall"]["1"] == {"micro": None, "macro": None}


def test_a_species_with_one_specimen_is_unanswerable_even_with_many_images(units: Units) -> None:
    images = units(np.random.default_rng(0), 6, 5)
    specimens = np.array([0, 0, 0, 1, 2, 3])
    taxa = TaxonCodes.from_names(["a", "a", "a", "b", "b", ""], ["a", "a", "a", "b", "b", ""])
    found = nearest(images, images, query_groups=specimens, gallery_groups=specimens)
    result = recall_at_k(found, taxa)
    assert result.unanswerable == ("a",)
    assert result.to_dict()["n_answerable"] == 2
    assert result.recall[10].micro == 1.0, "all that is allowed is in the list"
    assert result.as_misses[10] == pytest.approx(2 / 5)


@pytest.mark.parametrize("seed", range(8))
def test_recall_equals_brute_force_with_ties_singletons_and_long_lists(
    units: Units, seed: int
) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    n, ks = 40, (1, 5, 10, 60)
    pool = units(rng, 15, 6)
    images = pool[rng.integers(0, 15, n)]
    labels, specimens = rng.integers(-1, 12, n), rng.integers(0, 25, n)
    taxa = TaxonCodes([f"t{i}" for i in range(12)], labels, labels)
    found = nearest(images, images, query_groups=specimens, gallery_groups=specimens, k=max(ks))
    result = recall_at_k(found, taxa, ks)

    exact = (images[:, None].astype(np.float64) * images[None]).sum(axis=2).astype(np.float32)
    hits, answerable = np.zeros((n, len(ks)), bool), np.zeros(n, bool)
    for query in range(n):
        allowed = [row for row in range(n) if specimens[row] != specimens[query]]
        ranked = sorted(allowed, key=lambda row: (-exact[query, row].clip(-1, 1), row))
        right = [labels[row] == labels[query] != -1 for row in ranked]
        hits[query] = [any(right[:k]) for k in ks]
        answerable[query] = any(right)
    np.testing.assert_array_equal(result.hits, hits)
    np.testing.assert_array_equal(result.answerable, answerable)
    for place, k in enumerate(ks):
        by_taxon = [
            hits[answerable & (labels == taxon), place].mean()
            for taxon in np.unique(labels[answerable])
        ]
        assert result.recall[k].micro == pytest.approx(hits[answerable, place].mean(), abs=1e-12)
        assert result.recall[k].macro == pytest.approx(np.mean(by_taxon), abs=1e-12)
        assert result.as_misses[k] == pytest.approx(hits[labels >= 0, place].mean(), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_recall_at_1_equals_the_accuracy_of_scikit_learns_nearest_neighbour(
    units: Units, seed: int
) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    queries, gallery = units(rng, 80, 16), units(rng, 120, 16)
    asked, known = rng.integers(0, 7, 80), rng.integers(0, 7, 120)
    model = KNeighborsClassifier(1, algorithm="brute", metric="cosine").fit(gallery, known)
    result = recall_at_k(
        nearest(queries, gallery), TaxonCodes([str(i) for i in range(7)], asked, known)
    )
    assert result.recall[1].micro == pytest.approx(model.score(queries, asked), abs=1e-9)


def test_genus_recall_of_other_species_does_not_count_the_own_species() -> None:
    genera = TaxonCodes.from_names(["Aa", "Aa", "Bb", "Aa"], ["Aa", "Aa", "Bb", "Aa"])
    species = TaxonCodes.from_names(["Aa x", "Aa y", "Bb z", ""], ["Aa x", "Aa y", "Bb z", ""])
    found = neighbours_of([[0, 1, 2], [3, 1, 0], [2, 0, 1], [0, 1, 2]])
    result = genus_recall_of_other_species(found, genera, species, (1, 2))
    assert result.answerable.tolist() == [True, True, False, False]
    assert result.hits.tolist() == [[False, True], [False, False], [False] * 2, [False] * 2]
    assert result.recall[2].micro == 0.5
    plain = recall_at_k(found, genera, (1, 2))
    assert plain.recall[1].micro == 1.0
    assert (plain.hits | ~result.hits).all(), "the plain figure is never below"


def test_ties_at_the_end_of_the_list_are_reported() -> None:
    scores = np.array([[0.9, 0.9, 0.1], [0.9, 0.8, 0.8], [0.5, -np.inf, -np.inf]], np.float32)
    found = Neighbours(scores, np.array([[0, 1, 2], [0, 1, 2], [0, -1, -1]]))
    assert tie_shares(found, (1, 2)) == {1: 1 / 3, 2: 1 / 3}


def test_lists_that_are_too_short_are_refused() -> None:
    taxa = TaxonCodes.from_names(["a"], ["a"])
    with pytest.raises(ValueError, match="serve 1 to 2"):
        recall_at_k(neighbours_of([[0, -1]]), taxa, (1, 5))
    with pytest.raises(ValueError, match="serve 1 to 1"):
        tie_shares(neighbours_of([[0, -1]]), (1, 2))


def test_an_empty_gallery_makes_every_query_unanswerable() -> None:
    found = nearest(np.eye(2, dtype=np.float32), np.empty((0, 2), np.float32))
    result = recall_at_k(found, TaxonCodes.from_names(["a", "b"], []))
    assert result.unanswerable == ("a", "b")
    assert result.as_misses[1] == 0.0


def test_recall_within_categories_averages_their_queries() -> None:
    species = TaxonCodes.from_names(["a", "b", "c", "d"], ["a", "b", "c"])
    result = recall_at_k(neighbours_of([[0, 1], [0, 1], [0, 1], [0, 1]]), species, (1, 2))
    categories, specimens = np.array([0, 0, 1, 1]), np.arange(4)
    table = recall_within(result, categories, ["Moth", "Fish", "Plant"], specimens)
    figures = ["taxon", "n_answerable", "recall@1", "recall@2"]
    assert table[figures].to_dict("list") == {
        "taxon": ["Moth", "Fish"],
        "n_answerable": [2, 1],
        "recall@1": [0.5, 0.0],
        "recall@2": [1.0, 0.0],
    }
    moths, fish = table.to_dict("records")
    assert (moths["recall@1_low"], moths["recall@1_high"]) == (0.0, 1.0)
    assert 0 < moths["recall@2_low"] < moths["recall@2_high"] == 1.0  # Wilson's: both hit
    assert np.isnan(fish["recall@1_low"])  # of one specimen nothing can be drawn again


def test_intervals_of_several_ks_are_those_of_each() -> None:
    rng = np.random.default_rng(0)
    names = rng.choice(list("abc"), 60)
    found = neighbours_of(rng.integers(0, 60, (60, 4)).tolist())
    result = recall_at_k(found, TaxonCodes.from_names(list(names), list(names)), (1, 3))
    specimens = rng.integers(0, 25, 60)
    together = recall_intervals(result, specimens)
    for place, k in enumerate((1, 3)):
        alone = bootstrap_mean(result.hits[:, place].astype(np.float64), specimens)
        assert together[k] == alone
        assert alone.low < result.recall[k].micro < alone.high


@pytest.mark.parametrize("seed", range(3))
def test_positives_leave_out_the_own_specimen(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    asked, known = rng.integers(-1, 4, 30), rng.integers(-1, 4, 50)
    query_groups, gallery_groups = rng.integers(-3, 9, 30), rng.integers(-3, 9, 50)
    counts = count_positives(TaxonCodes(list("abcd"), asked, known), query_groups, gallery_groups)
    same = (asked[:, None] == known) & (asked[:, None] >= 0)
    expected = (same & (query_groups[:, None] != gallery_groups)).sum(axis=1)
    np.testing.assert_array_equal(counts, expected)


def test_a_code_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match="gallery 1 has taxon code 3"):
        TaxonCodes(["a"], np.array([0]), np.array([0, 3]))
