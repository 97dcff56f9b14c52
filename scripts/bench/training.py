"""Losses side by side: each trains for as many pictures, then finds species among new pictures.

Everything is fitted on the images of `--train`; those of `--test` ask them. As it is (raw), through
whitening (W) and through discriminant analysis (L), alone and beside the encoder that training
started from (+). Nothing is chosen by these figures.

    python -m holotype.scripts.bench.training --collection moths --pictures 6000
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from holotype.index.arrays import Codes, Embeddings
from holotype.index.collection import Collection
from holotype.index.gallery.gallery import Gallery
from holotype.index.search.filters import allowed_places
from holotype.index.vectors.brute_force import exact_knn
from holotype.training.metric.config import TrainConfig, read_config
from holotype.training.metric.embedding import beside
from holotype.training.metric.pictures import Labelled, labelled
from holotype.training.metric.schedule import Plan
from holotype.training.metric.train import Training
from holotype.training.trained_space import prepared
from holotype.training.tuning.recipes import Recipe
from holotype.training.tuning.scatter import gather

from ..console import err, out

_RECIPROCAL: dict[str, Any] = {
    "name": "reciprocal-triplet",
    "miner": "hardest-negative",
    "weight": 0.01,
    "softmax": 1.0,
}
_HEAD = {"head": [128]}  # the loss compares what a linear layer makes of the features

LOSSES: dict[str, dict[str, Any]] = {
    "softmax": {"loss": {"name": "softmax", "miner": ""}},
    "multi-similarity + miner": {},
    "multi-similarity + miner, head": {"network": _HEAD},
    "proxy-anchor": {"loss": {"name": "proxy-anchor", "miner": ""}},
    "proxy-anchor, head": {"loss": {"name": "proxy-anchor", "miner": ""}, "network": _HEAD},
    "reciprocal triplet + softmax": {"loss": _RECIPROCAL},
    "reciprocal triplet + softmax, head": {"loss": _RECIPROCAL, "network": _HEAD},
    "sub-centre ArcFace": {"loss": {"name": "sub-centre-arcface", "miner": ""}},
    "CosFace": {"loss": {"name": "cosface", "miner": ""}},
    "SupCon": {"loss": {"name": "supcon", "miner": ""}},
    "triplet, semi-hard": {"loss": {"name": "triplet", "miner": "semi-hard"}},
    "cluster discrimination": {"loss": {"name": "cluster-discrimination", "miner": ""}},
}
MAPS: Mapping[str, Recipe] = {
    "raw": Recipe("power"),
    "W": Recipe("wccn", {"shrinkage": 0.3}),
    "L": Recipe("lda", {"shrinkage": 0.3}),
}


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Train with every loss, and return recall@1 of species with seconds."""
    rows = []
    with Collection.open(options.collection) as collection, tempfile.TemporaryDirectory() as folder:
        base = collection.space(None)
        gallery = collection.gallery(base.name)
        every = labelled(collection, gallery, np.arange(len(gallery)))
        fitted, asked = (_named(collection, gallery, one) for one in (options.train, options.test))
        rows.append({"loss": "none: the start", **_recalls(every.vectors, every, fitted, asked)})
        for name in options.losses.split(";") if options.losses else LOSSES:
            over = {
                **LOSSES[name],
                "seed": options.seed,
                "schedule": {
                    "pictures": options.pictures,
                    "sizes": [options.size],
                    "shares": [1.0],
                },
            }
            config = read_config("default", None, over)
            training, _ = prepared(collection, base, (), config, Path(folder))
            rows.append(_trained(name, config, training, every, fitted, asked))
            err.print(str(rows[-1]), highlight=False)
    return {"rows": rows, "pictures": options.pictures, "size": options.size, "seed": options.seed}


def _trained(
    name: str,
    config: TrainConfig,
    training: Training,
    every: Labelled,
    fitted: Codes,
    asked: Codes,
) -> dict[str, Any]:
    run = training.run_over(fitted, Plan(config.schedule.pictures))
    began, first = time.process_time(), None
    for step in run.steps():
        first = step.loss if first is None else first
    vectors = training.embedded(run.averaged_state(), np.arange(len(every.images)))
    both = beside(vectors, every.vectors)
    joined = {f"+{key}": value for key, value in _recalls(both, every, fitted, asked).items()}
    return {
        "loss": name,
        **_recalls(vectors, every, fitted, asked),
        **{key: joined[key] for key in ("+W", "+L")},
        "first": round(first or 0.0, 3),
        "last": round(run.state.loss, 3),
        "seconds": round(run.state.seconds, 1),
        "cpu": round(time.process_time() - began, 1),
    }


def _recalls(vectors: Embeddings, every: Labelled, fitted: Codes, asked: Codes) -> dict[str, float]:
    """Return recall@1 of species through every map."""
    species, found = every.species, {}
    scatter = gather(vectors, species, fitted)
    for name, recipe in MAPS.items():
        shown = recipe.fit(scatter).apply(vectors)
        _, rows = exact_knn(
            shown[asked],
            shown[fitted],
            1,
            query_groups=every.specimens[asked],
            gallery_groups=every.specimens[fitted],
        )
        right = species[fitted[rows[:, 0]]] == species[asked]
        found[name] = round(float(right.mean()), 4)
    return found


def _named(collection: Collection, gallery: Gallery, where: str) -> Codes:
    """Return which of the named images a condition allows."""
    allowed = allowed_places(collection, gallery, [where])
    assert allowed is not None
    return np.flatnonzero(allowed[gallery.taxon >= 0])


def _show(found: dict[str, Any]) -> None:
    table = Table(box=None, padding=(0, 2))
    columns = ["loss", "raw", "W", "L", "+W", "+L", "first", "last", "seconds", "cpu"]
    for column in columns:
        table.add_column(column, justify="left" if column == "loss" else "right")
    for row in found["rows"]:
        table.add_row(*(str(row.get(column, "")) for column in columns))
    out.print(table)


def main() -> None:
    """Measure, print the table, and write its JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--collection", type=Path, required=True)
    parser.add_argument("--train", default="split=train")
    parser.add_argument("--test", default="split=test")
    parser.add_argument("--losses", default="", help="names of the table, separated by semicolons")
    parser.add_argument("--pictures", type=int, default=6000)
    parser.add_argument("--size", type=float, default=0.5, help="of the encoder's own side")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    found = measure(options)
    _show(found)
    if options.json:
        options.json.write_text(json.dumps(found, indent=2))


if __name__ == "__main__":
    main()
