from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from holotype.index.errors import CorruptError
from holotype.index.identification.calibration import Calibration, coherent
from holotype.index.identification.classes import Lineages, pool_specimens
from holotype.index.identification.evidence import Evidence, gather_evidence
from holotype.index.identification.features import OF_LIKELIHOOD
from holotype.index.identification.logistic import with_prior
from holotype.index.identification.reference import Reference, build_reference
from holotype.training.calibration.calibrate import calibrate, held_out_probabilities
from holotype.training.calibration.left_out import leave_out

from .synthetic import Sample, draw_sample


class Fitted:
    """A gallery without its last six species, calibrated, and queries of all species."""

    def __init__(self) -> None:
        sample = draw_sample(species=32, images=14, seed=5)
        inside = (sample.labels[:, 2] < 26) & (sample.groups % 7 > 0)
        self.gallery = sample.where(inside)
        self.queries = sample.where(~inside)
        self.calibration: Calibration = calibrate(*self.gallery)
        self.reference: Reference = build_reference(self.calibration.projections, *self.gallery)
        self.evidence: Evidence = gather_evidence(self.reference, self.queries.vectors)
        self.novel = self.queries.labels[:, 2] >= 26


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return Fitted()


def test_novel_specimens_are_told_from_known_ones(fitted: Fitted) -> None:
    answers = fitted.calibration.answer(fitted.reference, fitted.evidence)
    assert roc_auc_score(~fitted.novel, answers.known) > 0.85


def test_answers_are_right_as_often_as_they_say(fitted: Fitted) -> None:
    answers = fitted.calibration.answer(fitted.reference, fitted.evidence, prior=0.0)
    right = answers.taxa[:, -1] == fitted.queries.labels[:, -1]
    known = ~fitted.novel
    assert abs(answers.p[known, -1].mean() - right[known].mean()) < 0.08


def test_a_higher_prior_makes_every_answer_more_careful(fitted: Fitted) -> None:
    careless, careful = (
        fitted.calibration.answer(fitted.reference, fitted.evidence, prior=prior)
        for prior in (0.05, 0.6)
    )
    assert (careful.p[:, -1] <= careless.p[:, -1] + 0.01).all()
    assert (careful.rank <= careless.rank).all()


def test_prediction_sets_hold_the_truth(fitted: Fitted) -> None:
    sets = fitted.calibration.prediction_sets(fitted.evidence, alpha=0.1)
    classes = fitted.reference.classes[:, -1]
    truth = fitted.queries.labels[:, -1]
    held = [truth[row] in classes[sets[row]] for row in np.flatnonzero(~fitted.novel)]
    assert np.mean(held) >= 0.85
    assert min(len(one) for one in sets) >= 1


def test_something_else_entirely_is_unknown(fitted: Fitted) -> None:
    far = np.random.default_rng(9).standard_normal((5, 40)).astype(np.float32)
    far /= np.linalg.norm(far, axis=1, keepdims=True)
    answers = fitted.calibration.answer(
        fitted.reference, gather_evidence(fitted.reference, far), risk=0.5
    )
    assert (answers.rank == -1).all()
    assert (answers.nearness_p < 0.01).all()


def test_it_survives_a_round_trip(fitted: Fitted) -> None:
    again = Calibration.from_bytes(fitted.calibration.to_bytes())
    first, second = (
        c.answer(fitted.reference, fitted.evidence) for c in (fitted.calibration, again)
    )
    np.testing.assert_array_equal(first.p, second.p)
    np.testing.assert_array_equal(first.rank, second.rank)
    assert again.card == fitted.calibration.card
    with pytest.raises(CorruptError, match="holotype calibrate"):
        Calibration.from_bytes(b"something else")


def test_a_restricted_reference_equals_one_built_of_the_rest(fitted: Fitted) -> None:
    allowed = fitted.gallery.labels[:, 0] != 1
    part = fitted.reference.restricted(allowed)
    alone = build_reference(fitted.calibration.projections, *fitted.gallery.where(allowed))
    first, second = (gather_evidence(r, fitted.queries.vectors) for r in (part, alone))
    of_model = len(OF_LIKELIHOOD)  # its variances are those of the whole gallery
    np.testing.assert_array_equal(first.taxa, second.taxa)
    np.testing.assert_allclose(
        first.features[..., :-of_model], second.features[..., :-of_model], atol=1e-5
    )


def test_a_restricted_reference_compares_the_remaining_classes_as_before(fitted: Fitted) -> None:
    whole = fitted.reference
    stays = whole.classes[:, 0] != 1
    part = whole.restricted(fitted.gallery.labels[:, 0] != 1)
    queries = fitted.queries.vectors
    every = [np.arange(len(part.classes))] * len(queries)
    np.testing.assert_allclose(
        part.likelihood.log_ratios(part.likelihood.placed(queries), every),
        whole.likelihood.log_ratios(
            whole.likelihood.placed(queries), [np.flatnonzero(stays)] * len(queries)
        ),
    )


def test_a_specimen_is_no_evidence_for_itself() -> None:
    sample = draw_sample(frames=3)
    calibration = calibrate(*sample)
    reference = build_reference(calibration.projections, *sample)
    evidence = gather_evidence(reference, sample.vectors, sample.groups)
    assert not (sample.groups[evidence.nearest] == sample.groups[:, None]).any()


def test_left_out_specimens_meet_a_gallery_without_them() -> None:
    sample = draw_sample(frames=2)
    left_out = leave_out(*sample)
    right = left_out.joined("taxa")[:, 2] == left_out.truth[:, 2]
    assert not right[left_out.novel > 0].any()
    assert right[left_out.novel == 0].mean() > 0.5
    assert set(left_out.novel) == {0, 1, 2}
    genera = left_out.joined("taxa")[:, 1] == left_out.truth[:, 1]
    assert not genera[left_out.novel == 2].any()


def test_held_out_probabilities_tell_right_from_wrong() -> None:
    sample = draw_sample(species=32, images=14, seed=5)
    left_out = leave_out(*sample)
    p_right, p_known = held_out_probabilities(left_out)
    known = left_out.novel == 0
    right = (left_out.joined("taxa")[:, 2] == left_out.truth[:, 2])[known]
    assert abs(p_right[known].mean() - right.mean()) < 0.05
    assert roc_auc_score(known, p_known) > 0.85


def test_unnamed_rows_and_one_rank_are_enough() -> None:
    sample = draw_sample()
    labels = sample.labels[:, 2:].copy()
    labels[::5] = -1
    calibration = calibrate(sample.vectors, labels, sample.groups)
    reference = build_reference(calibration.projections, sample.vectors, labels, sample.groups)
    answers = calibration.answer(reference, gather_evidence(reference, sample.vectors[:4]))
    assert answers.p.shape == (4, 1)


def test_too_little_says_so() -> None:
    sample = draw_sample(images=1)
    with pytest.raises(ValueError, match="no species has two specimens"):
        calibrate(*sample)


def test_a_few_specimens_are_no_ground_for_95_percent() -> None:
    vectors, labels, groups = draw_sample()
    rows = np.flatnonzero(groups < 40)
    with pytest.raises(ValueError, match="50 are needed"):
        calibrate(vectors[rows], labels[rows], groups[rows])


def test_images_of_a_specimen_become_one_query() -> None:
    sample = draw_sample(frames=7)
    pooled, first = pool_specimens(sample.vectors, sample.groups)
    assert len(pooled) == len(np.unique(sample.groups))
    mean = sample.vectors[sample.groups == 3][:5].mean(axis=0)
    np.testing.assert_allclose(pooled[3], mean / np.linalg.norm(mean), atol=1e-6)
    assert (sample.groups[first] == np.arange(len(first))).all()


def test_probabilities_agree_across_ranks() -> None:
    classes = np.array([[0, 0], [1, 1]])
    taxa = np.array([[0, 0], [0, 1]])
    p = coherent(np.array([[0.5, 0.8], [0.9, 0.3]]), taxa, Lineages.of(classes))
    np.testing.assert_allclose(p, [[0.8, 0.8], [0.7, 0.3]])


def test_a_lineage_that_leaves_a_rank_out_unties_none_that_names_it() -> None:
    classes = np.array([[0, 0], [1, 1], [-1, 0]])
    p, taxa = np.array([[0.5, 0.8]]), np.array([[0, 0]])
    for order in ([0, 1, 2], [2, 1, 0]):
        np.testing.assert_allclose(coherent(p, taxa, Lineages.of(classes[order])), [[0.8, 0.8]])


def test_the_prior_moves_the_odds_by_bayes() -> None:
    p = with_prior(np.array([0.7]), 0.25)[0]
    np.testing.assert_allclose(p / (1 - p), 0.7 / 0.3 * 3)


def test_each_of_few_species_is_new_once_at_every_level() -> None:
    sample = draw_sample(species=8, images=10)
    left_out = leave_out(*sample)
    for level in (1, 2):
        assert np.unique(left_out.truth[left_out.novel == level, 2]).tolist() == list(range(8))


def test_ten_species_are_answered_at_species_where_they_are_recognised() -> None:
    noisy = draw_sample(species=10, images=42, seed=11)
    means = noisy.vectors.reshape(140, 3, -1).mean(axis=1)
    unit = means / np.linalg.norm(means, axis=1, keepdims=True)
    sample = Sample(unit.astype(np.float32), noisy.labels[::3], np.arange(140))
    asks = np.arange(140) % 14 < 4
    gallery, queries = sample.where(~asks), sample.where(asks)
    fitted = calibrate(*gallery)
    reference = build_reference(fitted.projections, *gallery)
    answers = fitted.answer(reference, gather_evidence(reference, queries.vectors))
    right = answers.taxa[:, 2] == queries.labels[:, 2]
    given = answers.rank == 2
    assert right.mean() > 0.9
    assert given.mean() >= 0.5
    assert right[given].mean() >= 0.95


def test_of_few_known_specimens_none_is_called_unlike_them_for_lying_a_little_further(
    fitted: Fitted,
) -> None:
    few = replace(fitted.calibration, nearness=np.array([0.5, 0.6, 0.7, 0.8]))
    near, beyond = (
        replace(fitted.evidence, nearness=np.full(len(fitted.novel), c)) for c in (0.45, -1)
    )
    one, other = (few.answer(fitted.reference, e) for e in (near, beyond))
    assert not one.far.any()
    assert other.far.all()
    two = replace(fitted.calibration, nearness=np.array([0.5, 0.6]))
    assert not two.answer(fitted.reference, beyond).far.any()
