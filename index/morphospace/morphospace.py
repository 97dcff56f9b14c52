"""The morphospace of a space: where each of its images lies in a map, as it stands now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from sys import intern
from typing import Any

import numpy as np

from ..arrays import Embeddings, Flags, places_in
from ..collection import Collection
from ..database.connection import Database
from ..errors import NotFoundError
from ..gallery.gallery import Gallery
from ..ways import way
from .fitting import FittedMap, Progress, fit, placed_in
from .kept_map import keep_map, kept_methods, load_map
from .parameters import Method, Wanted
from .quality import Quality

_MANY_CHANGED = 0.1  # share of the images from which on a map is made anew


@dataclass(frozen=True, eq=False)
class Morphospace:
    """A map of a gallery; place i is row i of every array, and of the gallery's.

    Attributes:
        made: the map that it shows; it may be of an earlier state.
        coordinates: float32 [n, 2].
        placed: bool [n], the images that the map was not fitted on: put among their neighbours.
        far: bool [n], those of them that are unlike all that the map was fitted on, so that their
            place says little.
        gone: images of the map that were deleted, or embedded anew, since it was made.
        came: images that came since.
        kept: whether the map lies in the collection.
    """

    gallery: Gallery
    made: FittedMap
    coordinates: Embeddings
    placed: Flags
    far: Flags
    gone: int = 0
    came: int = 0
    kept: bool = True

    def __len__(self) -> int:
        return len(self.coordinates)

    @property
    def version(self) -> str:
        """Tells what is shown from every other map, and from this one with other images."""
        state = self.gallery.state
        return f"{self.made.version}-{state.last_seq}-{state.count}"

    @property
    def quality(self) -> Quality:
        """How faithful the map was when it was made."""
        return self.made.quality

    @property
    def outdated(self) -> bool:
        """Whether so many images came or went that it is better made anew."""
        return self.gone + self.came > _MANY_CHANGED * len(self.made.covered)

    @property
    def notes(self) -> list[str]:
        """What is to be known of the places, in a sentence each."""
        told = []
        far, placed = int(self.far.sum()), int(self.placed.sum())
        if far:
            told.append(
                f"{far} of the {placed} images that the map was not fitted on lie far from those "
                "that it was: their places say little"
            )
        if self.outdated:
            told.append(
                f"Since the map was made {self.came} images came and {self.gone} went; make it "
                f"anew with {way('map')}"
            )
        if not self.kept:
            told.append(
                "The map could not be kept in the collection, which is busy or cannot be written "
                "to; the next one is made from the beginning"
            )
        return told

    def to_dict(self) -> dict[str, Any]:
        """Return what is said of the map as JSON-ready values."""
        told: dict[str, Any] = {
            "space": self.gallery.space.name,
            "version": self.version,
            "images": len(self),
            "placed": int(self.placed.sum()),
            "far": int(self.far.sum()),
            "came": self.came,
            "gone": self.gone,
            "parameters": self.made.parameters.to_dict(),
            "quality": self.quality.to_dict(),
        }
        if self.made.axes is not None:
            told["explained"] = self.made.axes.explained.tolist()
        return told | {"notes": self.notes}


def morphospace(
    collection: Collection,
    *,
    space: str | None = None,
    wanted: Wanted | None = None,
    anew: bool = False,
    progress: Progress | None = None,
) -> Morphospace:
    """Return the map of a space: the one that is kept, or one that is made now and kept.

    The kept one serves where it was made with what is wanted and at most a tenth of the images
    came or went since. Those that came are placed among their neighbours.

    Args:
        collection: an open one.
        space: which; by default the first.
        wanted: how it is made; by default as the kept one, or UMAP.
        anew: make it even where the kept one would serve.
        progress: is told what is being done, how much of it and of how much.

    Raises:
        NotFoundError: no such space, or nothing in it.
        UsageError: a parameter is out of its range.
    """
    wanted = wanted or Wanted()
    wanted.completed(None)  # refused before anything is read
    gallery = collection.gallery(space)
    before = _kept(collection.database, gallery, wanted.method)
    serves = before is not None and not before.outdated and wanted.fits(before.made.parameters)
    if before is not None and serves and not anew:
        return before
    parameters = wanted.completed(None if before is None else before.made.parameters)
    made = fit(gallery, parameters, progress) if progress else fit(gallery, parameters)
    return replace(_shown(gallery, made), kept=keep_map(collection.database, gallery, made))


def kept_morphospace(
    collection: Collection, *, space: str | None = None, method: str = "umap"
) -> Morphospace:
    """Return the map of a space that is kept, with what came since placed; nothing is made.

    Raises:
        NotFoundError: no such space, nothing in it, or no map of it is kept.
        UsageError: there is no such method.
    """
    name: Method = Wanted(method=method).completed(None).method  # type: ignore[arg-type]
    gallery = collection.gallery(space)
    found = _kept(collection.database, gallery, name)
    if found is None:
        named = gallery.space.name
        others = kept_methods(collection.database, gallery.space)
        raise NotFoundError(
            f"{collection.folder} keeps no map of space '{named}' by {name}; make one with "
            + way("map", "COLLECTION", space=named, method=name)
            + "".join(f", or ask for that by {other}" for other in others)
        )
    return found


def _kept(database: Database, gallery: Gallery, method: Method) -> Morphospace | None:
    """Return the kept map as a gallery shows it; what is placed is kept with the gallery."""
    made = load_map(database, gallery.space, method)
    if made is None:
        return None
    same = intern(made.version)  # of one map it is one object, which `once` compares
    return gallery.once(f"map {method}", same, partial(_shown, gallery, made))


def _shown(gallery: Gallery, made: FittedMap) -> Morphospace:
    """Return a map as a later gallery shows it: without what is gone, with what came."""
    order = np.argsort(made.covered)
    found, there = places_in(made.covered[order], gallery.sequence)
    of_map = order[found]
    fresh = np.flatnonzero(~there)
    fitted = there & made.fitted[of_map]
    gone = len(made.covered) - int(there.sum())
    there_now = replace(
        made, coordinates=made.coordinates[of_map], far=made.far[of_map] & there, fitted=fitted
    )
    if len(fresh) and not fitted.any():  # nothing is left to be placed among
        coordinates = there_now.coordinates.copy()
        coordinates[fresh] = 0
        far = ~there | there_now.far
        return Morphospace(gallery, made, coordinates, ~fitted, far, gone, len(fresh))
    shown = placed_in(there_now, gallery, fresh, fitted)
    return Morphospace(gallery, made, shown.coordinates, ~fitted, shown.far, gone, len(fresh))
