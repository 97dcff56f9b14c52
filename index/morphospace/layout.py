"""UMAP: a plane in which images lie beside those that they lie beside in the space.

McInnes, Healy and Melville (2018), UMAP: Uniform Manifold Approximation and Projection for
Dimension Reduction, arXiv:1802.03426; by umap-learn.
"""

from __future__ import annotations

import warnings

import numpy as np

from ..arrays import Answer, Embeddings
from .axes import principal_axes

_LEAST = 5  # images; fewer have no neighbourhoods, and keep the places that their axes give them
_WIDTH = 10.0  # of the first places, as umap-learn has them
_NOISE = 1e-3  # so that images that are alike can be parted
_DECIMALS = 4  # of the first places: libraries differ in the last digits of an axis


def umap_layout(rows: Embeddings, nearest: Answer, *, min_dist: float, seed: int) -> Embeddings:
    """Return a place for every row, float32 [n, 2]; the same seed gives the same bytes.

    It begins at the principal axes and not, as umap-learn would, at a spectral layout: that is
    worked out by iteration and differs from run to run where images are alike, and axes keep what
    is far apart far apart (Kobak and Linderman 2021, Nature Biotechnology 39: 156-157).

    Args:
        rows: float32 [n, dim], unit rows.
        nearest: the nearest others of each: cosines float32 [n, k] and rows int64 [n, k].
    """
    start = _first_places(rows, seed)
    if len(rows) < _LEAST:
        return start
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that TensorFlow, which nothing here uses, is missing
        from umap.umap_ import find_ab_params, fuzzy_simplicial_set, simplicial_set_embedding
    cosines, others = nearest
    own = np.arange(len(rows))[:, None]
    distances = np.hstack((np.zeros_like(cosines[:, :1]), 1 - cosines)).clip(min=0)
    k = distances.shape[1]
    graph, _, _ = fuzzy_simplicial_set(
        rows,
        k,
        np.random.RandomState(seed),
        "cosine",
        knn_indices=np.hstack((own, others)),
        knn_dists=distances,
    )
    a, b = find_ab_params(1.0, min_dist)
    places, _ = simplicial_set_embedding(
        rows,
        graph,
        n_components=2,
        initial_alpha=1.0,
        a=a,
        b=b,
        gamma=1.0,
        negative_sample_rate=5,
        n_epochs=None,
        init=start,
        random_state=np.random.RandomState(seed),
        metric="cosine",
        metric_kwds={},
        densmap=False,
        densmap_kwds={},
        output_dens=False,
        parallel=False,  # threads that write beside each other would make every run another
    )
    centred: Embeddings = (places - places.mean(axis=0)).astype(np.float32)
    return centred


def _first_places(rows: Embeddings, seed: int) -> Embeddings:
    """Return where the layout begins, float32 [n, 2]: along the principal axes, all different."""
    places = principal_axes(rows).project(rows)
    width = float(np.abs(places).max(initial=0))
    noise = np.random.default_rng(seed).normal(0, _NOISE, places.shape)
    scaled = np.round(places * (_WIDTH / width), _DECIMALS) if width else places
    return (scaled + noise).astype(np.float32)
