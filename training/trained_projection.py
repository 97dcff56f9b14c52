"""A projection that is trained on the stored embeddings of a space, in seconds."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.fitted import record_of
from holotype.index.search.filters import chosen_places
from holotype.index.storage.records import Space
from holotype.index.storage.spaces import check_name, projection_of
from holotype.index.ways import option

from .asked import Asked, PutIn, left_over, train_as
from .made_space import require_base
from .metric.config import TrainConfig
from .metric.keeping import identity_of
from .metric.pictures import labelled, require_species
from .metric.processes import started
from .metric.projecting import KIND, ProjectionTraining
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

    return train_as(collection, asked, partial(_check_name, collection, asked.name, base), train)


def _check_name(collection: Collection, name: str, base: Space) -> None:
    """Refuse, before the work, a name that is taken by something else.

    Raises:
        UsageError: saying by what.
    """
    check_name(name)
    require_base(collection, base)
    if base.projection_id is not None:
        source = collection.source(base).name
        raise UsageError(f"Space '{base.name}' is a projection; train from '{source}'")
    for old in collection.spaces():
        if old.name != name:
            continue
        made = projection_of(collection.database, old)
        if made is None or made.kind != KIND or old.base_space_id != base.space_id:
            raise UsageError(
                f"Space '{name}' exists and is no projection that was trained from "
                f"'{base.name}'; choose another {option('as')}"
            )
