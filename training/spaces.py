"""Tuning and calibrating the spaces of a collection."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from holotype.index.collection import Collection
from holotype.index.curation.duplicates import united_by_copies
from holotype.index.curation.named import Named
from holotype.index.database.locks import is_writable
from holotype.index.errors import ReadOnlyError, UsageError
from holotype.index.gallery.fitted import record_of
from holotype.index.identification.kept_calibration import (
    keep_calibration,
    kept_calibration,
    labels_of,
    source_vectors,
)
from holotype.index.search.filters import chosen_places
from holotype.index.storage.spaces import check_target

from .calibration.calibrate import calibrate
from .calibration.steps import Progress, Steps, unwatched
from .conditions import Conditions, conditions_of
from .tuning.tune import tune


def tune_space(
    collection: Collection,
    *,
    space: str | None = None,
    name: str = "tuned",
    where: Sequence[str] = (),
    progress: Progress = unwatched,
) -> dict[str, Any]:
    """Learn a linear map from a space's labelled vectors and keep it as a space of its own.

    Nothing is embedded again. Only accepted determinations to species count as labels.

    Args:
        space: the space to tune; by default the oldest.
        name: what the tuned space is called; a tuned space of that name is replaced.
        where: conditions on the images that are learned from, such as `split=train`.
        progress: is told how many of its two steps, learning and keeping, are done. What it raises
            ends the work: nothing is kept.

    Returns:
        what was chosen, what was tried, and on how much, as JSON-ready values.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
        UsageError: too few species have two specimens, a condition is off, the name is taken, or
            the space is tuned already.
    """
    with writing(collection):
        base = collection.space(space)
        check_target(collection.database, name, base)
        gallery = collection.gallery(base.name)
        rows = chosen_places(collection, gallery, where)
        species = gallery.labels("species").codes[rows]
        progress(0, 2)
        start = time.perf_counter()
        groups = united_by_copies(collection, Named.of(collection, base.name))
        apart = conditions_of(collection, gallery, gallery.labels("species").codes, groups)
        together = groups if apart is None else apart.groups
        try:
            tuned = tune(gallery.index.vectors[rows], species, together[rows])
        except ValueError as error:
            raise UsageError(f"Space '{base.name}' cannot be tuned: {error}") from error
        seconds = time.perf_counter() - start
        progress(1, 2)
        fitted_on = record_of(collection.database, gallery.rows[rows[species >= 0]])
        card = {**tuned.projection.card, "where": list(where), "apart": _apart(apart)}
        projection = replace(tuned.projection, card=card, fitted_on=fitted_on)
        kept = collection.add_projected_space(name, base, projection)
    return {
        "space": kept.name,
        "tuned_from": base.name,
        "where": list(where),
        "apart": _apart(apart),
        "chosen": tuned.chosen.to_dict(),
        "trials": [trial.to_dict() for trial in tuned.trials],
        "images": len(rows),
        "fitted_on": fitted_on.to_dict(),
        "dim": kept.dim,
        "seconds": round(seconds, 2),
    }


def calibrate_space(
    collection: Collection,
    *,
    space: str | None = None,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = unwatched,
) -> dict[str, Any]:
    """Fit confidence at every rank on specimens and species left out of the gallery in turn.

    What was fitted is kept with the space that holds the embeddings, and identification uses it
    from then on, in whatever space it is asked. Until then nothing in the collection changes.

    Args:
        space: any that shows the embeddings; by default the oldest.
        seed: of the folds.
        threads: how many cores it takes; by default all.
        progress: is told how many steps are done, of how many, first that none is, once the lock
            is held and there is enough to fit on. What it raises ends the work: nothing is kept.

    Returns:
        on what it was fitted and how well it did there, as JSON-ready values.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
        UsageError: too few labelled specimens or species.
    """
    with writing(collection):
        gallery = collection.gallery(space)
        labels = labels_of(gallery)
        start = time.perf_counter()
        steps = Steps(progress, threads)
        groups = united_by_copies(collection, Named.of(collection, gallery.space.name))
        apart = conditions_of(collection, gallery, labels[:, -1], groups)
        try:
            calibration = calibrate(
                source_vectors(collection, gallery),
                labels,
                groups,
                conditions=None if apart is None else apart.groups,
                seed=seed,
                steps=steps,
            )
        except ValueError as error:
            raise UsageError(f"{collection.folder} cannot be calibrated: {error}") from error
        steps.take()
        seconds = time.perf_counter() - start
        fitted_on = record_of(collection.database, gallery.rows[labels[:, -1] >= 0])
        card = {
            **calibration.card,
            "fitted_on": fitted_on.to_dict(),
            "apart": _apart(apart),
        }
        keep_calibration(collection, gallery, replace(calibration, card=card, fitted_on=fitted_on))
    kept = kept_calibration(collection, gallery)
    assert kept is not None  # it was stored a moment ago
    return {"space": gallery.space.name, "seconds": round(seconds, 2), **kept.to_dict()}


def _apart(conditions: Conditions | None) -> str:
    """Return the column whose values were left out as wholes: specimens where there is no other."""
    return "specimen" if conditions is None else conditions.column


@contextmanager
def writing(collection: Collection) -> Iterator[None]:
    """Hold the writer's lock, so that who cannot write is told before the work, not after it."""
    with collection.writing():
        if not is_writable(collection.folder):
            raise ReadOnlyError(
                f"{collection.folder} is read-only; copy it to where it can be written"
            )
        yield
