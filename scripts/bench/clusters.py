"""`python -m holotype.scripts.bench.clusters --collection C`: species found without their names.

Species are left out of a labelled collection by chance; the recipe is fitted on the others alone,
its thresholds too; then every method clusters the images that were left out. The number of clusters
is not given, but for the rows that say so. Means over the draws.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.table import Table

from holotype.eval.identification.asking import Specimens, ask
from holotype.eval.measures.clustering import ClusterAgreement, cluster_agreement
from holotype.index.arrays import Codes
from holotype.index.clusters.clustering import find_clusters
from holotype.index.clusters.methods.registry import METHODS
from holotype.index.clusters.recipe import Recipe
from holotype.index.collection import Collection
from holotype.index.runtime import prepare
from holotype.training.clustering.fit import fit_recipe

from ..console import out
from .cluster_pools import Drawn, Kind, draw, kinds_for, listed, read_table

OUT = Path("bench-results", "clusters.json")
SEEDS = (8101, 8102, 8103, 8104, 8105)
_WITH_K = ("auto", "leiden", "ward", "kmeans")
_RISK, _PRIOR = 0.05, 0.5  # of answers that may be wrong; of novel specimens in a mixed batch
_SHOWN = ("accuracy", "macro_f1", "ami", "b3_f1", "k_ratio")


def main() -> None:
    """Print a table for every kind of pool and write all figures as JSON."""
    parser = argparse.ArgumentParser(prog="python -m holotype.scripts.bench.clusters")
    parser.add_argument("--collection", required=True, help="labelled images with embeddings")
    parser.add_argument("--space", help="of the collection; the default one if left out")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS), help="of the draws")
    parser.add_argument("--known", type=Path, help="a file of the species that stay named")
    parser.add_argument("--method", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--only", help="the kind of pool, such as '25 species' or 'mixed'")
    parser.add_argument("--out", type=Path, default=OUT, help="where the JSON goes")
    options = parser.parse_args()
    prepare()
    with Collection.open(options.collection) as collection:
        table = read_table(collection, options.space)
        names = collection.gallery(options.space).labels("species").names
    found = run(table, options, names)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(found, indent=2))


def run(table: Specimens, options: argparse.Namespace, names: Sequence[str]) -> dict[str, Any]:
    """Return what was found in every kind of pool, printed as it is found."""
    kinds = kinds_for(len(np.unique(table.labels[:, -1])))
    pools: dict[str, Any] = {}
    if options.known:
        drawn = listed(table, names, options.known)
        pools["the others"] = _measured(table, [drawn], options)
        _show("the others", pools["the others"])
        return {"seeds": [], "pools": pools}
    for kind in [kind for kind in kinds if options.only in {None, kind.name}]:
        draws = [draw(table, kind, seed) for seed in options.seeds]
        pools[kind.name] = _measured(table, draws, options)
        _show(kind.name, pools[kind.name])
    if options.only in {None, "mixed"}:
        pools["mixed"] = [mixed(table, seed) for seed in options.seeds]
        _show_mixed(pools["mixed"])
    return {"seeds": options.seeds, "pools": pools}


def _measured(
    table: Specimens, draws: Sequence[Drawn], options: argparse.Namespace
) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of every way to cluster, a draw each."""
    found: dict[str, list[dict[str, Any]]] = {}
    for drawn in draws:
        begun = time.process_time()
        recipe = _fitted(table, drawn.named)
        out.print(f"fitted in {time.process_time() - begun:.0f} s CPU", highlight=False)
        truth = table.labels[drawn.pool, -1]
        for way, labels, k_range in _ways(table, drawn.pool, recipe, options.method):
            figures = {"k_range": k_range, **_figures(cluster_agreement(truth, labels))}
            found.setdefault(way, []).append(figures)
    return found


def _fitted(table: Specimens, rows: Codes) -> Recipe:
    return fit_recipe(table.vectors[rows], table.labels[rows, -1], table.groups[rows])


def _ways(
    table: Specimens, pool: Codes, recipe: Recipe, methods: Sequence[str]
) -> Iterator[tuple[str, Codes, tuple[int, int]]]:
    vectors, specimens = table.vectors[pool], table.groups[pool]
    k = len(np.unique(table.labels[pool, -1]))
    for method in methods:
        found = find_clusters(vectors, recipe, specimens=specimens, method=method)
        yield method, found.labels, found.k_range
    for method in [method for method in _WITH_K if method in methods]:
        found = find_clusters(vectors, recipe, specimens=specimens, method=method, k=k)
        yield f"{method}, k given", found.labels, found.k_range
    found = find_clusters(vectors, specimens=specimens)
    yield "auto, no recipe", found.labels, found.k_range
    found = find_clusters(vectors, specimens=specimens, method="ward", k=k)
    yield "ward, no recipe, k given", found.labels, found.k_range


def _figures(agreement: ClusterAgreement) -> dict[str, Any]:
    figures = agreement.to_dict()
    figures.pop("matched", None)
    return figures


def _show(name: str, ways: dict[str, list[dict[str, Any]]]) -> None:
    first = next(iter(ways.values()))
    taxa = statistics.mean(one["n_taxa"] for one in first)
    images = statistics.mean(one["n"] for one in first)
    title = f"{name}: {images:.0f} images of {taxa:.0f} species, {len(first)} draws"
    shown = Table(title=title, title_justify="left")
    for column in ("method", "accuracy", "macro F1", "AMI", "B3", "k / true k"):
        words = column == "method"
        shown.add_column(column, justify="left" if words else "right", min_width=0 if words else 11)
    for way, draws in ways.items():
        shown.add_row(way, *(_spread([draw[name] for draw in draws]) for name in _SHOWN))
    out.print(shown)


def _spread(values: Sequence[float]) -> str:
    if len(values) < 2:
        return f"{values[0]:.3f}"
    return f"{statistics.mean(values):.3f}±{statistics.stdev(values):.3f}"


def mixed(table: Specimens, seed: int) -> dict[str, float]:
    """Return how a batch goes of which half is of named species and half is not.

    Half of the species are left out. A quarter of the specimens of the others are asked about,
    and as many of those that are left out; the rest is the gallery. What it identifies at the
    finest rank, calibrated from itself, is set aside; what is left is clustered.
    """
    generator = np.random.default_rng(seed)
    species = np.unique(table.labels[:, -1])
    drawn = draw(table, Kind("mixed", len(species) // 2), seed)
    own = np.unique(table.groups[drawn.named])
    asked = generator.permutation(own)[: len(own) // 4]
    others = np.unique(table.groups[drawn.pool])
    new = generator.permutation(others)[: len(asked)]
    gallery = drawn.named[~np.isin(table.groups[drawn.named], asked)]
    batch = table.at(np.flatnonzero(np.isin(table.groups, np.concatenate([asked, new]))))
    found = ask(table.at(gallery), batch, seed=seed).identify(risk=_RISK, prior=_PRIOR)
    aside = found.answers.rank == len(table.ranks) - 1
    left = ~np.isin(batch.groups, batch.pooled().groups[aside])
    clusters = find_clusters(
        batch.vectors[left], _fitted(table, gallery), specimens=batch.groups[left]
    )
    agreement = cluster_agreement(batch.labels[left, -1], clusters.labels)
    return {
        "set_aside": float(aside.mean()),
        "precision": float(found.right[aside, -1].mean()),
        "known_set_aside": float(aside[~found.novel].mean()),
        "novel_set_aside": float(aside[found.novel].mean()),
        **{name: agreement.to_dict()[name] for name in ("n", *_SHOWN)},
    }


def _show_mixed(draws: Sequence[dict[str, float]]) -> None:
    shown = Table(title="half named, half novel: set aside, then clustered", title_justify="left")
    shown.add_column("what")
    shown.add_column("mean", justify="right")
    for name in draws[0]:
        shown.add_row(name, _spread([one[name] for one in draws]))
    out.print(shown)


if __name__ == "__main__":
    main()
