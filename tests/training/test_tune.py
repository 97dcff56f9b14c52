from __future__ import annotations

import numpy as np
import pytest

from holotype.index.vectors.brute_force import exact_knn
from holotype.training.tuning.folds import class_folds, specimen_folds
from holotype.training.tuning.scoring import Hits, Score, first_or_better, split
from holotype.training.tuning.tune import tune

from .synthetic import Sample, draw_sample


def recall(vectors: np.ndarray, sample: Sample) -> float:
    _, rows = exact_knn(
        vectors, vectors, 1, query_groups=sample.groups, gallery_groups=sample.groups
    )
    return float((sample.labels[rows[:, 0], 2] == sample.labels[:, 2]).mean())


def test_tuning_finds_species_that_it_never_saw() -> None:
    known, others = draw_sample(seed=1), draw_sample(seed=1, images=20)
    half = others.labels[:, 2] >= 12
    labels = np.where(known.labels[:, 2] < 12, known.labels[:, 2], -1)
    tuned = tune(known.vectors, labels, known.groups)
    unseen = others.where(half)
    base = recall(unseen.vectors, unseen)
    assert recall(tuned.projection.apply(unseen.vectors), unseen) > base + 0.1


def test_the_table_holds_every_trial_and_the_choice() -> None:
    sample = draw_sample()
    tuned = tune(sample.vectors, sample.labels[:, 2], sample.groups)
    assert tuned.chosen in tuned.trials
    assert tuned.projection.card["trials"] == [trial.to_dict() for trial in tuned.trials]
    assert all(0 <= trial.score.value <= 1 for trial in tuned.trials)


def test_the_same_seed_gives_the_same_projection() -> None:
    sample = draw_sample()
    first, second = (tune(sample.vectors, sample.labels[:, 2], sample.groups) for _ in range(2))
    assert first.projection.fingerprint == second.projection.fingerprint


def test_too_few_species_say_so() -> None:
    sample = draw_sample(species=2)
    with pytest.raises(ValueError, match="2 species have two or more specimens"):
        tune(sample.vectors, sample.labels[:, 2], sample.groups)


@pytest.mark.parametrize("frames", [1, 3])
def test_no_specimen_and_no_species_crosses_a_fold(frames: int) -> None:
    sample = draw_sample(frames=frames)
    species = sample.labels[:, 2]
    for fold in split(species, sample.groups):
        fitted = set(sample.groups[fold.fitted])
        assert not fitted & set(sample.groups[fold.queries])
        assert set(species[fold.queries]) <= set(species[fold.fitted])
        assert not set(species[fold.unseen]) & set(species[fold.fitted])


def test_folds_are_even() -> None:
    sample = draw_sample(frames=2)
    folds = specimen_folds(sample.labels[:, 2], sample.groups, 5)
    assert np.ptp(np.bincount(folds)) <= 2
    assert np.ptp(np.bincount(class_folds(np.arange(23), 5))) <= 1


def test_another_recipe_than_the_default_has_to_be_surely_better() -> None:
    def score(right: list[int]) -> Score:
        hits = Hits(np.arange(len(right)), np.array(right, np.float64))
        return Score(hits, hits, 0.2)

    default, better = [0] * 50 + [1] * 50, [0] * 5 + [1] * 95
    by_luck = [0] * 46 + [1] * 4 + [0] * 3 + [1] * 47  # four mended, three broken
    assert first_or_better([score(default), score(by_luck)]) == 0
    assert first_or_better([score(default), score(by_luck), score(better)]) == 2
    assert first_or_better([score(better), score(default)]) == 0
