"""What indexes propose is what comparing everything finds; own specimens are no evidence."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pytest

from holotype.index.arrays import Codes
from holotype.index.identification import evidence as evidences
from holotype.index.identification import reference as references
from holotype.index.identification.calibration import Calibration
from holotype.index.identification.classes import Lineages
from holotype.index.identification.evidence import Evidence, gather_evidence, look_up
from holotype.index.identification.features import OF_A_VIEW, OF_LIKELIHOOD
from holotype.index.identification.reference import Reference, build_reference
from holotype.index.vectors import HalfIndex, Selection
from holotype.training.calibration.calibrate import calibrate
from tests.training.synthetic import Sample, draw_sample

NOBODY = np.empty(0, np.int64)


@pytest.fixture(scope="module")
def gallery() -> Sample:
    """Specimens of three images; some rows have no label."""
    sample = draw_sample(species=40, images=9, frames=3, seed=2)
    sample.labels[sample.groups % 11 == 0] = -1
    return sample


@pytest.fixture(scope="module")
def queries() -> Sample:
    sample = draw_sample(species=40, images=12, seed=2)
    return sample.where(sample.groups % 12 > 8)


@pytest.fixture(scope="module")
def calibration(gallery: Sample) -> Calibration:
    return calibrate(*gallery)


@pytest.fixture(scope="module")
def reference(calibration: Calibration, gallery: Sample) -> Reference:
    return build_reference(calibration.projections, *gallery)


def assert_same(one: Evidence, other: Evidence, *, atol: float = 1e-5) -> None:
    for part in fields(Evidence):
        left, right = getattr(one, part.name), getattr(other, part.name)
        np.testing.assert_allclose(left, right, atol=atol, err_msg=part.name)


def test_exact_indexes_propose_what_comparing_everything_finds(
    reference: Reference, queries: Sample
) -> None:
    found = look_up(reference, queries.vectors, [NOBODY] * len(queries.vectors))
    assert_same(found, gather_evidence(reference, queries.vectors))


def test_of_a_part_of_the_gallery_too(reference: Reference, queries: Sample) -> None:
    for allowed in (reference.groups % 3 > 0, reference.member == 4, reference.groups == 5):
        part = reference.part(Selection(allowed))
        found = look_up(part, queries.vectors, [NOBODY] * len(queries.vectors))
        assert_same(found, gather_evidence(part, queries.vectors))


def test_a_batch_is_answered_as_each_alone(reference: Reference, gallery: Sample) -> None:
    own = [np.flatnonzero(gallery.groups == group) for group in gallery.groups[:200]]
    together = look_up(reference, gallery.vectors[:200], own)
    for row in range(0, 200, 17):
        alone = look_up(reference, gallery.vectors[row : row + 1], own[row : row + 1])
        part = Evidence(*(getattr(together, p.name)[row : row + 1] for p in fields(Evidence)))
        assert_same(alone, part)


@pytest.mark.parametrize("filtered", [False, True])
def test_own_specimens_are_out_of_their_classes(
    reference: Reference, gallery: Sample, filtered: bool
) -> None:
    chosen = Selection(gallery.groups % 5 > 0) if filtered else None
    part = reference.part(chosen)
    for row in range(1, len(gallery.vectors), 91):
        own = np.flatnonzero(gallery.groups == gallery.groups[row])
        found = look_up(part, gallery.vectors[row : row + 1], [own])
        others = gallery.groups != gallery.groups[row]
        without = reference.restricted(others if chosen is None else others & chosen.allowed)
        assert_same(found, look_up(without, gallery.vectors[row : row + 1], [NOBODY]))


def test_a_class_that_is_the_own_specimen_is_no_class(
    calibration: Calibration, gallery: Sample
) -> None:
    labels = gallery.labels.copy()
    own = np.flatnonzero(gallery.groups == 40)
    labels[own] = [9, 99, 999]
    reference = build_reference(calibration.projections, gallery.vectors, labels, gallery.groups)
    found = look_up(reference, gallery.vectors[own[:1]], [own])
    finest = reference.classes[:, -1]
    assert 999 not in found.taxa
    assert 999 not in finest[found.candidates[found.candidates >= 0]]
    for chosen in calibration.prediction_sets(found):
        assert 999 not in finest[chosen]
    without = reference.restricted(gallery.groups != 40)
    expected = look_up(without, gallery.vectors[own[:1]], [NOBODY])
    np.testing.assert_allclose(found.features, expected.features, atol=1e-5)


def test_where_nothing_else_is_named_nothing_speaks(
    calibration: Calibration, gallery: Sample
) -> None:
    labels = np.where((gallery.groups == 40)[:, None], gallery.labels, -1)
    reference = build_reference(calibration.projections, gallery.vectors, labels, gallery.groups)
    own = np.flatnonzero(gallery.groups == 40)
    found = look_up(reference, gallery.vectors[own[:1]], [own])
    assert (found.taxa == -1).all()
    assert (found.candidates == -1).all()
    answers = calibration.answer(reference, found)
    assert answers.rank.tolist() == [-1]
    assert np.isfinite(answers.p).all()


def same(one: Evidence, other: Evidence, calibration: Calibration, lineages: Codes) -> float:
    reference = type("Classes", (), {"lineages": Lineages.of(lineages), "decisive": True})()
    first, second = (calibration.answer(reference, e) for e in (one, other))
    return float(((first.taxa == second.taxa).all(axis=1) & (first.rank == second.rank)).mean())


def test_lists_at_half_precision_determine_the_same(
    calibration: Calibration,
    gallery: Sample,
    queries: Sample,
    reference: Reference,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(references, "_MOST_EXACT", 500)
    coarse = build_reference(calibration.projections, *gallery)
    assert all(isinstance(view.index, HalfIndex) for view in coarse.views)
    nobody = [NOBODY] * len(queries.vectors)
    found = look_up(coarse, queries.vectors, nobody)
    exact = gather_evidence(reference, queries.vectors)
    assert same(found, exact, calibration, reference.classes) >= 0.98
    for part in (Selection(gallery.groups % 2 == 0), Selection(gallery.groups % 25 == 0)):
        found, exact = (
            look_up(one.part(part), queries.vectors, nobody) for one in (coarse, reference)
        )
        assert same(found, exact, calibration, reference.part(part).classes) >= 0.98
    own = [np.flatnonzero(gallery.groups == 50)]
    found, exact = (
        look_up(one.part(part), gallery.vectors[own[0][:1]], own) for one in (coarse, reference)
    )
    assert not np.isin(found.nearest, own[0]).any()
    np.testing.assert_array_equal(found.taxa, exact.taxa)


def test_classes_that_no_space_proposes_are_found_where_they_matter(
    reference: Reference, queries: Sample, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The best within a taxon and beyond it may lie behind many others, or be of few neighbours."""
    whole = gather_evidence(reference, queries.vectors)
    monkeypatch.setattr(evidences, "_FEW_CLASSES", 0)
    for most in (1, 3):
        found = gather_evidence(reference, queries.vectors, classes=most)
        of_model = len(OF_LIKELIHOOD)
        np.testing.assert_array_equal(found.taxa, whole.taxa)
        np.testing.assert_allclose(
            found.features[..., :-of_model], whole.features[..., :-of_model], atol=1e-6
        )


def test_one_taxon_for_all_has_no_rival(calibration: Calibration, gallery: Sample) -> None:
    labels = gallery.labels.copy()
    labels[:, 0] = np.where(labels[:, 0] < 0, -1, 0)
    reference = build_reference(calibration.projections, gallery.vectors, labels, gallery.groups)
    found = look_up(reference, gallery.vectors[:3], [NOBODY] * 3)
    assert (found.taxa[:, 0] == 0).all()
    lead = found.features[:, 0, 2 + OF_A_VIEW.index("centre_lead")]
    np.testing.assert_array_equal(lead, 0.5)
    of_taxon, over, _ = np.moveaxis(found.features[:, 0, -len(OF_LIKELIHOOD) :], -1, 0)
    np.testing.assert_array_equal(of_taxon, over)


def test_what_filters_leave_is_kept_and_not_more_than_a_few(reference: Reference) -> None:
    chosen = [Selection(reference.groups % 7 != number) for number in range(7)]
    first = reference.part(chosen[0])
    assert reference.part(chosen[0]) is first
    for one in chosen:
        reference.part(one)
    assert reference.part(chosen[0]) is not first
    assert len(reference._parts) <= 4
