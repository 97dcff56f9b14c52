"""Where the images of a taxon lie in a map: one point, an outline, a density."""

from __future__ import annotations

from contextlib import suppress

import numpy as np

from ...arrays import Embeddings, Floats

_BESIDE = 0.05  # of the map's width: images of a taxon as near as that are of one part
_LEAST, _MOST = 5, 1000  # images of an outline
Limits = tuple[float, float, float, float]  # left, right, bottom, top of a map

_BINS = 160
_BLUR = 3.0  # bins


def anchor(places: Embeddings) -> Floats:
    """Return the place of the image nearest to the middle of a taxon, float64 [2].

    The middle is the median, which lies within the larger of two groups.
    """
    middle = np.median(places, axis=0)
    found: Floats = places[((places - middle) ** 2).sum(axis=1).argmin()].astype(np.float64)
    return found


def hulls(places: Embeddings, limits: Limits) -> list[Floats]:
    """Return the corners of convex hulls around a taxon's images, float64 [m, 2] each.

    A taxon in several parts of the map has several: an outline around all would enclose others.
    Fewer than five that lie apart have none.

    Args:
        places: float32 [n, 2]; of many, some are looked at.
        limits: left, right, bottom and top of the map.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import ConvexHull, KDTree, QhullError

    some = places[:: 1 + len(places) // _MOST].astype(np.float64)
    pairs = KDTree(some).query_pairs(_BESIDE * (limits[1] - limits[0]), output_type="ndarray")
    joined = coo_matrix((np.ones(len(pairs)), tuple(pairs.T)), shape=(len(some), len(some)))
    count, parts = connected_components(joined, directed=False)
    found = []
    for part in range(count):
        body = some[parts == part]
        with suppress(QhullError):  # they lie on one line
            if len(body) >= _LEAST:
                found.append(body[ConvexHull(body).vertices])
    return found


def density(places: Embeddings, limits: Limits) -> tuple[Floats, Floats, Floats]:
    """Return the middles of bins along x and y, and how dense images lie, [y, x], highest 1.

    Args:
        places: float32 [n, 2].
        limits: left, right, bottom and top of the map.
    """
    from scipy.ndimage import gaussian_filter

    left, right, bottom, top = limits
    counts, x, y = np.histogram2d(
        places[:, 0], places[:, 1], bins=_BINS, range=((left, right), (bottom, top))
    )
    smooth = gaussian_filter(counts.T, _BLUR)
    return (x[:-1] + x[1:]) / 2, (y[:-1] + y[1:]) / 2, smooth / max(smooth.max(), 1e-12)
