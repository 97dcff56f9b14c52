"""Clusters as lines for people."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from holotype.index.manifests.problems import counted

_NEAR = 3  # known taxa that are shown
_IMAGES = 3  # typical images that are shown


def clustering_lines(found: dict[str, Any]) -> Iterator[str]:
    """Yield what a clustering found, a few lines a cluster."""
    known, groups = found["set_aside"], found["clusters"]
    yield (
        f"Clustering {found['id']}: {counted(sum(one['size'] for one in groups), 'image')} in "
        f"{counted(len(groups), 'cluster')}; {sum(one['size'] for one in known)} set aside as "
        f"known, under {counted(len(known), 'name')}."
    )
    if known:
        yield "Set aside with their answers:"
    for one in known:
        p = "" if one["p"] is None else f", p {one['p']:.2f}"
        yield f"{_head(one)}{p}; such as {', '.join(one['typical'][:_IMAGES])}"
    if groups:
        yield "Clusters:"
    for one in groups:
        yield from cluster_lines(one)


def cluster_lines(one: dict[str, Any]) -> Iterator[str]:
    """Yield what is known of a cluster."""
    if not one["size"]:
        yield _head(one)
        return
    if "taxon" in one:
        yield f"{_head(one)}, set aside as {one['rank']} {one['taxon']}"
    else:
        yield _head(one) + _coherence(one) + _parent(one)
    if one.get("probably"):
        yield f"        probably the same as {one['probably']}"
    near = [f"{other['taxon']} {other['cosine']:.2f}" for other in one.get("nearest") or ()]
    if near:
        yield f"        near {', '.join(near[:_NEAR])}"
    yield f"        typical {', '.join(one['typical'][:_IMAGES])}{_outliers(one)}"


def _head(one: dict[str, Any]) -> str:
    state = "" if one["state"] == "open" else f" ({one['state']})"
    return f"{one['id']:>6}  {one['name']}{state}: {counted(one['size'], 'image')}"


def _coherence(one: dict[str, Any]) -> str:
    return "" if one["coherence"] is None else f", coherence {one['coherence']:.2f}"


def _parent(one: dict[str, Any]) -> str:
    parent = one["parent"]
    if parent is None:
        return ", in no taxon for sure"
    p = "" if parent["p"] is None else f" (p {parent['p']:.2f})"
    return f", in {parent['rank']} {parent['taxon']}{p}"


def _outliers(one: dict[str, Any]) -> str:
    outliers = one["outliers"]
    return f"; outliers {', '.join(outliers)}" if outliers else ""
