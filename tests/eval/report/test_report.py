"""The report: what it says is what was measured, and it opens anywhere."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from holotype.eval.report import write_report
from holotype.eval.report.cells import interval_text
from holotype.eval.report.heat_map import heat_map
from holotype.eval.report.marks import Points
from holotype.eval.report.retrieval.plots import box_plot, scatter
from holotype.eval.report.summaries import figures_of
from holotype.eval.retrieval.evaluate import Evaluation, evaluate
from holotype.index.collection import Collection
from tests.eval.planting import SPECIES, Names
from tests.eval.report.page import Page


def written(collection: Collection, folder: Path, **split: Any) -> tuple[Evaluation, str]:
    evaluation = evaluate(collection, **split)
    page = write_report(evaluation, collection, folder)
    assert page == folder / "report.html"
    return evaluation, page.read_text("utf-8")


def test_figures_of_the_page_are_those_of_report_json(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = fill(SPECIES, unnamed=3)
    evaluation, html = written(collection, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert told == json.loads(json.dumps(figures_of(evaluation, collection)))
    page = Page(html)
    assert page.figures[0] == told["ranks"]["species"]["recall"]["1"]["micro"]
    assert 0 < page.figures[0] < 1, "the fixture must have both right and wrong answers"
    for rank, figures in told["ranks"].items():
        recall = [figures["recall"][k]["micro"] for k in ("1", "5", "10")]
        macro = [figures["recall"][k]["macro"] for k in ("1", "5", "10")]
        for k in (1, 5, 10):
            bounds = figures[f"recall_at_{k}_interval"]
            assert interval_text(bounds["low"], bounds["high"]) in html
        counts = [figures["n_answerable"], figures["n_unanswerable"]]
        assert page.row(rank, 0) == [*counts, *recall, *macro, figures["as_misses"]["1"]]
        ranking = figures["ranking"]
        measures = ("map_at_r", "r_precision", "mrr")
        assert page.row(rank, 1) == [ranking[m][s] for m in measures for s in ("micro", "macro")]
    for row in told["species_recall_by_category"]:
        shown = page.row(row["taxon"])
        assert shown[1:5] == [row["n_answerable"], *(row[f"recall@{k}"] for k in (1, 5, 10))]
        for k in (1, 5, 10):
            low, high = (row[f"recall@{k}_{end}"] for end in ("low", "high"))
            if low is not None:  # of one specimen there is none
                assert interval_text(low, high) in html


def test_per_species_table_of_the_page_and_of_the_file_are_one(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    evaluation, html = written(fill(SPECIES), tmp_path)
    table = pd.read_parquet(tmp_path / "per_species.parquet")
    counted = evaluation.recall["species"].per_taxon.set_index("taxon")
    assert sorted(table["taxon"]) == sorted(counted.index)
    assert table["recall@1"].is_monotonic_increasing
    page = Page(html)
    for row in table.to_dict("records"):
        name = row["taxon"]
        assert row["genus"] == name.split(" ")[0]
        assert row["category"] == ("Moth" if row["family"] == "Noctuidae" else "Plant")
        for column in ("n_queries", "n_answerable", "n_gallery", "recall@1", "recall@10"):
            assert row[column] == counted.loc[name, column]
        shown = ("n_queries", "n_gallery", *(f"recall@{k}" for k in (1, 5, 10)))
        figures = [row[c] for c in (*shown, "recall_at_95_precision")]
        assert 0 <= row["recall_at_95_precision"] <= row["recall@1"]
        assert figures in [found for text, found in page.rows if text == name]
        assert row["recall@1_low"] <= row["recall@1"] <= row["recall@1_high"]
        assert row["n_mistaken"] <= round((1 - row["recall@1"]) * row["n_answerable"])


def test_genus_table_counts_other_species_by_hand(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    evaluation, html = written(fill(SPECIES), tmp_path)
    others = evaluation.other_species
    assert others is not None
    figures = others.per_taxon.set_index("taxon")
    page = Page(html)
    shown = page.row("Quercus")
    assert shown[:3] == [3, 18, 18]
    assert shown[-2:] == [figures.loc["Quercus", "recall@1"], figures.loc["Quercus", "recall@10"]]
    assert len(page.row("Xestia")) == 6, "a genus of one species has no figure by other species"


def test_page_loads_and_runs_nothing(fill: Callable[..., Collection], tmp_path: Path) -> None:
    _, html = written(fill(SPECIES, unnamed=2), tmp_path)
    page = Page(html)
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "form", "base"}
    assert not [
        link for link in page.links if not link.startswith(("#", "data:image/jpeg;base64,"))
    ]
    assert not re.search(r"url\((?!#)|@import", html)
    assert "http" not in re.sub(r"http-equiv", "", html)
    assert len(page.ids) == len(set(page.ids)), "two elements of one id"
    targets = {link for link in page.links if link.startswith("#")}
    assert targets <= {f"#{name}" for name in page.ids}
    assert str(tmp_path) not in html, "a report that is mailed tells nobody's folders"


def test_names_cannot_be_markup(fill: Callable[..., Collection], tmp_path: Path) -> None:
    _, html = written(fill(SPECIES), tmp_path)
    assert "<b>x</b>" not in html
    assert "<i>Xestia &lt;b&gt;x&lt;/b&gt;</i>" in html
    assert "<i>Castanea $a$ &amp; c</i>" in html


def test_missing_and_damaged_pictures_leave_a_box(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = fill(SPECIES)
    _, whole = written(collection, tmp_path / "whole")
    assert "picture not found" not in whole
    assert whole.count("data:image/jpeg;base64,") > 6
    shutil.rmtree(collection.folder / "thumbnails")
    for number, path in enumerate(sorted((collection.folder / "images").iterdir())):
        path.unlink() if number % 2 else path.write_bytes(b"not a picture")
    _, html = written(collection, tmp_path / "gone")
    assert html.count("picture not found") == whole.count("data:image/jpeg;base64,")
    assert "data:image" not in Page(html).links


@pytest.mark.parametrize(
    ("taxa", "missing"),
    [
        ([{"species": f"Noctua n{i}"} for i in range(4)], "Recall by category"),
        ([{"category": "Moth", "species": f"G{i} s"} for i in range(4)], "Confusion of categories"),
        ([{"category": "Moth"}, {"category": "Fish"}], "All genera"),
        ([{"category": "Moth"}], "Most confident mistakes"),
        ([{"genus": f"G{i}"} for i in range(4)], "All species"),
    ],
    ids=["no category", "one category", "categories only", "one taxon", "genera only"],
)
def test_collections_without_some_ranks(
    fill: Callable[..., Collection], tmp_path: Path, taxa: list[Names], missing: str
) -> None:
    evaluation, html = written(fill(taxa, unnamed=2), tmp_path)
    assert missing not in html
    assert Page(html).figures[0] == list(evaluation.recall.values())[-1].recall[1].micro
    table = pd.read_parquet(tmp_path / "per_species.parquet")
    assert len(table) == (len(taxa) if "species" in taxa[0] else 0)
    assert {"taxon", "n_queries", "recall@1"} <= set(table)


def test_singletons_are_listed_and_have_no_recall(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    _, html = written(fill(SPECIES, each=1), tmp_path)
    assert "8 queries of 8 species" in html
    assert "recall cannot be measured" in html
    assert pd.read_parquet(tmp_path / "per_species.parquet")["recall@1"].isna().all()


def test_a_split_says_who_asks_and_who_answers(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    _, html = written(fill(SPECIES), tmp_path, query=["split=test"], gallery=["split=train"])
    assert "split=test asks, split=train answers" in html
    assert "16 images of 16 specimens, 8 species" in html


def test_genera_of_one_name_in_two_categories_stay_apart(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    taxa = [
        {"category": "Moth", "species": "Morus alba"},
        {"category": "Moth", "species": "Morus nigra"},
        {"category": "Plant", "species": "Morus rubra"},
    ]
    _, html = written(fill(taxa), tmp_path)
    page = Page(html)
    found = [figures for text, figures in page.rows if text == "Morus"]
    assert sorted(figures[:3] for figures in found) == [[1, 6, 6], [2, 12, 12]]


def test_many_pictures_stay_small(fill: Callable[..., Collection], tmp_path: Path) -> None:
    taxa = [{"category": "Moth", "species": f"G{i // 3} s{i}"} for i in range(120)]
    _, html = written(fill(taxa, each=3), tmp_path)
    assert len(html) < 5_000_000
    assert html.count('class="example"') == 24
    assert "The other 95 of 120 rows" in html


def test_figures_take_any_name_and_a_single_point() -> None:
    names = ["$x$ <b>", "中文 & \u00e9", "plain"]
    values = np.array([0.0, 1.0, 0.5])
    for svg in (
        box_plot([Points(names[0], names, values)], axis="recall", italic=True),
        scatter(Points("", names, values), np.array([1, 5, 900]), x_axis="n", y_axis="recall"),
        scatter(Points("", names[:1], values[:1]), np.array([3]), x_axis="n", y_axis="recall"),
        heat_map(np.eye(3, dtype=np.int64), names, italic=False),
        heat_map(np.zeros((2, 2), np.int64), names[:2], italic=False),
    ):
        assert svg.startswith("<svg viewBox=")
        assert "<b>" not in svg
        assert "nan" not in svg.lower()
        assert not re.search(r"http|<style|<metadata", svg)
    labelled = heat_map(np.eye(3, dtype=np.int64), names, italic=False)
    assert labelled.count(">$x$ &lt;b&gt;</text>") == 2, "a dollar is a letter, not a formula"


def test_a_clean_split_and_leave_one_out_say_so_and_give_no_notice(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = fill(SPECIES)
    split = {"query": ["split=test"], "gallery": ["split=train"]}
    _, html = written(collection, tmp_path / "split", **split)
    assert "Nothing crosses the split" in html
    assert 'class="notice"' not in html
    _, html = written(collection, tmp_path / "one-out")
    assert "No image has an exact copy under another specimen" in html
    first, second = (collection.image(f"image-{number}") for number in (0, 1))
    vector = collection.gallery().index.vectors[1]
    collection.store(collection.space(), [(replace(second, sha256=first.sha256), vector)])
    _, html = written(collection, tmp_path / "copies")
    assert "2 images have an exact copy under another specimen" in html
    assert 'class="notice"' not in html
