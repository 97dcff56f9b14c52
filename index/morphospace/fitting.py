"""A map of a space: fitted on its images, or on a sample of them, with the rest placed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ..arrays import Embeddings, Flags, Ids
from ..gallery.gallery import Gallery
from ..vectors import Selection
from .axes import Axes, principal_axes
from .layout import umap_layout
from .neighbours import nearest_others
from .parameters import Parameters
from .placement import K, far_from, place_among, support
from .quality import Quality, measure

_ASKING = 2000  # fitted images, drawn by the seed, whose nearness gives the bound of what is far

Progress = Callable[[str, int, int], None]  # what is done, how much of it, of how much


@dataclass(frozen=True, eq=False)
class FittedMap:
    """A map of the images that a space had when it was made.

    Attributes:
        covered: int64 [n], the sequence numbers of their vectors, by the images' rows.
        coordinates: float32 [n, 2], finite.
        fitted: bool [n], whether the map was fitted on the image; else it was placed.
        far: bool [n], whether it was placed far from those.
        bound: an image is far with a smaller mean cosine to its nearest fitted ones.
        axes: of a map by `pca`.
    """

    parameters: Parameters
    covered: Ids
    coordinates: Embeddings
    fitted: Flags
    far: Flags
    bound: float
    quality: Quality
    axes: Axes | None

    @property
    def version(self) -> str:
        """Tells the map from every other: a digest of its parameters, images and places."""
        digest = hashlib.sha256(json.dumps(self.parameters.to_dict()).encode())
        for array in (self.covered, self.coordinates, self.fitted):
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()[:16]


def _silent(what: str, done: int, total: int) -> None:
    pass


def fit(gallery: Gallery, parameters: Parameters, progress: Progress = _silent) -> FittedMap:
    """Return a map of a gallery; the same vectors and parameters give the same bytes.

    Where there are more images than the sample may have, memory and time of the fit stay as they
    are, and the others are placed among the sampled ones.

    Args:
        gallery: of any space.
        parameters: how it is made.
        progress: is told what is being done.
    """
    n = len(gallery)
    sample = _sample(n, parameters)
    rows = np.ascontiguousarray(gallery.index.rows(sample))
    axes = principal_axes(rows) if parameters.method == "pca" else None
    coordinates = np.zeros((n, 2), np.float32)
    if axes is not None:
        bound = _bound_of_sample(rows, parameters)
        coordinates[sample] = axes.project(rows)
    else:
        nearest = nearest_others(
            rows,
            max(parameters.n_neighbors - 1, K),
            progress=lambda done, total: progress("Neighbours", done, total),
        )
        progress("Layout", 0, 1)
        held = slice(parameters.n_neighbors - 1)
        bound = support(nearest[0][:, :K].mean(axis=1)) if n > 1 else -1.0
        coordinates[sample] = umap_layout(
            rows,
            (nearest[0][:, held], nearest[1][:, held]),
            min_dist=parameters.min_dist,
            seed=parameters.seed,
        )
    fitted = np.zeros(n, bool)
    fitted[sample] = True
    made = FittedMap(
        parameters=parameters,
        covered=gallery.sequence,
        coordinates=coordinates,
        fitted=fitted,
        far=np.zeros(n, bool),
        bound=bound,
        quality=Quality(None, None, 0, 0),
        axes=axes,
    )
    progress("Placing the rest", 0, 1)
    whole = placed_in(made, gallery, np.flatnonzero(~fitted), fitted)
    progress("Measuring", 0, 1)
    quality = measure(gallery.index.vectors, whole.coordinates, parameters.seed)
    return replace(whole, quality=quality)


def placed_in(made: FittedMap, gallery: Gallery, fresh: Ids, fitted: Flags) -> FittedMap:
    """Return a map of a gallery with some of its images placed.

    Args:
        made: the map with a place for every image of the gallery, whatever it is for `fresh`.
        gallery: the images.
        fresh: int64 [m], those to place.
        fitted: bool [n], those among which; at least one where there are fresh ones.
    """
    if not len(fresh):
        return made
    coordinates, far = made.coordinates.copy(), made.far.copy()
    placed = place_among(gallery.index, fresh, Selection(fitted), coordinates)
    coordinates[fresh] = placed.coordinates
    if made.axes is not None:
        coordinates[fresh] = made.axes.project(gallery.index.rows(fresh))
    far[fresh] = far_from(placed.nearness, made.bound)
    return replace(made, coordinates=coordinates, far=far)


def _sample(n: int, parameters: Parameters) -> Ids:
    if n <= parameters.sample:
        return np.arange(n)
    chosen = np.random.default_rng(parameters.seed).choice(n, parameters.sample, replace=False)
    return np.sort(chosen)


def _bound_of_sample(rows: Embeddings, parameters: Parameters) -> float:
    """Return the bound of what is far, of some of the rows among all of them."""
    if len(rows) < 2:
        return -1.0
    asking = np.arange(len(rows))
    if len(rows) > _ASKING:
        asking = np.random.default_rng(parameters.seed).choice(len(rows), _ASKING, replace=False)
    scores, _ = nearest_others(rows, K, asking=np.sort(asking))
    return support(scores.mean(axis=1))
