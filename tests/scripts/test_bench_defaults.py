"""The bench of defaults: what asks was never fitted on, and every specimen asks once."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.eval.identification.asking import Specimens
from holotype.scripts.bench.defaults import FIGURES, Answers, cross_fitted, figures_of

SPECIES, SPECIMENS, DIM = 12, 12, 24


@pytest.fixture(scope="module")
def table() -> Specimens:
    """Species that lie far apart, in three genera, a picture a specimen."""
    rng = np.random.default_rng(0)
    species = np.repeat(np.arange(SPECIES), SPECIMENS)
    vectors = rng.normal(size=(SPECIES, DIM))[species] + 0.3 * rng.normal(size=(len(species), DIM))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    labels = np.column_stack([species // 4, species])
    rows = np.arange(len(species))
    return Specimens(vectors.astype(np.float32), labels, rows, ("genus", "species"))


@pytest.fixture(scope="module")
def answers(table: Specimens) -> Answers:
    return cross_fitted(table, table.groups, leave_out=True)


def test_every_specimen_asks_once_as_known_or_more_as_novel(answers: Answers) -> None:
    known = answers.specimens[~answers.novel]
    assert len(np.unique(known)) == len(known)
    assert set(answers.specimens) == set(range(SPECIES * SPECIMENS))
    assert answers.novel.any()


def test_species_that_lie_apart_are_told_apart(answers: Answers) -> None:
    found = figures_of(answers)
    assert set(found) == set(FIGURES)
    assert found["likeliest species is right, known"]["estimate"] > 0.95
    assert found["known against novel, AUROC"]["estimate"] > 0.9
    for one in found.values():
        assert one["low"] <= one["estimate"] <= one["high"]


def test_labels_by_chance_give_figures_of_chance(table: Specimens) -> None:
    mixed = np.random.default_rng(1).permutation(table.labels)
    asked = Specimens(table.vectors, mixed, table.groups, table.ranks)
    found = figures_of(cross_fitted(asked, asked.groups, leave_out=False))
    assert found["likeliest species is right, known"]["estimate"] < 0.3
    assert found["known against novel, AUROC"]["estimate"] is None
