"""Classifiers are fitted on galleries alone, and their figures are those of scikit-learn."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.metrics import balanced_accuracy_score, cohen_kappa_score, f1_score

from holotype.eval.classifiers import methods
from holotype.eval.classifiers.methods import Labelled, Named
from holotype.eval.classifiers.resampled import figures_with_intervals
from holotype.eval.report import write_report
from holotype.eval.retrieval.cross_validation import evaluate_kfold, evaluate_sites
from holotype.eval.retrieval.evaluate import evaluate
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.training.spaces import tune_space
from tests.eval.planting import SPECIES, Planted, noisy
from tests.eval.report.page import Page

SPLIT: dict[str, Any] = {"query": ["split=test"], "gallery": ["split=train"]}
Make = Callable[[Sequence[Planted]], Collection]


@pytest.fixture
def seen(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Labelled, NDArray[np.float32]]]:
    """What `knn` learned from and was asked with, call by call."""
    calls = []

    def noted(known: Labelled, queries: NDArray[np.float32], seed: int) -> Named:
        calls.append((known, queries))
        return methods.nearest_neighbours(known, queries)

    monkeypatch.setattr(methods, "METHODS", {**methods.METHODS, "knn": noted})
    return calls


def test_figures_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 6, 200)
    answers = [np.where(rng.random(200) < p, truth, rng.integers(0, 7, 200)) for p in (0.5, 0.8)]
    groups = np.arange(200) // 2
    figures, gains = figures_with_intervals(truth, answers, groups)
    for found, given in zip(figures, answers, strict=True):
        assert found["accuracy"].estimate == pytest.approx((truth == given).mean())
        assert found["kappa"].estimate == pytest.approx(cohen_kappa_score(truth, given))
        f1 = f1_score(truth, given, average="macro", labels=range(6))
        assert found["macro_f1"].estimate == pytest.approx(f1)
        with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
            balanced = balanced_accuracy_score(truth, given)
        assert found["balanced_accuracy"].estimate == pytest.approx(balanced)
        for interval in found.values():
            assert interval.low < interval.estimate < interval.high
    for name, gain in gains[1].items():
        difference = figures[1][name].estimate - figures[0][name].estimate
        assert gain.estimate == pytest.approx(difference)
        assert 0 < gain.low < gain.high
    assert {gain.high for gain in gains[0].values()} == {0.0}


@pytest.mark.slow
def test_all_methods_name_the_queries_of_a_split(fill: Callable[..., Collection]) -> None:
    collection = fill(SPECIES, each=9)
    found = evaluate(collection, **SPLIT, classifiers=["knn", "knn-tuned", "logistic", "mlp"])
    beside = found.classifiers
    assert beside is not None
    assert beside.n == 24
    assert [each.method for each in beside.methods] == ["knn", "knn-tuned", "logistic", "mlp"]
    for each in beside.methods:
        assert each.figures["accuracy"].estimate > 0.7
        gain = each.figures["accuracy"].estimate - beside.methods[0].figures["accuracy"].estimate
        assert (each.fixes - each.breaks) / beside.n == pytest.approx(gain)
        assert each.above.n_accepted <= beside.n
    told = found.to_dict()["classifiers"]
    assert told == json.loads(json.dumps(told))
    assert "classifiers" not in evaluate(collection, **SPLIT).to_dict()


def test_nothing_that_asks_is_learned_from(
    fill: Callable[..., Collection], seen: list[tuple[Labelled, NDArray[np.float32]]]
) -> None:
    collection = fill(SPECIES, each=10, per_specimen=2, unnamed=4)
    found = evaluate_kfold(collection, folds=3, classifiers=["knn"])
    assert found.classifiers is not None
    assert found.classifiers.n == 80
    assert len(seen) == 6  # for every fold a threshold, then the answers
    asked = 0
    for learned, answering in zip(seen[0::2], seen[1::2], strict=True):
        # The threshold is chosen on images of the same gallery, which none of its fit shows.
        gallery = {row.tobytes() for row in answering[0].vectors}
        assert {row.tobytes() for row in learned[0].vectors} < gallery
        part = {row.tobytes() for row in learned[1]}
        assert part < gallery
        assert not part & {row.tobytes() for row in learned[0].vectors}
        assert not gallery & {row.tobytes() for row in answering[1]}
        assert (answering[0].labels >= 0).all()
        asked += len(answering[1])
    assert asked == 80


def test_specimens_that_cross_the_split_are_not_learned_from(
    make: Make, seen: list[tuple[Labelled, NDArray[np.float32]]]
) -> None:
    rows = noisy(SPECIES, each=9)
    crossing = next(place for place, row in enumerate(rows) if row.split == "train")
    asks = next(row.specimen for row in rows if row.split == "test")
    rows[crossing] = replace(rows[crossing], specimen=asks)
    found = evaluate(make(rows), **SPLIT, allow_leak=True, classifiers=["knn"])
    assert found.classifiers is not None
    assert found.classifiers.n_unused == 1
    vector = rows[crossing].vectors["base"].tobytes()
    assert vector not in {row.tobytes() for row in seen[-1][0].vectors}


def test_a_tuned_space_takes_no_part(fill: Callable[..., Collection]) -> None:
    collection = fill(SPECIES, each=9)
    tune_space(collection, where=["split=train"])
    tables = []
    for space in ("base", "tuned"):
        found = evaluate(collection, space=space, **SPLIT, classifiers=["knn"])
        assert found.classifiers is not None
        tables.append(found.classifiers.table())
    pd.testing.assert_frame_equal(tables[0], tables[1])


def test_queries_of_taxa_that_the_gallery_lacks_do_not_ask(make: Make) -> None:
    rows = noisy(SPECIES, each=9)
    lonely = [replace(row, split="test") if row.names == rows[0].names else row for row in rows]
    found = evaluate(make(lonely), **SPLIT, classifiers=["knn", "logistic"])
    assert found.classifiers is not None
    assert found.classifiers.n == 21
    assert found.classifiers.n_unanswerable == 9


@pytest.mark.slow
def test_sites_ask_in_turn(make: Make) -> None:
    rows = [
        replace(row, split=f"site-{number % 3}")
        for number, row in enumerate(noisy(SPECIES, each=9))
    ]
    found = evaluate_sites(make(rows), site="split", classifiers=["logistic"])
    assert found.classifiers is not None
    assert found.classifiers.n == 72
    assert len(found.classifiers.methods[0].thresholds) == 3


@pytest.mark.slow
def test_the_report_holds_every_figure(fill: Callable[..., Collection], tmp_path: Path) -> None:
    collection = fill(SPECIES, each=9)
    found = evaluate(collection, **SPLIT, classifiers=["knn", "logistic"])
    assert found.classifiers is not None
    html = write_report(found, collection, tmp_path).read_text()
    page = Page(html)
    table = pd.read_csv(tmp_path / "classifiers.csv")
    assert list(table["method"]) == ["knn", "logistic"]
    for _, row in table.iterrows():
        figures = page.row(str(row["method"]))
        assert figures[0] == pytest.approx(row["accuracy"])
        assert row["macro_f1"] in [pytest.approx(figure) for figure in figures]
    by_taxon = pd.read_csv(io.BytesIO((tmp_path / "classifiers_by_taxon.csv").read_bytes()))
    assert len(by_taxon) == 2 * len(SPECIES)
    assert {"sensitivity", "fall_out"} < set(by_taxon.columns)
    assert "svg" in page.tags
    assert len(page.ids) == len(set(page.ids))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({**SPLIT, "classifiers": ["svm"]}, "no classifier 'svm'; there are knn, knn-tuned"),
        ({**SPLIT, "classifiers": [""]}, "no classifier ''; there are"),
        ({"classifiers": ["mlp"]}, "name both sides by --query and --gallery"),
    ],
)
def test_what_cannot_be_fitted_is_said(
    fill: Callable[..., Collection], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        evaluate(fill(SPECIES), **options)


def test_a_gallery_that_is_too_small_is_said(make: Make) -> None:
    rows = noisy(SPECIES[:1], each=9)
    with pytest.raises(UsageError, match=r"'logistic' cannot be fitted .* of 1 class"):
        evaluate(make(rows), **SPLIT, classifiers=["logistic"])
