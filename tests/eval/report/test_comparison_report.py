"""The report on two spaces: what it says is what was compared."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from holotype.eval.report import write_report
from holotype.eval.report.marks import Points
from holotype.eval.report.retrieval.change_plots import (
    Change,
    dumbbells,
    gain_scatter,
    paired_boxes,
)
from holotype.eval.report.summaries import figures_of
from holotype.eval.retrieval.evaluate import evaluate
from holotype.eval.retrieval.two_spaces import SpaceComparison, compare_spaces
from holotype.index.collection import Collection
from tests.eval.planting import SPECIES, Names
from tests.eval.report.page import Page


def compared(collection: Collection, folder: Path, **split: Any) -> tuple[SpaceComparison, str]:
    found = compare_spaces(collection, ("base", "tuned"), **split)
    return found, write_report(found, collection, folder).read_text("utf-8")


def test_figures_of_two_spaces_are_those_of_report_json(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = fill(SPECIES, unnamed=3, spaces=("base", "tuned"))
    found, html = compared(collection, tmp_path / "out")
    told = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert told == json.loads(json.dumps(figures_of(found, collection)))
    assert html.count("<dt>Shrunken gain</dt>") == html.count("<dt>Recall@k</dt>") == 1
    changes = [told["comparison"][rank] for rank in ("category", "genus", "species")]
    assert changes[-1]["fixes"] > 0, "the fixture must have queries that are fixed"
    page = Page(html)
    assert page.figures[0] == told["spaces"][1]["ranks"]["species"]["recall"]["1"]["micro"]
    for row, side, mean in (
        ("base, over queries", "before", "micro"),
        ("tuned, over queries", "after", "micro"),
        ("base, mean of taxa", "before", "macro"),
        ("tuned, mean of taxa", "after", "macro"),
    ):
        assert page.row(row) == [change[side][mean] for change in changes]
    for row, key in (
        ("gain, median of taxa", "median_gain"),
        ("fewer errors", "fewer_errors"),
        ("queries fixed", "fixes"),
        ("queries broken", "breaks"),
        ("McNemar's exact p", "p"),
        ("taxa improved", "improved"),
        ("taxa worsened", "worsened"),
        ("taxa unchanged", "unchanged"),
    ):
        assert page.row(row) == [change[key] for change in changes]
    for row, key in (("gain over queries", "gain_over_taxa"), ("gain, mean of taxa", "macro_gain")):
        assert page.row(row) == [change[key]["estimate"] for change in changes]
        for change in changes:
            low, high = (f"{change[key][side]:+.3f}".replace("-", "−") for side in ("low", "high"))
            assert f"<small>{low} to {high}</small>" in html


def test_most_changed_taxa_are_listed_with_their_shrunken_gain(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    found, html = compared(fill(SPECIES, spaces=("base", "tuned")), tmp_path)
    told = found.to_dict()["comparison"]
    page = Page(html)
    shown = [(text, figures) for text, figures in page.rows if len(figures) == 6]
    columns = ("n", "n_images", "before", "after", "gain", "shrunk_gain")
    for rank in ("species", "genus"):
        listed = told[rank]["most_improved"] + told[rank]["most_worsened"]
        assert listed, "the fixture must have taxa that change"
        for row in listed:
            assert (row["taxon"], [row[column] for column in columns]) in shown
    assert len(re.findall(r'id="change-(?:species|genus)-figure_1"', html)) == 2


def test_the_species_file_of_two_spaces_has_before_after_and_gain(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    twins = [
        {"category": "Moth", "species": "Morus alba"},
        {"category": "Plant", "species": "Morus alba"},
        {"category": "Plant", "species": "Quercus robur"},
    ]
    found, _ = compared(fill(twins, spaces=("base", "tuned")), tmp_path)
    table = pd.read_parquet(tmp_path / "per_species.parquet").set_index(["category", "taxon"])
    assert len(table) == 3
    base = found.before.recall["species"].per_taxon.sort_values("recall@1")["recall@1"]
    assert table["before"].sort_values().tolist() == base.tolist()
    assert table["after"].tolist() == table["recall@1"].tolist()
    assert table["gain"].tolist() == pytest.approx((table["after"] - table["before"]).tolist())
    for place, space in ((0, found.before), (1, found.after)):
        taxa, recall = space.taxa["species"], space.recall["species"]
        moth = space.taxa["category"].query == space.taxa["category"].names.index("Moth")
        hits = recall.hits[moth, 0].mean()
        assert table.loc[("Moth", "Morus alba"), ("before", "after")[place]] == hits
        assert len(taxa.names) == 3


def test_two_spaces_that_do_not_differ_and_a_space_without_answers(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    collection = fill(SPECIES)
    same = compare_spaces(collection, ("base", "base"))
    html = write_report(same, collection, tmp_path / "same").read_text("utf-8")
    assert "No species has another recall@1 than before." in html
    assert Page(html).row("McNemar's exact p") == [1.0, 1.0, 1.0]
    _, html = compared(fill(SPECIES, each=1, spaces=("base", "tuned")), tmp_path / "none")
    assert "No query can be answered in both spaces." in html
    assert "What gained and what lost" not in html


@pytest.mark.parametrize(
    "taxa",
    [
        [{"category": "Moth"}, {"category": "Fish"}],
        [{"genus": f"G{i}"} for i in range(4)],
        [{"species": f"Noctua n{i}"} for i in range(4)],
    ],
    ids=["categories only", "genera only", "one genus"],
)
def test_two_spaces_of_collections_without_some_ranks(
    fill: Callable[..., Collection], tmp_path: Path, taxa: list[Names]
) -> None:
    found, html = compared(fill(taxa, spaces=("base", "tuned")), tmp_path)
    finest = found.by_rank[list(found.after.recall)[-1]]
    assert Page(html).row("queries")[-1] == finest.n
    assert len(Page(html).ids) == len(set(Page(html).ids))
    assert not re.search(r">nan|\"nan", html)


def test_a_leaking_split_is_told_first_with_both_figures(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    split: dict[str, Any] = {
        "query": ["split=test"],
        "gallery": ["split=train"],
        "allow_leak": True,
    }
    collection = fill(SPECIES, spaces=("base", "tuned"), per_specimen=2)
    found = evaluate(collection, space="base", **split)
    html = write_report(found, collection, tmp_path / "one").read_text("utf-8")
    page = Page(html)
    assert found.with_leaks
    assert html.index('class="notice"') < html.index('id="headline"')
    crossing = len(np.unique(found.images.specimens[found.leaks.specimens[:, 0]]))
    n = len(found.leaks.queries)
    assert f"{n} of 16 queries are given away by the gallery: {n} show one of {crossing}" in html
    for rank, recall in found.recall.items():
        clean, seeming = recall.recall[1].micro, found.with_leaks[rank]
        assert page.row(rank) == [clean, seeming, seeming - clean]
    two, html = compared(collection, tmp_path / "two", **split)
    row = Page(html).row("species")
    for place, side in enumerate((two.before, two.after)):
        clean, seeming = side.recall["species"].recall[1].micro, side.with_leaks["species"]
        assert row[3 * place : 3 * place + 3] == [clean, seeming, seeming - clean]


def test_figures_of_two_spaces_take_any_name() -> None:
    names = ["$x$ <b>", "中文 & \u00e9", "plain"] * 2
    points = Points(names[0], names, np.linspace(-1, 1, 6))
    shares = Points(names[0], names, np.linspace(0, 1, 6))
    change = Change(names[0], 3, 0.0, 1.0, 0.4)
    for svg in (
        paired_boxes([(shares, shares)], ("base", "tuned"), axis="recall", italic=True),
        gain_scatter(points, np.array([1, 5, 900, 7, 7, 7]), x_axis="n", y_axis="gain"),
        dumbbells([change], [], ("base", "tuned"), key="a", italic=True),
        dumbbells([], [change], ("base", "tuned"), key="b", italic=False),
    ):
        assert svg.startswith("<svg viewBox=")
        assert "<b>" not in svg
        assert not re.search(r"http|<style|<metadata", svg)
