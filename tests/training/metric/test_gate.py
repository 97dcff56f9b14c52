"""The gate on scores that are made, and on rows whose split must leak nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from holotype.index.arrays import Codes, Embeddings
from holotype.index.errors import UsageError
from holotype.training.metric.config import GateConfig
from holotype.training.metric.gate import (
    Candidate,
    Held,
    Measured,
    Verdict,
    best_of,
    candidates_of,
    hold_back,
    judge,
)
from holotype.training.metric.gate.candidates import _measured, settled
from holotype.training.metric.pictures import Labelled
from holotype.training.tuning.recipes import Recipe
from holotype.training.tuning.scoring import Hits
from tests.training.synthetic import draw_sample

from .rows import rows_of

Scores = Sequence[float] | NDArray[np.float64]

# What is offered -------------------------------------------------------------------------------


def measured(right: Scores, first: int = 0) -> Measured:
    scores = np.asarray(right, np.float64)
    hits = Hits(np.arange(first, first + len(scores)), scores)
    return Measured(hits, hits)


def candidate(
    known: Scores, unseen: Scores | None = None, novelty: float = 0.2, features: str = "trained"
) -> Candidate:
    """Known queries are the first rows, unseen ones those after them."""
    new = None if unseen is None else measured(unseen, len(known))
    return Candidate(features, Recipe("power"), 1.0, measured(known), new, novelty)


def share(right: int, of: int) -> NDArray[np.float64]:
    return (np.arange(of) < right).astype(np.float64)


def verdict(start: Candidate, *others: Candidate, categories: Sequence[str] = ()) -> Verdict:
    rows = len(start.known.recall.right) + (len(start.unseen.recall.right) if start.unseen else 0)
    return judge(start, others, categories or [""] * rows)


def test_a_gain_that_is_sure_is_offered() -> None:
    found = verdict(
        candidate(share(60, 100), share(20, 50)), candidate(share(80, 100), share(30, 50))
    )
    assert found.is_better
    assert found.reasons == ()
    assert found.start["known_recall_at_1"] == 0.6
    assert found.trained["known_recall_at_1"] == 0.8
    assert found.trained["unseen_queries"] == 50
    low, high = found.trained["known_interval"]
    assert 0.7 < low < 0.8 < high < 0.9


@pytest.mark.parametrize("right", [60, 61, 62, 50])
def test_a_gain_that_is_not_sure_is_refused(right: int) -> None:
    found = verdict(candidate(share(60, 100)), candidate(share(right, 100)))
    assert not found.is_better
    assert f"went from 0.600 to 0.{right}0, which is not surely more" in found.reasons[0]


@pytest.mark.parametrize("queries", [1, 2])
def test_a_few_queries_that_all_rise_prove_nothing(queries: int) -> None:
    found = verdict(candidate([0.0] * queries), candidate([1.0] * queries))
    assert not found.is_better


def test_one_query_of_a_category_does_not_decide() -> None:
    start, other = candidate([*share(40, 100), 1.0]), candidate([*share(80, 100), 0.0])
    categories = ["Moth"] * 100 + ["Fish"]
    assert verdict(start, other, categories=categories).is_better


def test_unseen_species_may_not_fall() -> None:
    start = candidate(share(40, 200), share(50, 50))
    found = verdict(start, candidate(share(160, 200), share(30, 50)))
    assert found.reasons == ("recall@1 of unseen species fell from 1.000 to 0.600",)
    assert verdict(start, candidate(share(160, 200), share(49, 50))).is_better


def test_known_species_may_not_fall_either() -> None:
    start = candidate(share(100, 100), share(0, 100), novelty=0.9)
    found = verdict(start, candidate(share(80, 100), share(90, 100), novelty=0.9))
    assert found.reasons == ("recall@1 of known species fell from 1.000 to 0.800",)


def test_no_category_may_fall() -> None:
    categories = ["Moth"] * 100 + ["Fish"] * 40
    start = candidate([*share(20, 100), *share(40, 40)])
    found = verdict(start, candidate([*share(90, 100), *share(20, 40)]), categories=categories)
    fell = "recall@1 of known species of category 'Fish' fell from 1.000 to 0.500"
    assert found.reasons == (fell,)
    unnamed = ["Moth"] * 100 + [""] * 40
    found = verdict(start, candidate([*share(90, 100), *share(20, 40)]), categories=unnamed)
    assert "known species without a category fell" in found.reasons[0]


def test_the_best_of_what_was_trained_is_judged() -> None:
    start = candidate(share(40, 100), features="start")
    alone, both = candidate(share(50, 100)), candidate(share(90, 100), features="trained+start")
    assert verdict(start, alone, both).features == "trained+start"
    assert verdict(start, both, alone).value == pytest.approx(0.9)


def test_what_is_ahead_by_a_few_queries_does_not_replace_the_default() -> None:
    start = candidate(share(40, 100), features="start")
    default = candidate(share(80, 100), features="trained+start")
    ahead, surely = candidate(share(83, 100)), candidate(share(86, 100))
    assert settled([default, ahead]) is default
    assert settled([default, ahead, surely]) is surely
    found = verdict(start, default, ahead)
    assert found.features == "trained+start"
    assert found.value == pytest.approx(0.8)


@settings(deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=30, max_size=30), min_size=1, max_size=6))
def test_what_is_settled_on_is_the_default_or_the_best(rows: list[list[bool]]) -> None:
    found = [candidate(np.array(row, float)) for row in rows]
    chosen = settled(found)
    assert chosen.value >= found[0].value
    place = next(place for place, one in enumerate(found) if one is chosen)
    if place:
        assert chosen.value == max(one.value for one in found)
        won = np.array(rows[place], float) - np.array(rows[0], float)
        assert won.sum() > 2 * np.abs(won).sum() ** 0.5


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_what_does_not_rise_is_never_offered(pairs: list[tuple[bool, bool]]) -> None:
    before, after = (np.array(column, float) for column in zip(*pairs, strict=True))
    found = verdict(candidate(before), candidate(after))
    if after.mean() <= before.mean():
        assert not found.is_better
    lost, won = int((before > after).sum()), int((after > before).sum())
    assert found.is_better == (won - lost > 1.645 * (won + lost) ** 0.5)


# What is kept back -----------------------------------------------------------------------------


@st.composite
def collections(draw: st.DrawFn) -> Labelled:
    """Rows of species and specimens; some are not named, some specimens have two names."""
    count = draw(st.integers(1, 60))
    kinds, bodies = draw(st.integers(1, 9)), draw(st.integers(1, 40))
    specimens = draw(st.lists(st.integers(0, bodies), min_size=count, max_size=count))
    tidy = draw(st.booleans())
    of = draw(st.lists(st.integers(-1, kinds - 1), min_size=bodies + 1, max_size=bodies + 1))
    some = draw(st.lists(st.integers(-1, kinds - 1), min_size=count, max_size=count))
    species = [of[one] for one in specimens] if tidy else some
    return rows_of(species, specimens)


gates = st.builds(
    GateConfig,
    images=st.sampled_from([0.1, 0.25, 0.5]),
    species=st.sampled_from([0.0, 0.2, 0.5]),
)


def held_of(pictures: Labelled, gate: GateConfig, seed: int) -> Held:
    try:
        return hold_back(pictures, gate, seed)
    except UsageError:
        assume(False)
        raise


@settings(max_examples=100, deadline=None)
@given(collections(), gates, st.integers(0, 5))
@example(rows_of([0, 0, 1, 1], [0, 1, 2, 3]), GateConfig(), 0)
@example(rows_of([0, -1, 0, 0, 1, 1, 1, -1], [0, 0, 1, 2, 3, 4, 5, 5]), GateConfig(), 0)
def test_nothing_leaks(pictures: Labelled, gate: GateConfig, seed: int) -> None:
    held = held_of(pictures, gate, seed)
    species, specimens = pictures.species, pictures.specimens
    queries, unseen = held.judging[held.fold.queries], held.judging[held.fold.unseen]
    assert not np.isin(specimens[held.training], specimens[queries]).any()
    assert not np.isin(specimens[held.training], specimens[unseen]).any()
    assert not np.isin(species[held.training], species[unseen]).any()
    assert np.isin(species[queries], species[held.training]).all()
    assert not np.isin(queries, unseen).any()
    assert (species[held.judging] >= 0).all()
    assert set(held.judging[held.fold.fitted]) == set(held.judging) & set(held.training)
    assert np.array_equal(held.fold.gallery, held.fold.fitted)
    assert len(np.unique(species[held.training][species[held.training] >= 0])) >= 2
    assert len(queries) >= 2
    again = hold_back(pictures, gate, seed)
    assert np.array_equal(again.training, held.training)
    assert np.array_equal(again.fold.unseen, held.fold.unseen)


@settings(max_examples=40, deadline=None)
@given(collections(), gates, st.integers(0, 5))
def test_all_that_are_asked_about_can_be_found(
    pictures: Labelled, gate: GateConfig, seed: int
) -> None:
    held = held_of(pictures, gate, seed)
    vectors = unit(np.random.default_rng(0).standard_normal((len(held.judging), 4)))
    found = candidates_of("start", vectors, pictures, held, gate, [Recipe("power")], [1.0])[0]
    assert np.isfinite(found.value)
    assert np.array_equal(found.known.recall.queries, held.fold.queries)
    if found.unseen is not None:
        assert len(found.unseen.recall.queries)


def test_a_share_of_specimens_and_of_species_is_kept_back() -> None:
    species = np.repeat(np.arange(40), 20)
    held = hold_back(rows_of(species, np.arange(800)), GateConfig(), 0)
    assert len(np.unique(species[held.judging[held.fold.unseen]])) == 8
    assert len(held.fold.queries) == 32 * 5
    assert len(held.training) == 32 * 15
    assert len(held.judging) == 800
    assert not len(
        hold_back(rows_of(species, np.arange(800)), GateConfig(species=0), 0).fold.unseen
    )


def test_of_a_large_set_a_few_thousand_judge() -> None:
    sizes = np.array([20_000, 6_000, *[30] * 600])  # two that are common, many that are not
    species = np.repeat(np.arange(len(sizes)), sizes)
    specimens = np.arange(len(species)) // 2
    for seed in range(4):
        held = hold_back(rows_of(species, specimens), GateConfig(), seed)
        assert len(held.judging) <= 4_400
        assert len(np.unique(species[held.judging])) > 100
        assert np.bincount(species[held.judging]).max() <= 400
        apart = np.setdiff1d(np.arange(len(species)), held.judging)
        unseen = np.isin(species[apart], species[held.judging[held.fold.unseen]])
        assert np.isin(apart[~unseen], held.training).mean() > 0.999


def test_many_that_are_not_named_do_not_judge_instead() -> None:
    species = np.concatenate([np.full(9_000, -1), np.repeat(np.arange(10), 8)])
    for seed in range(6):
        held = hold_back(rows_of(species, np.arange(len(species))), GateConfig(), seed)
        assert len(held.judging) == 80
        assert np.isin(np.arange(9_000), held.training).all()


@pytest.mark.parametrize(
    ("species", "specimens", "sentence"),
    [
        ([0] * 8, range(8), "1 species would be left to train on"),
        ([-1] * 8, range(8), "0 species would be left to train on"),
        (range(8), range(8), "No specimen can be kept back"),
        ([0, 0, 1, 1], [0, 0, 1, 1], "No specimen can be kept back"),
        ([], [], "0 species would be left"),
    ],
)
def test_what_cannot_be_judged_is_refused(
    species: Sequence[int], specimens: Sequence[int], sentence: str
) -> None:
    with pytest.raises(UsageError, match=sentence):
        hold_back(rows_of(list(species), list(specimens)), GateConfig(), 0)


# What queries find -----------------------------------------------------------------------------


def unit(vectors: NDArray[np.float64]) -> Embeddings:
    rows: Embeddings = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return rows


def by_hand(
    vectors: Embeddings, species: Codes, groups: Codes, queries: Codes
) -> list[tuple[int, float, float]]:
    """Row, recall@1 and mAP@R of every query that has something to find."""
    found = []
    depth = min(int(np.bincount(species).max()), 100)
    for query in queries.tolist():
        others = [row for row in range(len(species)) if groups[row] != groups[query]]
        others.sort(
            key=lambda row: -float(vectors[row].astype(float) @ vectors[query].astype(float))
        )
        right = [species[row] == species[query] for row in others]
        wanted = min(sum(right), depth)
        if wanted:
            hits = [sum(right[: at + 1]) / (at + 1) for at in range(wanted) if right[at]]
            found.append((query, float(right[0]), sum(hits) / wanted))
    return found


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 60), st.integers(1, 6), st.integers(1, 40))
def test_measures_are_those_made_by_hand(seed: int, rows: int, kinds: int, bodies: int) -> None:
    generator = np.random.default_rng(seed)
    groups = generator.integers(0, bodies, rows)
    species = generator.integers(0, kinds, bodies)[groups]
    vectors = unit(generator.standard_normal((rows, 8)))
    queries = np.flatnonzero(generator.random(rows) < 0.5)
    assume(len(queries))
    check(vectors, species, groups, queries)


def test_measures_where_more_are_right_than_are_looked_at() -> None:
    generator = np.random.default_rng(0)
    species = np.repeat([0, 1], [260, 40])
    centres = generator.standard_normal((2, 8))
    vectors = unit(centres[species] + 1.5 * generator.standard_normal((300, 8)))
    check(vectors, species, np.arange(300) // 2, np.arange(0, 300, 7))


def check(vectors: Embeddings, species: Codes, groups: Codes, queries: Codes) -> None:
    found = _measured(vectors, species, groups, queries)
    expected = by_hand(vectors, species, groups, queries)
    assert found.recall.queries.tolist() == [row for row, _, _ in expected]
    np.testing.assert_allclose(found.recall.right, [first for _, first, _ in expected])
    np.testing.assert_allclose(found.ranking.right, [mean for _, _, mean in expected], atol=1e-9)


def test_the_map_that_helps_is_chosen() -> None:
    sample = draw_sample(species=16, images=12)
    pictures = rows_of(sample.labels[:, 2], sample.groups, sample.vectors)
    held = hold_back(pictures, GateConfig(), 0)
    rows = sample.vectors[held.judging]
    found = candidates_of("start", rows, pictures, held, GateConfig())
    (plain,) = candidates_of("start", rows, pictures, held, GateConfig(), [Recipe("power")], [1.0])
    best = best_of(found)
    assert best.value > plain.value + 0.05
    assert best.recipe.kind != "power"
