"""Splits: nothing of one specimen on two sides, nothing lost, nothing twice."""

from __future__ import annotations

import numpy as np
import pytest

from holotype.eval.splits.splits import (
    class_draws,
    given_split,
    grouped_kfold,
    leave_one_out,
    leave_one_site_out,
    leave_out_classes,
    three_way,
)


def test_a_given_split_follows_its_column() -> None:
    split = given_split(["train", "test", "val", "train", ""], calibration="val")
    assert split.query.tolist() == [1]
    assert split.gallery.tolist() == [0, 3]
    assert split.calibration.tolist() == [2]


def test_a_given_split_that_is_not_there_is_named_with_what_is() -> None:
    with pytest.raises(ValueError, match="no image has split 'test'; the column holds train"):
        given_split(["train", ""])
    with pytest.raises(ValueError, match="one split stands on two sides"):
        given_split(["train"], query="train", gallery="train")


def test_leave_one_out_asks_and_answers_with_all() -> None:
    split = leave_one_out(4)
    assert split.leave_one_out
    assert split.query.tolist() == split.gallery.tolist() == [0, 1, 2, 3]
    assert not given_split(["train", "test"]).leave_one_out


@pytest.mark.parametrize("seed", range(3))
def test_folds_keep_specimens_whole_and_ask_every_row_once(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 40, 200)
    labels = (groups % 9) - 1
    folds = grouped_kfold(labels, groups, 5, seed)
    assert sorted(np.concatenate([fold.query for fold in folds])) == list(range(200))
    for fold in folds:
        assert not np.intersect1d(groups[fold.query], groups[fold.gallery]).size
        assert len(fold.query) + len(fold.gallery) == 200


def test_folds_share_out_each_taxon() -> None:
    labels = np.repeat(np.arange(10), 20)
    for fold in grouped_kfold(labels, np.arange(200), 5):
        assert np.bincount(labels[fold.query]).tolist() == [4] * 10


def test_more_folds_than_groups_are_refused() -> None:
    with pytest.raises(ValueError, match="5 folds of 3 groups"):
        grouped_kfold(np.zeros(6, int), np.arange(6) // 2, 5)


def test_each_site_asks_once_and_a_row_without_a_site_only_answers() -> None:
    sites = np.array([0, 1, -1, 1, 0])
    splits = leave_one_site_out(sites, ["Jena", "Bonn"])
    assert [split.name for split in splits] == ["site Jena left out", "site Bonn left out"]
    assert splits[0].query.tolist() == [0, 4]
    assert splits[0].gallery.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="needs at least 2 sites; the rows name 1"):
        leave_one_site_out(np.array([0, 0, -1]), ["Jena"])


def test_left_out_taxa_are_gone_from_the_gallery_and_their_queries_are_novel() -> None:
    labels = np.repeat(np.arange(20), 4)
    labels[-2:] = -1
    base = given_split(["train", "test", "val", "train"] * 20, calibration="val")
    split = leave_out_classes(base, labels, 0.25, seed=1)
    assert len(split.left_out) == 5
    for side in (split.gallery, split.calibration):
        assert not np.isin(labels[side], split.left_out).any()
    np.testing.assert_array_equal(split.query, base.query)
    novel = np.isin(labels[split.query], split.left_out)
    np.testing.assert_array_equal(split.novel(labels), novel)
    assert novel.sum() == 5
    other = leave_out_classes(base, labels, 0.25, seed=2).left_out
    assert split.left_out.tolist() != other.tolist()
    for share in (0.0, 0.01, 1.0):
        with pytest.raises(ValueError, match="leaves out"):
            leave_out_classes(base, labels, share)


def test_left_out_genera_take_all_their_species_with_them() -> None:
    species = np.repeat(np.arange(12), 3)
    genera = species // 3
    split = leave_out_classes(leave_one_out(36), genera, 0.25)
    assert split.novel(species).sum() == 9
    assert not split.leave_one_out, "not all that ask answer any more"


@pytest.mark.parametrize("seed", range(5))
def test_three_sides_share_no_specimen_and_every_taxon_stays_in_the_gallery(seed: int) -> None:
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    groups = rng.integers(0, 300, 700)
    labels = groups % 31 - 1
    split = three_way(labels, groups, novel_shares=(0.1, 0.2), seed=seed)
    sides = (split.gallery, split.calibration, split.query)
    assert sorted(np.concatenate(sides)) == list(range(700))
    for i in range(3):
        assert not np.intersect1d(groups[sides[i]], groups[sides[i - 1]]).size
    assert len(split.left_out) == 3 + 6
    kept = np.setdiff1d(labels, split.left_out)
    np.testing.assert_array_equal(np.unique(labels[split.gallery]), kept)
    novel_here = np.intersect1d(labels[split.calibration], split.left_out)
    novel_there = np.intersect1d(labels[split.query], split.left_out)
    assert (len(novel_here), len(novel_there)) == (3, 6)
    assert not np.intersect1d(novel_here, novel_there).size


def test_shares_hold_on_average_also_for_taxa_with_two_specimens() -> None:
    labels = np.repeat(np.arange(1000), 2)
    split = three_way(labels, np.arange(2000), shares=(0.1, 0.2), seed=0)
    assert len(split.query) / 2000 == pytest.approx(0.2, abs=0.03)
    assert len(split.calibration) / 2000 == pytest.approx(0.1, abs=0.03)


def test_a_taxon_with_one_specimen_stays_in_the_gallery() -> None:
    split = three_way(np.arange(50), np.arange(50), shares=(0.4, 0.4))
    assert len(split.gallery) == 50


def test_shares_that_leave_no_gallery_are_refused() -> None:
    with pytest.raises(ValueError, match=r"shares of 0.5 and 0.5 leave nothing"):
        three_way(np.arange(4), np.arange(4), shares=(0.5, 0.5))


def test_draws_hold_all_rows_of_their_taxa() -> None:
    labels = np.repeat(np.arange(-1, 14), 3)
    draws = list(class_draws(labels, size=10, draws=10, seed=2))
    assert len(draws) == 10
    for rows in draws:
        taxa, counts = np.unique(labels[rows], return_counts=True)
        assert len(taxa) == 10
        assert set(counts) == {3}
        assert -1 not in taxa
    with pytest.raises(ValueError, match="a draw of 20 taxa needs that many; there are 14"):
        next(class_draws(labels, size=20))
