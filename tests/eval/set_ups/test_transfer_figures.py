"""What a shift costs and what remedies win back, where both are known beforehand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from holotype.eval.set_ups.remedies import Side, remedies, standardised
from holotype.eval.set_ups.transfer_figures import measure_transfer
from holotype.index.arrays import Codes, Embeddings, Floats

DIM, SPECIES, EACH = 24, 8, 10


def units(values: Floats) -> Embeddings:
    unit: Embeddings = (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(np.float32)
    return unit


def world(offset: float, seed: int = 0) -> tuple[Side, Side, Side, Side]:
    """Return gallery, source, target and copies; the target lies aside by an offset.

    Specimens of source and target are the same.
    """
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    centres = rng.standard_normal((SPECIES, DIM))
    labels = np.repeat(np.arange(SPECIES), EACH)
    aside = offset * rng.standard_normal((SPECIES, DIM))[0]
    cloud = [centres[labels] + 0.8 * rng.standard_normal((len(labels), DIM)) for _ in range(2)]
    other = cloud[1] + 0.2 * rng.standard_normal(cloud[1].shape) + aside
    copies = cloud[0] + 0.2 * rng.standard_normal(cloud[0].shape) + aside
    held, asked = np.arange(len(labels)), len(labels) + np.arange(len(labels))
    return (
        Side(units(cloud[0]), labels, held),
        Side(units(cloud[1]), labels, asked),
        Side(units(other), labels, asked),
        Side(units(copies), labels, held),
    )


def test_a_shift_is_measured_and_copies_of_it_win_it_back() -> None:
    gallery, source, target, copies = world(offset=4.0)
    found = measure_transfer(gallery, source, target, copies)
    assert found.gap.gap.estimate == pytest.approx(
        found.gap.accuracy_source - found.gap.accuracy_target
    )
    assert found.gap.gap.low > 0.1
    none, aligned, _, added, _ = found.remedies
    assert none.accuracy_target == found.gap.accuracy_target
    assert aligned.accuracy_target > none.accuracy_target
    assert added.recovered.estimate > 0.5
    for each in found.remedies[1:]:
        assert each.gain.estimate == pytest.approx(each.accuracy_target - none.accuracy_target)
        assert each.recovered.estimate == pytest.approx(each.gain.estimate / found.gap.gap.estimate)
        assert each.recovered.low <= each.recovered.estimate <= each.recovered.high
    assert found.told_apart.error < 0.1
    assert 0.2 < found.told_apart_within.error < 0.8


def test_without_a_shift_nothing_is_lost_and_the_share_is_not_known() -> None:
    gallery, source, *_ = world(offset=0.0)
    found = measure_transfer(gallery, source, source)
    assert found.gap.gap.estimate == 0
    assert [each.remedy for each in found.remedies][-1] == "tuned on the gallery"
    assert math.isnan(found.remedies[1].recovered.estimate)


def test_remedies_see_no_label_of_the_target() -> None:
    gallery, source, target, copies = world(offset=2.0)
    wrong: Codes = np.random.default_rng(1).permutation(target.labels)
    blind = Side(target.vectors, wrong, target.groups)
    pairs = zip(
        remedies(gallery, source, target, target.vectors, copies),
        remedies(gallery, source, blind, blind.vectors, copies),
        strict=True,
    )
    for told, not_told in pairs:
        assert told.fitted == not_told.fitted
        assert np.array_equal(told.gallery.vectors, not_told.gallery.vectors)
        assert np.array_equal(told.target.vectors, not_told.target.vectors)


def test_a_gallery_that_asks_itself_has_no_figure_for_what_was_fitted_on_it() -> None:
    gallery, _, target, copies = world(offset=2.0)
    found = measure_transfer(gallery, gallery, target, copies, source_is_gallery=True)
    known = {each.remedy: not math.isnan(each.accuracy_source) for each in found.remedies}
    assert known == {
        "none": True,
        "each set-up standardised": True,
        "tuned on the gallery": False,
        "degraded copies in the gallery": True,
        "degraded copies, tuned on both": False,
    }


def test_queries_of_taxa_that_the_gallery_lacks_do_not_count() -> None:
    gallery, source, target, _ = world(offset=2.0)
    kept = gallery.labels != 3
    fewer = Side(gallery.vectors[kept], gallery.labels[kept], gallery.groups[kept])
    found = measure_transfer(fewer, source, target)
    assert found.n_target == found.n_source == (SPECIES - 1) * EACH
    stranger = Side(target.vectors, np.full(len(target.labels), SPECIES), target.groups)
    with pytest.raises(ValueError, match="no query is of a taxon that the gallery holds"):
        measure_transfer(gallery, source, stranger)


def test_standardised_rows_are_centred_on_their_domain() -> None:
    gallery, _, target, _ = world(offset=4.0)
    seen = standardised(target.vectors, target.vectors)
    assert np.linalg.norm(seen, axis=1) == pytest.approx(1, abs=1e-5)
    before = np.linalg.norm(target.vectors.mean(axis=0) - gallery.vectors.mean(axis=0))
    after = np.linalg.norm(
        seen.mean(axis=0) - standardised(gallery.vectors, gallery.vectors).mean(axis=0)
    )
    assert after < before / 2
    flat = np.tile(gallery.vectors[:1], (3, 1))
    assert np.isfinite(standardised(flat, flat)).all()
