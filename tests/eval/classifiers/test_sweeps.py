"""Sweeps choose inside the gallery, draw alike for all methods, and write their page."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from holotype.eval.classifiers import grid
from holotype.eval.classifiers.grid import evaluate_grid
from holotype.eval.protocols.leaks import LeakError
from holotype.eval.report import write_report
from holotype.eval.retrieval.evaluate import evaluate
from holotype.eval.retrieval.learning_curve import evaluate_curve
from holotype.index.collection import Collection
from holotype.training.baselines.config import ClassifierConfig
from tests.eval.planting import SPECIES
from tests.eval.report.page import Page

SPLIT: dict[str, Any] = {"query": ["split=test"], "gallery": ["split=train"]}
SMALL = ClassifierConfig(hidden=(32, 16), dropout=0.2, epochs=5, least_steps=40)
Fill = Callable[..., Collection]


def test_the_grid_is_chosen_on_the_gallery_and_asked_once(
    fill: Fill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    collection = fill(SPECIES, each=9)
    images = collection.gallery(None)
    queries = {row.tobytes() for row in images.index.vectors[::3]}
    asked, real = [], grid._named

    def noted(known: Any, vectors: Any, config: ClassifierConfig) -> Any:
        asked.append((config, bool({row.tobytes() for row in vectors} & queries)))
        assert not {row.tobytes() for row in known.vectors} & queries
        return real(known, vectors, config)

    monkeypatch.setattr(grid, "_named", noted)
    momenta = (0.0, 0.99)
    found = evaluate_grid(collection, **SPLIT, config=SMALL, rates=(0.05, 1e8), momenta=momenta)
    assert [of_queries for _, of_queries in asked] == [False] * 4 + [True]
    assert asked[-1][0] == found.chosen
    assert np.isnan(found.accuracy[1]).all()  # nothing is learned at such a rate
    place = momenta.index(found.chosen.momentum)
    assert found.accuracy[0, place] == np.nanmax(found.accuracy)
    assert (found.n_fitted, found.n_chosen_on, found.n) == (36, 12, 24)
    told = found.to_dict()
    assert told == json.loads(json.dumps(told, allow_nan=False))

    page = Page(write_report(found, collection, tmp_path).read_text())
    assert page.row("0.05") == [pytest.approx(share) for share in found.accuracy[0]]
    assert len(pd.read_csv(tmp_path / "sweep.csv")) == 4
    assert (
        "Of 24 pictures a perceptron"
        in json.loads((tmp_path / "report.json").read_text())["summary"]
    )


def test_the_curve_ends_where_the_whole_gallery_is(fill: Fill, tmp_path: Path) -> None:
    collection = fill(SPECIES, each=9)
    methods = ["knn", "logistic"]
    found = evaluate_curve(collection, **SPLIT, per_taxon=True, replicates=3, classifiers=methods)
    whole = evaluate(collection, **SPLIT, classifiers=methods)
    assert whole.classifiers is not None
    for each in whole.classifiers.methods:
        sizes = found.by_size(each.method)
        assert list(sizes["n"]) == [1, 3, 6]
        assert list(sizes["draws"]) == [3, 3, 1]
        assert list(sizes["images"]) == [8, 24, 48]
        assert sizes["mean"].iloc[-1] == pytest.approx(each.figures["accuracy"].estimate)
    assert found.to_dict()["unit"] == "images of every species"
    plain = evaluate_curve(collection, **SPLIT, per_taxon=True, replicates=3)
    pd.testing.assert_frame_equal(plain.draws, found.draws)  # all draw alike
    assert "classifiers" not in plain.to_dict()

    page = Page(write_report(found, collection, tmp_path).read_text())
    assert any(found.by_size("logistic")["mean"].iloc[0] in figures for _, figures in page.rows)
    assert len(pd.read_csv(tmp_path / "sweep.csv")) == 3 * 7


def test_a_draw_of_one_class_has_no_figure(fill: Fill) -> None:
    collection = fill(SPECIES, each=9)
    found = evaluate_curve(collection, **SPLIT, replicates=2, classifiers=["logistic"])
    sizes = found.by_size("logistic")
    assert sizes["n"].iloc[0] == 1
    assert sizes["draws"].iloc[0] == 0
    assert found.to_dict()["classifiers"]["logistic"][0]["mean"] is None


def test_a_split_that_gives_answers_away_is_refused(fill: Fill) -> None:
    with pytest.raises(LeakError, match="given away by the gallery"):
        evaluate_grid(fill(SPECIES, each=9, per_specimen=2), **SPLIT, config=SMALL)
