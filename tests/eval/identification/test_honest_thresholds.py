"""Thresholds come from specimens that no model saw, and nothing that asks stands in the gallery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from holotype.eval.identification import asking
from holotype.eval.identification.evaluate import evaluate_honesty
from holotype.eval.identification.figures import KEPT, choose_thresholds
from holotype.eval.measures.selective import KAPPA
from holotype.eval.protocols.leaks import LeakError
from holotype.eval.report.writer import write_report
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.identification.logistic import with_prior
from holotype.training.calibration.calibrate import held_out_probabilities
from holotype.training.calibration.left_out import LeftOut, leave_out
from tests.eval.planting import SPECIES, Planted, noisy
from tests.training.synthetic import draw_sample


@pytest.fixture(scope="module")
def left_out() -> LeftOut:
    return leave_out(*draw_sample(species=32, images=14, seed=5))


def test_what_a_specimen_is_does_not_move_its_own_held_out_probabilities(left_out: LeftOut) -> None:
    before = held_out_probabilities(left_out)
    inside = left_out.fold % 5 == 2
    truth, novel = left_out.truth.copy(), left_out.novel.copy()
    truth[inside] = (truth[inside] + 1) % 32
    novel[inside] = 1 - np.minimum(novel[inside], 1)
    after = held_out_probabilities(replace(left_out, truth=truth, novel=novel))
    for first, second in zip(before, after, strict=True):
        np.testing.assert_array_equal(first[inside], second[inside])
        assert (first[~inside] != second[~inside]).any()


def test_a_specimen_that_is_left_out_twice_is_seen_by_neither_model(left_out: LeftOut) -> None:
    known = left_out.novel == 0
    twice = np.intersect1d(left_out.specimen[known], left_out.specimen[~known])
    assert len(twice), "the draw has none, so this shows nothing"
    row = np.flatnonzero(known & (left_out.specimen == twice[0]))[0]
    others = (left_out.specimen == twice[0]) & ~known
    changed = left_out.novel.copy()
    changed[others] = 0
    before, after = (
        held_out_probabilities(each)[1][row]
        for each in (left_out, replace(left_out, novel=changed))
    )
    assert before == after


@pytest.mark.filterwarnings("ignore:.*label:UserWarning")
def test_thresholds_are_what_they_are_chosen_for(left_out: LeftOut) -> None:
    found = choose_thresholds(left_out, prior=0.2)
    p_right, p_known = held_out_probabilities(left_out)
    known, right = left_out.novel == 0, left_out.right[:, -1]
    taxa, truth = left_out.joined("taxa")[:, -1], left_out.truth[:, -1]
    reached = [
        threshold
        for threshold in np.unique(p_right[known])
        if cohen_kappa_score(*(each[known & (p_right >= threshold)] for each in (truth, taxa)))
        >= KAPPA
    ]
    assert found.right == min(reached)
    kept = with_prior(p_known, 0.2)[known & right] >= found.known
    assert KEPT <= kept.mean() < KEPT + 1 / len(kept)


def test_the_gallery_is_left_out_in_turn_once_a_draw(
    fill: Callable[..., Collection], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def counted(*table: Any, seed: int, **options: Any) -> LeftOut:
        calls.append(seed)
        return leave_out(*table, seed=seed, **options)

    monkeypatch.setattr(asking, "leave_out", counted)
    evaluate_honesty(fill(SPECIES, each=12), seeds=2)
    assert calls == [0, 1]


def copied(rows: Sequence[Planted], every: int) -> list[Planted]:
    """The same, with copies of some pictures under another specimen's name."""
    again = [replace(row, specimen=f"copy of {row.specimen}") for row in rows[::every]]
    return [*rows, *again]


def test_copies_under_another_name_do_not_answer_for_each_other(
    make: Callable[[Sequence[Planted]], Collection],
) -> None:
    rows = noisy(SPECIES, each=12)
    collection = make(copied(rows, 3))
    copies = np.arange(len(rows), len(rows) + len(rows[::3]))
    for draw in evaluate_honesty(collection, seeds=2).draws:
        asks = np.isin(copies, draw.split.query)
        assert asks.any()
        assert asks.tolist() == np.isin(np.arange(0, len(rows), 3), draw.split.query).tolist()


def test_a_given_split_that_copies_cross_is_measured_with_and_without_them(
    make: Callable[[Sequence[Planted]], Collection], tmp_path: Path
) -> None:
    rows = noisy(SPECIES, each=12)
    test = [row for row in rows if row.split == "test"]
    torn = [*rows, *(replace(row, specimen="another", split="train") for row in test[:3])]
    sides: dict[str, Any] = {"query": ["split=test"], "gallery": ["split=train"]}
    collection = make(torn)
    with pytest.raises(LeakError, match=r"Split by specimen, or .* --allow-leak"):
        evaluate_honesty(collection, **sides)
    found = evaluate_honesty(collection, **sides, allow_leak=True)
    assert found.with_leaks is not None
    assert found.with_leaks.left_out.tolist() == [len(rows), len(rows) + 1, len(rows) + 2]
    assert len(found.draws[0].asked) == len(test)
    clean = evaluate_honesty(make(rows), **sides)
    assert clean.with_leaks is None
    assert found.draws[0].figures.to_dict() == clean.draws[0].figures.to_dict()
    told = found.to_dict()["with_leaks"]
    assert told["leaks"]["n_leaking"] == 3
    assert told["mean"] != found.to_dict()["mean"]
    page = write_report(found, collection, tmp_path / "report").read_text()
    assert "This split gives answers away" in page


def test_whole_groups_ask_and_too_few_say_so(
    make: Callable[[Sequence[Planted]], Collection],
) -> None:
    rows = noisy(SPECIES, each=12)
    pairs = [replace(row, split=f"pair {place // 2}") for place, row in enumerate(rows)]
    (draw,) = evaluate_honesty(make(pairs), group="split").draws
    asked, held = (np.unique(each // 2) for each in (draw.split.query, draw.split.gallery))
    assert not np.intersect1d(asked, held).size
    with pytest.raises(UsageError, match="A quarter of every split cannot ask"):
        evaluate_honesty(make(rows), group="split")
    with pytest.raises(UsageError, match="leave out one"):
        evaluate_honesty(make(rows), group="split", query=["split=test"], gallery=["split=train"])


def test_nothing_named_says_so(make: Callable[[Sequence[Planted]], Collection]) -> None:
    with pytest.raises(UsageError, match="is named"):
        evaluate_honesty(make(noisy((), unnamed=6)))
