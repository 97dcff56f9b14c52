"""What is shown next to a person who names a batch."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from holotype.index.curation.agenda import Batch, agenda
from holotype.index.curation.doubts import Ratios

NONE = np.full(7, -1)
START = Batch(
    clusters=np.array([0, 0, 0, 1, 1, 2, -1]),
    coherence=np.array([0.5, 0.9, 0.8, 0.9, 0.9, 0.0, 0.0]),
    names=NONE,
    decided=np.zeros(7, bool),
    ratios=Ratios(np.zeros(7), np.full(7, -9.0), NONE),
    usual=np.array([-2.0, 0.0, 2.0]),
)


def test_whole_clusters_come_first_then_what_is_left_one_by_one() -> None:
    steps = agenda(START)
    assert [step.kind for step in steps[:2]] == ["cluster", "cluster"]
    assert steps[0].rows.tolist() == [1, 2, 0]  # the surest first
    assert steps[0].gain > steps[1].gain
    assert {step.kind for step in steps[2:]} == {"single"}
    assert sorted(int(step.rows[0]) for step in steps[2:]) == list(range(7))


def test_a_name_that_fits_better_is_proposed_for_all_that_it_fits() -> None:
    ratios = Ratios(
        np.array([-5.0, 3, 3, 3, 3, 0, 0]), np.array([1.0, -9, -9, -9, -9, 2, 2]), np.full(7, 8)
    )
    names = np.array([0, 0, 0, 1, 1, -1, -1])
    (step, *rest) = agenda(replace(START, names=names, ratios=ratios))
    assert (step.kind, step.name, sorted(step.rows.tolist())) == ("proposal", 8, [0, 5, 6])
    assert {one.kind for one in rest} == {"single"}
    refused = replace(START, names=names, ratios=ratios, refused=frozenset({(0, 8), (5, 8)}))
    assert all(one.kind == "single" for one in agenda(refused))


def test_what_a_person_looked_at_is_not_shown_again() -> None:
    assert agenda(replace(START, decided=np.ones(7, bool))) == []
