"""The report on answers: what it says is what was answered, with and without novel specimens."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from holotype.eval.identification.details import accuracy_interval, auroc_interval, describe
from holotype.eval.identification.draws import AnswerEvaluation, far_specimens
from holotype.eval.identification.evaluate import evaluate_honesty
from holotype.eval.identification.species import class_counts, given_finest, likeliest
from holotype.eval.measures.calibration_error import reliability
from holotype.eval.measures.classification import ClassCounts, confusion_matrix
from holotype.eval.measures.selective import selective_curve
from holotype.eval.report import write_report
from holotype.eval.report.identification.bars import RankBars, Scores, distributions, rank_bars
from holotype.eval.report.identification.curves import (
    RankReliability,
    reliability_panels,
    risk_coverage,
    roc,
    threshold_curves,
)
from holotype.eval.report.summaries import figures_of
from holotype.index.collection import Collection
from tests.conftest import Ask, Cli
from tests.eval.planting import HOSTILE, SPECIES, Names
from tests.eval.report.page import Page

FISH: Names = {"category": "Fish", "family": "Gobiidae", "species": "Gobius g"}
KEYS = [
    "summary", "protocol", "query", "gallery", "left_out", "share", "far", "risk", "prior",
    "fitted_on", "mean", "pooled", "runs", "with_leaks",
]  # fmt: skip
RUN_KEYS = [
    "seed", "n_known", "n_novel", "outcomes", "known_right_at_some_rank", "given_answers_right",
    "given_answers_right_known", "over_commitment", "rank_given", "novelty", "retained",
    "selective", "ece_known", "ece_open", "set_coverage", "set_size", "unusually_far",
]  # fmt: skip


DRAWN_KNOWN = ("finest_right", "higher_right", "unanswered", "higher_wrong", "finest_wrong")
DRAWN_NOVEL = ("higher_right", "unknown", "named_wrongly")


def written(
    collection: Collection, folder: Path, **asked: Any
) -> tuple[AnswerEvaluation, str, dict[str, Any]]:
    found = evaluate_honesty(collection, **asked)
    page = write_report(found, collection, folder)
    assert page == folder / "report.html"
    told = json.loads((folder / "report.json").read_text("utf-8"))
    return found, page.read_text("utf-8"), told


@pytest.fixture
def moths_and_fish(fill: Callable[..., Collection]) -> Collection:
    return fill((*SPECIES, FISH), each=12)


def test_every_section_and_figure_is_there(moths_and_fish: Collection, tmp_path: Path) -> None:
    found, html, told = written(
        moths_and_fish, tmp_path, left_out="species", far=["category=Fish"], seeds=2
    )
    assert list(told) == [*KEYS, "first_draw"]
    assert [list(run) for run in told["runs"]] == [RUN_KEYS] * 2
    assert {key: told[key] for key in KEYS} == json.loads(
        json.dumps(figures_of(found, moths_and_fish))
    )
    page = Page(html)
    for key in ("given", "threshold", "calibration", "novelty", "sets", "confusion", "taxa"):
        assert key in page.ids
    for figure in ("given", "threshold", "risk", "reliability", "known", "roc", "heat"):
        assert f"{figure}-figure_1" in page.ids
    assert "Draw by draw" in html
    mean = told["mean"]
    assert told["summary"] in unescape(html).split("<main>")[0]
    ends = [
        *(mean["outcomes"]["known"][end] for end in DRAWN_KNOWN),
        *(mean["outcomes"]["novel"][end] for end in DRAWN_NOVEL),
    ]
    shown = [figures[1] for text, figures in page.rows if text in ("known", "novel")][: len(ends)]
    assert shown == pytest.approx(ends, abs=1e-12)
    tiles = [mean["given_answers_right"], mean["novelty"]["auroc"]]
    first = 2 * len(ends)
    assert page.figures[first : first + 2] == pytest.approx(tiles, abs=1e-12)
    first_run = told["runs"][0]
    retained = first_run["retained"]
    assert page.row("novel specimens flagged") == [retained["detected_novel"]["estimate"]]
    chosen = page.row("chosen on calibration data")
    assert chosen[-1] == first_run["selective"]["overall_correct"]
    errors = [page.row(rank, 0)[0] for rank in ("species", "genus")]
    assert errors == [first_run["ece_known"][rank] for rank in ("species", "genus")]


def test_the_page_is_safe_and_loads_nothing(moths_and_fish: Collection, tmp_path: Path) -> None:
    _, html, _ = written(moths_and_fish, tmp_path, left_out="genus", far=["category=Fish"])
    page = Page(html)
    assert not page.tags & {"script", "link", "iframe", "object", "embed", "form", "base"}
    assert not [
        link for link in page.links if not link.startswith(("#", "data:image/jpeg;base64,"))
    ]
    assert "http" not in re.sub(r"http-equiv", "", html)
    assert len(page.ids) == len(set(page.ids)), "two elements of one id"
    assert {link for link in page.links if link.startswith("#")} <= {f"#{i}" for i in page.ids}
    assert "Draw by draw" not in html
    assert HOSTILE not in html
    assert str(tmp_path) not in html
    assert not re.search(r">nan|\"nan", html)


def test_without_novel_specimens_nothing_is_said_about_them(
    fill: Callable[..., Collection], tmp_path: Path
) -> None:
    found, html, told = written(fill(SPECIES, each=12), tmp_path)
    assert told["runs"][0]["n_novel"] == 0
    assert "No specimen that asked is novel" in html
    assert "roc-figure_1" not in html
    draw = found.draws[0]
    interval = accuracy_interval(draw, 0.2)
    assert interval.estimate == pytest.approx(draw.found.given_right[draw.found.given].mean())
    assert interval.low <= interval.estimate <= interval.high
    assert np.isnan(auroc_interval(draw).estimate)
    assert told["first_draw"]["ece_open"] == {}


@pytest.mark.parametrize(("n_novel", "right"), [(0, 1), (4, 1), (0, 0)])
def test_answers_that_are_all_right_or_all_wrong_leave_doubt(n_novel: int, right: int) -> None:
    given = np.ones(16, np.bool_)
    novel = np.arange(16) < n_novel
    found = SimpleNamespace(novel=novel, given=given, given_right=given & bool(right))
    draw: Any = SimpleNamespace(found=found, figures=SimpleNamespace(accuracy=float(right)))
    interval = accuracy_interval(draw, 0.2)
    assert interval.estimate == float(right)
    assert 0.15 < interval.high - interval.low < 0.3


def test_two_hundred_species_stay_readable(fill: Callable[..., Collection], tmp_path: Path) -> None:
    taxa = [
        {"category": "Moth", "family": f"F{i // 20}", "species": f"G{i // 4} s{i}"}
        for i in range(200)
    ]
    _, html, _ = written(fill(taxa, each=4), tmp_path, left_out="species")
    assert len(html) < 5_000_000
    assert "Confusion of families" in html
    assert "The whole gallery is of one category" in html
    table = pd.read_parquet(tmp_path / "per_species.parquet")
    assert len(table) == 200
    assert html.count('class="example"') <= 24


def test_the_species_file_counts_what_was_answered(
    moths_and_fish: Collection, tmp_path: Path
) -> None:
    found, html, told = written(moths_and_fish, tmp_path, left_out="species")
    draw, table = found.draws[0], pd.read_parquet(tmp_path / "per_species.parquet")
    assert {"category", "family", "genus", "recall_at_95_precision_wilson"} <= set(table)
    assert table["n"].sum() == draw.known.sum()
    assert table["n_novel"].sum() == draw.found.novel.sum()
    assert table["n_predicted"].sum() == (given_finest(draw)[draw.known] >= 0).sum()
    assert not ((table["n"] > 0) & (table["n_novel"] > 0)).any()
    assert (table["n_gallery"] > 0).equals(table["n_novel"] == 0)
    over = told["runs"][0]["over_commitment"]["estimate"] * draw.found.novel.sum()
    assert table["n_novel_given_finest"].sum() == table["n_given_to_novel"].sum() == round(over)
    page = Page(html)
    for row in table[table["n"] > 0].to_dict("records"):
        shown = page.row(row["taxon"], -1)
        assert [row[name] for name in ("n", "n_predicted", "n_right")] == shown[:3]


def test_counts_without_a_matrix_are_those_of_the_matrix(moths_and_fish: Collection) -> None:
    found = evaluate_honesty(moths_and_fish, left_out="species")
    draw, n = found.draws[0], len(found.images.labels("species").names)
    for answers in (likeliest(draw), given_finest(draw)):
        counted = class_counts(draw, answers, n)
        truth = draw.found.truth[draw.known, -1]
        expected = ClassCounts.of(confusion_matrix(truth, answers[draw.known], n))
        for name in ("positives", "true_positives", "false_positives"):
            assert getattr(counted, name).tolist() == getattr(expected, name).tolist()


def test_details_agree_with_the_figures(moths_and_fish: Collection) -> None:
    found = evaluate_honesty(moths_and_fish, left_out="species", far=["category=Fish"])
    draw = found.draws[0]
    told, details = draw.figures.to_dict(), describe(found.images, draw, found.prior)
    given = details.given[details.given["kind"] == "known"].set_index("rank")
    for rank, share in told["rank_given"].items():
        assert given.loc[rank, "n_given"] / given.loc[rank, "n"] == share
    assert given["n_given"].sum() == told["n_known"]
    right = given["n_right"].sum() / told["n_known"]
    assert right == told["known_right_at_some_rank"]["estimate"]
    assert {r: each.estimate for r, each in details.ece_known.items()} == told["ece_known"]
    assert {r: each.estimate for r, each in details.ece_open.items()} == told["ece_open"]
    assert accuracy_interval(draw, found.prior).estimate == told["given_answers_right"]
    assert auroc_interval(draw).estimate == told["novelty"]["auroc"]
    assert set(details.by_kind) == {"near novel", "far novel"}
    fish = draw.found.truth[:, 0] == found.images.labels("category").names.index("Fish")
    assert draw.far.tolist() == fish.tolist()
    places = found.images.labels("species").codes[draw.asked]
    assert places.tolist() == draw.found.truth[:, -1].tolist()
    assert np.isin(draw.nearest, np.append(draw.split.gallery, -1)).all()


def test_the_command_writes_the_report_and_prints_the_same_figures(
    moths_and_fish: Collection, tmp_path: Path, ask: Ask, cli: Cli
) -> None:
    asked = ("eval", moths_and_fish.folder, "--identification", "--leave-out", "species")
    printed = ask(*asked, "--out", tmp_path / "out")
    told = json.loads((tmp_path / "out" / "report.json").read_text("utf-8"))
    assert printed == {key: told[key] for key in KEYS}
    assert (tmp_path / "out" / "report.html").exists()
    assert (tmp_path / "out" / "per_species.parquet").exists()
    code, out, _ = cli(*asked, "--out", tmp_path / "again")
    assert code == 0
    assert f"{told['mean']['given_answers_right']:.3f}" in out
    assert str(tmp_path / "again" / "report.html") in out


def test_far_specimens_by_hand() -> None:
    truth = np.array([[0, 0], [1, 1], [1, 2], [0, 3]])
    gallery = np.array([[0, 0], [0, 4]])
    novel = np.array([False, True, True, True])
    asked = np.array([False, False, False, True])
    ranks = ("category", "species")
    assert far_specimens(ranks, truth, gallery, novel, asked & False).tolist() == [
        False, True, True, False,
    ]  # fmt: skip
    assert far_specimens(ranks, truth, gallery, novel, asked).tolist() == [False, True, True, True]
    families = far_specimens(("family", "species"), truth, gallery, novel, asked)
    assert families.tolist() == [False, False, False, True]


@pytest.mark.parametrize("names", [("$x$ <b>", "中文 & é", "plain"), ("a", "b", "unknown")])
def test_figures_of_answers_take_any_name(names: Sequence[str]) -> None:
    scores, right = np.array([0.2, 0.5, 0.9]), np.array([False, True, True])
    curve = selective_curve(scores, np.array([0, 1, 2]), np.array([1, 1, 2]))
    found = reliability(scores, right, "mass")
    shares = np.array([0.5, 0.25, 0.25])
    panels = [RankReliability(name, found, found) for name in (*names, "a", "b")]
    for svg in (
        rank_bars([RankBars(names[0], names, shares, shares * 0)]),
        distributions([Scores(name, scores, "#0072b2") for name in names], 0.5, axis="p"),
        threshold_curves(curve, {names[0]: 0.4, names[1]: 0.9, names[2]: float("inf")}),
        risk_coverage(curve),
        roc(scores, dict.fromkeys(names[:2], scores / 2)),
        reliability_panels(panels),
        reliability_panels([RankReliability(names[0], found, None)]),
    ):
        assert svg.startswith("<svg viewBox=")
        assert "<b>" not in svg
        assert "nan" not in svg.lower()
        assert not re.search(r"http|<style|<metadata", svg)
        assert "#000000" not in svg, "black text cannot be read on dark ground"
