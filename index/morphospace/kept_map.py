"""The map of a space that is kept beside its index: derived, signed, and checked before use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from ..database.connection import Database
from ..errors import UsageError
from ..gallery.array_files import KeptArrays, keep_arrays, load_arrays
from ..gallery.gallery import Gallery
from ..storage.records import Space
from ..vectors.base import Parts
from .axes import Axes
from .fitting import FittedMap
from .parameters import METHODS, Method, parameters_of
from .quality import Quality

_AXES = ("mean", "directions", "explained")


def load_map(database: Database, space: Space, method: Method) -> FittedMap | None:
    """Return the map of a space that is kept; None without a whole one of this space."""
    kept = load_arrays(database, space, method, _basis(space))
    if kept is None:
        return None
    try:
        made = _read(kept.said, kept.arrays)
    except (KeyError, TypeError, UsageError):
        return None
    count = len(made.covered)
    shapes = (len(made.coordinates), len(made.fitted), len(made.far))
    whole = shapes == (count,) * 3 and made.fitted.any() and np.isfinite(made.coordinates).all()
    return made if whole else None


def kept_methods(database: Database, space: Space) -> Iterator[Method]:
    """Yield the methods by which a map of the space is kept; each is read when it is asked for."""
    return (one for one in METHODS if load_map(database, space, one) is not None)


def keep_map(database: Database, gallery: Gallery, made: FittedMap) -> bool:
    """Keep the map of a gallery, and return whether it is kept.

    It is not where somebody else is writing an index, and where the collection cannot be written
    to.
    """
    said = {
        "parameters": made.parameters.to_dict(),
        "quality": made.quality.to_dict(),
        "bound": made.bound,
    }
    arrays: dict[str, Any] = {
        name: getattr(made, name) for name in ("covered", "coordinates", "fitted", "far")
    }
    if made.axes is not None:
        arrays |= {name: getattr(made.axes, name) for name in _AXES}
    space, method = gallery.space, made.parameters.method
    arrays_of_map = KeptArrays(said, arrays)
    keep_arrays(database, space, gallery.state, method, _basis(space), arrays_of_map, followed=True)
    kept = load_map(database, space, method)
    return kept is not None and kept.version == made.version


def _basis(space: Space) -> dict[str, Any]:
    return {"projection": space.projection_id}


def _read(said: Mapping[str, Any], arrays: Parts) -> FittedMap:
    parameters = parameters_of(said["parameters"])
    axes = Axes(*(arrays[name] for name in _AXES)) if parameters.method == "pca" else None
    return FittedMap(
        parameters=parameters,
        covered=arrays["covered"],
        coordinates=arrays["coordinates"],
        fitted=arrays["fitted"],
        far=arrays["far"],
        bound=float(said["bound"]),
        quality=Quality(**said["quality"]),
        axes=axes,
    )
