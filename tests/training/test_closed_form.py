from __future__ import annotations

import numpy as np
import pytest
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from holotype.index.vectors.projection import Projection, signed_power
from holotype.training.tuning import closed_form
from holotype.training.tuning.scatter import gather

from .synthetic import draw_sample


def within(rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The pooled within-class covariance, straight from its definition."""
    residuals = np.concatenate([rows[labels == c] - rows[labels == c].mean(0) for c in set(labels)])
    return np.asarray(residuals.T @ residuals / (len(rows) - len(set(labels))))


def test_scatter_equals_its_definition_whatever_the_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    sample = draw_sample()
    labels = sample.labels[:, 2].copy()
    labels[::7] = -1
    monkeypatch.setattr("holotype.training.tuning.scatter._BLOCK_ROWS", 17)
    scatter = gather(sample.vectors, labels, exponent=0.5)
    rows = signed_power(sample.vectors[labels >= 0], 0.5).astype(np.float64)
    np.testing.assert_allclose(scatter.within, within(rows, labels[labels >= 0]), atol=1e-6)
    np.testing.assert_allclose(scatter.total, np.cov(rows.T, bias=True), atol=1e-6)
    np.testing.assert_allclose(scatter.mean, rows.mean(axis=0), atol=1e-6)


@pytest.mark.parametrize("shrinkage", [0.05, 0.3, 1.0])
def test_wccn_whitens_the_shrunken_covariance(shrinkage: float) -> None:
    sample = draw_sample()
    scatter = gather(sample.vectors, sample.labels[:, 2])
    projection = closed_form.wccn(scatter, shrinkage=shrinkage)
    covariance = within(sample.vectors.astype(np.float64), sample.labels[:, 2])
    shrunk = (1 - shrinkage) * covariance
    shrunk += shrinkage * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    matrix = projection.matrix.astype(np.float64)
    np.testing.assert_allclose(matrix.T @ shrunk @ matrix, np.eye(len(shrunk)), atol=1e-3)


@pytest.mark.parametrize("shrinkage", [0.05, 0.5])
def test_few_rows_give_the_maps_that_many_would(
    monkeypatch: pytest.MonkeyPatch, shrinkage: float
) -> None:
    sample = draw_sample(species=4, images=5, dim=48)
    cosines = []
    for few in (0.5, 0.0):
        monkeypatch.setattr("holotype.training.tuning.scatter._FEW", few)
        scatter = gather(sample.vectors, sample.labels[:, 2], exponent=0.5)
        assert (scatter.deviations is not None) == (few > 0)
        maps = (closed_form.wccn, closed_form.stretched, closed_form.lda)
        rows = [fit(scatter, shrinkage=shrinkage).apply(sample.vectors) for fit in maps]
        cosines.append([space @ space.T for space in rows])
    np.testing.assert_allclose(cosines[0], cosines[1], atol=1e-4)


def test_lda_spans_what_scikit_learn_finds() -> None:
    sample = draw_sample(species=6, images=40, dim=12)
    labels = sample.labels[:, 2]
    ours = closed_form.lda(gather(sample.vectors, labels), shrinkage=1e-6, dim=5).matrix
    theirs = LinearDiscriminantAnalysis(solver="eigen", priors=np.full(6, 1 / 6)).fit(
        sample.vectors.astype(np.float64), labels
    )
    span = np.linalg.qr(theirs.scalings_[:, :5])[0]
    mine = np.linalg.qr(ours.astype(np.float64))[0]
    assert np.linalg.svd(span.T @ mine)[1].min() > 0.999


def test_stretching_leads_from_wccn_to_lda() -> None:
    sample = draw_sample()
    scatter = gather(sample.vectors, sample.labels[:, 2])

    def cosines(projection: Projection) -> np.ndarray:
        rows = projection.apply(sample.vectors)
        return np.asarray(rows @ rows.T)

    one, far = (closed_form.stretched(scatter, stretch=s) for s in (1.0, 1e6))
    np.testing.assert_allclose(cosines(one), cosines(closed_form.wccn(scatter)), atol=1e-4)
    np.testing.assert_allclose(cosines(far), cosines(closed_form.lda(scatter)), atol=1e-3)


def test_more_classes_than_dimensions() -> None:
    sample = draw_sample(species=64, dim=16)
    projection = closed_form.lda(gather(sample.vectors, sample.labels[:, 2]))
    assert projection.out == 16
    assert np.isfinite(projection.matrix).all()


def test_pca_needs_no_labels_and_half_whitens() -> None:
    sample = draw_sample()
    scatter = gather(sample.vectors, np.zeros(len(sample.vectors), np.int64))
    projection = closed_form.pca(scatter, dim=8)
    rows = (sample.vectors - projection.mean) @ projection.matrix
    covariance = np.cov(rows.T.astype(np.float64))
    np.testing.assert_allclose(covariance, np.diag(np.diag(covariance)), atol=1e-4)
    values = np.sort(np.linalg.eigvalsh(np.cov(sample.vectors.T.astype(np.float64))))[::-1][:8]
    np.testing.assert_allclose(np.diag(covariance), values**0.5, rtol=0.02)


def test_what_cannot_be_fitted_says_why() -> None:
    sample = draw_sample()
    with pytest.raises(ValueError, match="no row has a label"):
        gather(sample.vectors, np.full(len(sample.vectors), -1))
    singletons = gather(sample.vectors, np.arange(len(sample.vectors)))
    with pytest.raises(ValueError, match="at least one class needs two images"):
        closed_form.wccn(singletons)
    with pytest.raises(ValueError, match="shrinkage is 0"):
        closed_form.wccn(gather(sample.vectors, sample.labels[:, 2]), shrinkage=0)
