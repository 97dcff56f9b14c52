"""The sentence at the top of a report: every number in it is one that was measured."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holotype.eval.identification.evaluate import evaluate_honesty
from holotype.eval.identification.outcomes import KNOWN, NOVEL, outcomes_of, together
from holotype.eval.report import write_report
from holotype.eval.report.summaries import figures_of, summary_of
from holotype.eval.report.summaries.out_of import OutOf
from holotype.eval.retrieval.cross_validation import evaluate_kfold
from holotype.eval.retrieval.evaluate import evaluate
from holotype.eval.retrieval.learning_curve import evaluate_curve
from holotype.eval.retrieval.two_spaces import compare_spaces
from holotype.index.collection import Collection
from tests.conftest import Cli
from tests.eval.planting import SPECIES, Names

FISH: Names = {"category": "Fish", "family": "Gobiidae", "species": "Gobius g"}
MOTHS = tuple(names for names in SPECIES if names["category"] == "Moth")
SPLIT: dict[str, Any] = {"query": ["split=test"], "gallery": ["split=train"]}


def numbers(text: str) -> list[int]:
    return [int(found.replace(",", "")) for found in re.findall(r"(?<![\d.])\d[\d,]*", text)]


@given(
    n=st.integers(101, 10**7),
    parts=st.lists(st.floats(0, 1), min_size=1, max_size=3),
)
def test_shares_that_differ_are_told_apart_and_none_is_rounded_to_all(
    n: int, parts: list[float]
) -> None:
    counted = [round(n * part) / n for part in parts]
    of = OutOf.all_of(n, *counted)
    assert len({of.count(share) for share in counted}) == len(set(counted))
    for share in counted:
        assert (of.count(share) == "all") == (share == 1)
        assert (of.count(share) == "none") == (share == 0)


@pytest.mark.parametrize("seeds", [1, 2])
def test_what_became_of_everybody_adds_up(fill: Callable[..., Collection], seeds: int) -> None:
    found = evaluate_honesty(
        fill((*SPECIES, FISH), each=12), left_out="species", far=["category=Fish"], seeds=seeds
    )
    for draw in found.draws:
        ends, figures = draw.figures.outcomes, draw.figures
        assert (ends.n_known, ends.n_novel) == (figures.n_known, figures.n_novel)
        right = ends.known["finest_right"] + ends.known["higher_right"]
        assert right / ends.n_known == figures.coverage.estimate
        assert sum(ends.higher.values()) == ends.known["higher_right"] + ends.known["higher_wrong"]
        given_finest = figures.over_commitment.estimate * ends.n_novel
        assert ends.novel["named_wrongly"] >= round(given_finest)
        assert tuple(ends.known) == KNOWN
        assert tuple(ends.novel) == NOVEL
    whole = together(draw.figures.outcomes for draw in found.draws)
    said = summary_of(found)
    n = min(whole.n_known, 100)
    assert said.startswith(f"Of {n} specimens whose species is in the collection, ")
    named = whole.known["finest_right"] + whole.known["finest_wrong"]
    if whole.n_known <= 100:
        assert numbers(said)[1] == named
    unknown = OutOf.all_of(whole.n_novel).count(whole.novel["unknown"] / whole.n_novel)
    assert f"{unknown} are called unknown" in said


def test_a_gallery_of_one_category_answers_nothing_by_naming_it(
    fill: Callable[..., Collection],
) -> None:
    found = evaluate_honesty(fill(MOTHS, each=24), risk=0.001)
    (draw,) = found.draws
    finest = len(draw.found.ranks) - 1
    assert set(draw.found.answers.rank.tolist()) <= {-1, finest - 1, finest}
    ends = outcomes_of(draw.found)
    assert ends.higher["category"] == ends.higher["family"] == 0
    said = summary_of(found)
    assert "No new species was asked about" in said
    told = f"{ends.known['unanswered']} get no name"
    assert any(words in said for words in (told, "every one gets a name", "none gets a name"))


def test_retrieval_names_its_weak_spots(fill: Callable[..., Collection], tmp_path: Path) -> None:
    collection = fill(SPECIES)
    found = evaluate(collection)
    said = summary_of(found)
    recall = found.recall["species"]
    n = min(int(recall.answerable.sum()), 100)
    assert numbers(said)[:2] == [round(n * recall.recall[1].micro), n]
    assert found.by_category is not None
    table = found.by_category.set_index("taxon")["recall@1"]
    if table.nunique() > 1:
        assert f"the weakest category is {table.idxmin()}, " in said
    page = write_report(found, collection, tmp_path).read_text("utf-8")
    assert said in unescape(page).split("<main>")[0]
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["summary"] == said
    single = summary_of(evaluate(fill(SPECIES, each=1)))
    assert "nothing can be measured" in single
    assert summary_of(evaluate_kfold(fill(SPECIES), folds=3)).startswith("For ")


def test_a_comparison_says_what_broke(fill: Callable[..., Collection]) -> None:
    found = compare_spaces(fill(SPECIES, spaces=("base", "tuned")), ("base", "tuned"))
    change, said = found.by_rank["species"], summary_of(found)
    assert f"{change.fixes} became right and {change.breaks} became wrong" in said
    assert ("may be chance" in said) == (change.p >= 0.05)
    alike = summary_of(compare_spaces(fill(SPECIES, spaces=("base",)), ("base", "base")))
    assert "may be chance (p = 1.00)" in alike


def test_a_curve_tells_all_and_half(fill: Callable[..., Collection]) -> None:
    collection = fill(SPECIES, each=8)
    found = evaluate_curve(collection, replicates=2, **SPLIT)
    assert re.match(r"With all \d+ gallery images, \S+ of \d+ pictures find", summary_of(found))
    assert next(iter(figures_of(found, collection))) == "summary"


def test_the_command_says_it_first(
    fill: Callable[..., Collection], cli: Cli, tmp_path: Path
) -> None:
    collection = fill(SPECIES)
    said = summary_of(evaluate(collection))
    assert cli("eval", collection.folder)[1].splitlines()[0] == said
