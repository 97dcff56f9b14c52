"""A projection that is trained on the stored embeddings of a space, in seconds."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np

from holotype.index.collection import Collection
from holotype.index.gallery.fitted import record_of
from holotype.index.search.filters import allowed_places
from holotype.index.storage.spaces import check_target

from .asked import Asked, alone, left_over, putting_in
from .metric.config import TrainConfig
from .metric.keeping import discard, identity_of
from .metric.pictures import labelled, require_species
from .metric.processes import started
from .metric.projecting import ProjectionTraining
from .metric.train import Watch
from .spaces import writing


def train_projection(
    collection: Collection, config: TrainConfig, asked: Asked, watch: Watch
) -> dict[str, Any]:
    """Train a linear map on a space's labelled embeddings; keep it as a space if it is better.

    Args, returns and errors are those of `train_space`; there is no checkpoint.
    """
    began, processes = time.monotonic(), started()
    base = collection.space(asked.space)
    with writing(collection) if processes.is_first else nullcontext():
        check_target(collection.database, asked.name, base)
    folder = collection.folder / "models" / f".{asked.name}.training"
    with alone(folder, asked.name) if processes.is_first else nullcontext():
        gallery = collection.gallery(base.name)
        allowed = allowed_places(collection, gallery, asked.where)
        rows = np.arange(len(gallery)) if allowed is None else np.flatnonzero(allowed)
        pictures = labelled(collection, gallery, rows)
        require_species(pictures)
        minutes = config.schedule.minutes
        training = ProjectionTraining(
            pictures=pictures,
            config=config,
            folder=folder,
            identity=identity_of(config, pictures, f"embeddings of {base.fingerprint}"),
            ends=began + 60 * minutes if minutes else float("inf"),
            watch=watch,
            processes=processes,
        )
        kept = left_over(folder, training, asked) if asked.resume or processes.is_first else None
        outcome = training.train(kept)
        found: dict[str, Any] = {
            "space": None,
            "checkpoint": None,
            "validation": outcome.verdict.to_dict(),
            "images": len(pictures.images),
            "seen": outcome.seen,
            "interrupted": outcome.interrupted,
            "problems": [],
        }
        if outcome.verdict.is_better and processes.is_first:
            named = rows[gallery.taxon[rows] >= 0]
            fitted = replace(
                training.projection(outcome.weights),
                card={"where": list(asked.where), "judged": outcome.verdict.to_dict()},
                fitted_on=record_of(collection.database, gallery.rows[named]),
            )
            with putting_in(collection):
                shown = collection.add_projected_space(asked.name, base, fitted)
            found |= {"space": shown.name, "trained_from": base.name, "dim": shown.dim}
        if processes.is_first:
            discard(folder)
    return {**found, "seconds": round(time.monotonic() - began, 1)}
