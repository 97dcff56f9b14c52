"""Folds and sites: pooled figures are those of every fold on its own, and nothing crosses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from holotype.eval.measures.recall import nearest, recall_at_k
from holotype.eval.measures.taxon_codes import TaxonCodes
from holotype.eval.protocols.columns import column_codes
from holotype.eval.protocols.leaks import LeakError
from holotype.eval.retrieval.cross_validation import evaluate_kfold, evaluate_sites
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.training.spaces import tune_space
from tests.eval.planting import SPECIES, Planted, noisy

Make = Callable[[Sequence[Planted]], Collection]


def write_column(collection: Collection, column: str, values: Sequence[str]) -> None:
    """Give the images, in their order, values in a column of the manifest's own."""
    images = list(collection.images())
    told = [
        replace(image, metadata={column: value} if value else {})
        for image, value in zip(images, values, strict=True)
    ]
    collection.store(collection.space(), [(image, None) for image in told])


def test_pooled_folds_are_the_folds_one_by_one(make: Make) -> None:
    collection = make(noisy(SPECIES, each=7, per_specimen=2))
    found = evaluate_kfold(collection, folds=4)
    images = collection.gallery()
    labels, vectors = images.labels("species"), images.index.vectors
    table = found.by_fold("species")
    hits = []
    for fold in range(4):
        asked, held = np.flatnonzero(found.fold == fold), np.flatnonzero(found.fold != fold)
        assert not np.isin(images.specimens[asked], images.specimens[held]).any()
        neighbours = nearest(vectors[asked], vectors[held])
        alone = recall_at_k(neighbours, TaxonCodes.split(labels.names, labels.codes, asked, held))
        assert table["n_answerable"][fold] == alone.answerable.sum()
        for k in (1, 5, 10):
            assert table[f"recall@{k}"][fold] == pytest.approx(alone.recall[k].micro)
        hits.append(alone.hits[alone.answerable, 0])
    pooled = np.concatenate(hits)
    assert found.recall["species"].recall[1].micro == pytest.approx(pooled.mean())
    figures = found.to_dict()
    spread = figures["over_folds"]["species"]["recall@1"]
    assert spread["mean"] == pytest.approx(table["recall@1"].mean())
    assert spread["sd"] == pytest.approx(table["recall@1"].std())
    assert figures["protocol"]["name"] == "4-fold, every specimen whole (seed 0)"


def test_a_copy_under_another_name_stays_in_its_fold(make: Make) -> None:
    rows = noisy(SPECIES, each=6)
    rows[1] = replace(rows[1], picture=rows[40].picture, vectors=rows[40].vectors)
    for seed in range(5):
        found = evaluate_kfold(make(rows), folds=5, seed=seed)
        assert found.fold[1] == found.fold[40]
        assert found.n_united == 2


def test_a_column_stays_whole_and_takes_its_specimens_along(make: Make) -> None:
    collection = make(noisy(SPECIES, each=6, per_specimen=2))
    dates = [f"day {number // 5}" if number % 7 else "" for number in range(48)]
    write_column(collection, "day", dates)
    found = evaluate_kfold(collection, folds=3, group="day")
    codes, _ = column_codes(collection, collection.gallery(), "day")
    for day in range(codes.max() + 1):
        assert len(set(found.fold[codes == day].tolist())) == 1
    specimens = found.images.specimens
    for specimen in np.unique(specimens):
        assert len(set(found.fold[specimens == specimen].tolist())) == 1


def test_each_site_asks_all_others_and_the_siteless_only_answer(make: Make) -> None:
    collection = make(noisy(SPECIES, each=6))
    sites = [("north", "south", "")[number % 3] for number in range(48)]
    write_column(collection, "site", sites)
    found = evaluate_sites(collection)
    assert list(found.folds) == ["north", "south"]
    asked = found.protocol.query_rows
    assert {sites[row] for row in asked.tolist()} == {"north", "south"}
    images, names = collection.gallery(), np.array(sites)
    labels = images.labels("species")
    for place, site in enumerate(found.folds):
        own, others = np.flatnonzero(names == site), np.flatnonzero(names != site)
        neighbours = nearest(images.index.vectors[own], images.index.vectors[others])
        taxa = TaxonCodes.split(labels.names, labels.codes, own, others)
        alone = recall_at_k(neighbours, taxa).recall[1].micro
        assert found.by_fold("species")["recall@1"][place] == pytest.approx(alone)


def test_a_specimen_at_two_sites_is_refused_or_measured_both_ways(make: Make) -> None:
    rows = noisy(SPECIES, each=6)
    rows[1] = replace(rows[1], specimen="specimen-0")
    rows[3] = replace(rows[3], picture=rows[2].picture, vectors=rows[2].vectors)
    collection = make(rows)
    write_column(collection, "site", [("north", "south")[number % 2] for number in range(48)])
    with pytest.raises(LeakError, match="4 of 48 queries are given away"):
        evaluate_sites(collection)
    found = evaluate_sites(collection, allow_leak=True)
    assert found.to_dict()["n"] == 44
    assert not set(found.protocol.query_rows.tolist()) & {0, 1, 2, 3}
    assert found.with_leaks["species"] > 0
    assert found.leaks.to_dict()["n_specimens"] == 2
    assert found.leaks.to_dict()["n_near"] == 2


def test_what_cannot_be_measured_is_refused_in_one_sentence(make: Make) -> None:
    collection = make(noisy(SPECIES, each=6))
    with pytest.raises(UsageError, match="has a value in column 'site'; there are values in"):
        evaluate_sites(collection)
    write_column(collection, "site", ["here"] * 48)
    with pytest.raises(UsageError, match=r"--site site: .* at least 2 sites"):
        evaluate_sites(collection)
    with pytest.raises(UsageError, match="--folds 99 with --group specimen"):
        evaluate_kfold(collection, folds=99)
    few = make(noisy(SPECIES[:3], each=3))
    tune_space(few)
    write_column(few, "site", ["north", "north", "south"] * 3)
    with pytest.raises(UsageError, match="cannot be tuned without the images that ask: "):
        evaluate_sites(few, space="tuned")
