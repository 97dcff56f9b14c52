"""Tuning a space of a collection: its labelled vectors in, a space of its own name out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.where import allowed_places

from .tune import tune


def tune_space(
    collection: Collection,
    *,
    space: str | None = None,
    name: str = "tuned",
    where: Sequence[str] = (),
) -> dict[str, Any]:
    """Learn a linear map from a space's labelled vectors and keep it as a space of its own.

    Nothing is embedded again. Only accepted determinations to species count as labels.

    Args:
        space: the space to tune; by default the oldest.
        name: what the tuned space is called; a tuned space of that name is replaced.
        where: conditions on the images that are learned from, such as `split=train`.

    Returns:
        what was chosen, what was tried, and on how much, as JSON-ready values.

    Raises:
        UsageError: too few species have two specimens, a condition is off, or the space is tuned
            already.
    """
    base = collection.space(space)
    gallery = collection.gallery(base.name)
    allowed = allowed_places(collection, gallery, where)
    rows = np.arange(len(gallery)) if allowed is None else np.flatnonzero(allowed)
    start = time.perf_counter()
    try:
        tuned = tune(
            gallery.index.vectors[rows],
            gallery.labels("species").codes[rows],
            gallery.specimens[rows],
        )
    except ValueError as error:
        raise UsageError(f"Space '{base.name}' cannot be tuned: {error}") from error
    seconds = time.perf_counter() - start
    card = {**tuned.projection.card, "where": list(where)}
    projection = replace(tuned.projection, card=card)
    kept = collection.add_projected_space(name, base, projection)
    return {
        "space": kept.name,
        "tuned_from": base.name,
        "where": list(where),
        "chosen": tuned.chosen.to_dict(),
        "trials": [trial.to_dict() for trial in tuned.trials],
        "images": len(rows),
        "dim": kept.dim,
        "seconds": round(seconds, 2),
    }
