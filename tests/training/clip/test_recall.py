from __future__ import annotations

import numpy as np
import pytest

from holotype.training.clip.recall import chance, naming_hits, picture_hits, word_figures

EYE = np.eye(4, dtype=np.float32)


def test_chance_is_that_of_drawing_without_putting_back() -> None:
    rng, counts = np.random.default_rng(0), np.array([1, 2, 3, 20])
    labels = np.repeat(np.arange(5), [*counts, 4])
    draws = [np.isin(np.arange(4), rng.permutation(labels)[:10]) for _ in range(20_000)]
    assert chance(30, counts, 10) == pytest.approx(np.mean(draws, 0), abs=0.01)
    assert chance(30, np.array([21]), 10)[0] == 1


def test_words_are_judged_by_the_best_pictures() -> None:
    names = np.concatenate([EYE, -EYE[:1]])  # the last taxon has no picture
    pictures = np.concatenate([EYE, EYE])
    labels = np.array([0, 1, 2, 3, 1, 1, -1, 3])
    figures = word_figures(names, pictures, labels, 2)
    assert figures.taxa.tolist() == [0, 1, 2, 3]
    assert figures.recall.all()
    assert figures.precision.tolist() == [0.5, 1, 0.5, 1]
    assert figures.to_dict()["names"] == 4


def test_pictures_find_pictures_of_other_specimens() -> None:
    specimens = np.array([0, 1, 2, 3])
    hits = picture_hits(
        EYE, EYE, specimens, specimens, query_specimens=specimens, specimens=specimens
    )
    assert not hits.any()
    assert picture_hits(EYE, EYE, specimens, specimens).all()
    assert naming_hits(EYE, EYE[::-1], specimens[::-1]).all()
