"""A projection that is trained on the stored embeddings of a space, in seconds."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.gallery.fitted import record_of
from holotype.index.search.filters import chosen_places
from holotype.index.storage.spaces import check_target

from .asked import Asked, PutIn, left_over, train_as
from .metric.config import TrainConfig
from .metric.keeping import identity_of
from .metric.pictures import labelled, require_species
from .metric.processes import started
from .metric.projecting import ProjectionTraining
from .metric.train import Watch


def train_projection(
    collection: Collection, config: TrainConfig, asked: Asked, watch: Watch
) -> dict[str, Any]:
    """Train a linear map on a space's labelled embeddings; keep it as a space if it is better.

    Args, returns and errors are those of `train_space`; there is no checkpoint.
    """
    began, base = time.monotonic(), collection.space(asked.space)

    def train(folder: Path) -> tuple[dict[str, Any], PutIn | None]:
        gallery = collection.gallery(base.name)
        rows = chosen_places(collection, gallery, asked.where)
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
            processes=started(),
        )
        outcome = training.train(left_over(folder, training.identity, asked, watch))

        def put_in() -> dict[str, Any]:
            named = rows[gallery.taxon[rows] >= 0]
            fitted = replace(
                training.projection(outcome.weights),
                card={"where": list(asked.where), "judged": outcome.verdict.to_dict()},
                fitted_on=record_of(collection.database, gallery.rows[named]),
            )
            shown = collection.add_projected_space(asked.name, base, fitted)
            return {"space": shown.name, "trained_from": base.name, "dim": shown.dim}

        told = {
            "validation": outcome.verdict.to_dict(),
            "images": len(pictures.images),
            "seen": outcome.seen,
            "interrupted": outcome.interrupted,
            "problems": [],
        }
        return told, put_in if outcome.verdict.is_better else None

    check = partial(check_target, collection.database, asked.name, base)
    return train_as(collection, asked, check, train)
