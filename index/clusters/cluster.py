"""A batch of unnamed specimens becomes candidate species: what is known is set aside first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from ..arrays import Codes
from ..collection import Collection
from ..errors import UsageError
from ..search.filters import allowed_places
from ..storage.clusters.append import add_clustering
from ..storage.clusters.records import Facts
from .clustering import Clustering, find_clusters
from .describe import looks, parents
from .earlier import probable
from .kept_recipe import kept_recipe
from .methods.registry import AUTO, method_named
from .names import names_for
from .pool import Judged, Pool, judged, pool_of
from .recipe import Recipe
from .view import clustering_dict

Progress = Callable[[int, int], None]

_RISK = 0.1  # share of what is set aside that may be wrong
_SEEDS = 2**32  # that the methods take
_JUDGED = 200  # members that tell the parent of a cluster whose members changed


def cluster(
    collection: Collection,
    *,
    where: Sequence[str] = (),
    specimens: Iterable[str] | None = None,
    space: str | None = None,
    k: int | None = None,
    method: str = AUTO,
    seed: int = 0,
    recipe: Callable[[], Recipe] | None = None,
    risk: float = _RISK,
    prior: float = 0.5,
    by: str = "",
    source: str = "",
    progress: Progress = lambda done, total: None,
) -> dict[str, Any]:
    """Group the specimens of no named species, and return the clustering as JSON-ready values.

    What identification names at the rank of the species is set aside with its answer, if the
    collection is calibrated; the rest is clustered. Nothing is determined by that: people decide
    (see `Decider`). All of it is kept in the collection under its `id`.

    Args:
        where: conditions on the images, such as `split=batch`.
        specimens: only these; None for all that have no name of a species.
        space: the space that is looked at; by default the oldest with vectors.
        k: the number of clusters, where it is known.
        method: how they are found; see `find_clusters`.
        seed: the same one gives the same clusters.
        recipe: gives what was fitted on the named species, see `training.clustering.kept`; by
            default it is what the collection keeps.
        risk: share of what is set aside that may be wrong.
        prior: share of the specimens expected to be of species that the gallery lacks.
        by: who asks.
        source: what was asked for, for the record; by default the conditions.
        progress: is told how many specimens are identified, of how many.

    Raises:
        UsageError: no specimen without a name is among them, a condition is off, or k, risk or
            prior out of range.
        LockedError, ReadOnlyError: the collection cannot be written to.
    """
    require_options(risk, prior, k, method, seed)
    with collection.writing():
        pool = _unnamed(collection, space, specimens, where)
        said = judged(collection, pool, risk=risk, prior=prior, progress=progress)
        known, rest = np.flatnonzero(said.sure), np.flatnonzero(~said.sure)
        left = pool.part(rest)
        fitted = _kept(collection, pool) if recipe is None else recipe()
        found = _found(left, fitted, k, method, seed)
        groups = _groups(found, left)
        answered = _set_aside(pool, said, known)
        grouped = _described(collection, left, said.part(rest), groups)
        parameters = {
            **found.parameters,
            "k": k,
            "k_range": list(found.k_range) if k is None else None,
            "seed": seed,
            "risk": risk,
            "prior": prior,
            "where": list(where),
            "space": pool.gallery.space.name,
            "calibrated": said.calibrated,
            "notes": list(found.notes),
        }
        clustering_id = add_clustering(
            collection.database,
            lambda: [*answered, *_named(collection, grouped)],
            space=pool.gallery.space.name,
            source=source or " and ".join(where) or "all without a name",
            parameters=parameters,
            by=by,
        )
    return clustering_dict(collection, clustering_id)


def require_options(
    risk: float, prior: float, k: int | None, method: str = AUTO, seed: int = 0
) -> None:
    """Refuse what no batch can be clustered with.

    Raises:
        UsageError: the method is unknown, or a number is out of range.
    """
    if not 0 < risk < 1:
        raise UsageError(f"risk is {risk}; it must lie between 0 and 1, for example 0.05")
    if not 0 <= prior < 1:
        raise UsageError(f"prior is {prior}; it must be at least 0 and below 1, for example 0.5")
    if k is not None and k < 1:
        raise UsageError(f"k is {k}; give the number of clusters, at least 1")
    if not 0 <= seed < _SEEDS:
        raise UsageError(f"seed is {seed}; it must be 0 to {_SEEDS - 1}")
    try:
        method_named(method)
    except ValueError as error:
        raise UsageError(str(error)) from error


def _unnamed(
    collection: Collection,
    space: str | None,
    specimens: Iterable[str] | None,
    where: Sequence[str],
) -> Pool:
    """Return the specimens that have no name of a species.

    Raises:
        UsageError: there is none.
    """
    gallery = collection.gallery(space)
    allowed = gallery.labels("species").codes < 0
    asked = allowed_places(collection, gallery, where)
    if asked is not None:
        allowed = allowed & asked
    pool = pool_of(collection, space, None, allowed)
    if specimens is not None:
        wanted = set(specimens)
        pool = pool.part(np.array([one in wanted for one in pool.specimens], bool))
    if not pool.specimens:
        raise UsageError(
            f"No specimen that was asked for lacks the name of a species in space "
            f"'{gallery.space.name}'; give pictures that have no name yet"
        )
    return pool


def _kept(collection: Collection, pool: Pool) -> Recipe | None:
    kept = kept_recipe(collection, pool.source)
    return None if kept is None else kept.recipe


def _found(pool: Pool, recipe: Recipe | None, k: int | None, method: str, seed: int) -> Clustering:
    if not pool.specimens:
        return Clustering(np.zeros(0, np.int64), (0, 0), np.zeros(0), {"method": method})
    vectors = pool.source.index.rows(pool.places)
    try:
        return find_clusters(vectors, recipe, specimens=pool.member, k=k, method=method, seed=seed)
    except ValueError as error:
        raise UsageError(f"The specimens cannot be clustered so: {error}") from error


def _groups(found: Clustering, pool: Pool) -> list[Codes]:
    """Return the specimens of every cluster, the largest first, of equal ones the first found."""
    labels = found.labels[pool.starts] if len(found.labels) else found.labels
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return sorted(groups, key=lambda those: (-len(those), those[0]))


def _set_aside(pool: Pool, said: Judged, known: Codes) -> list[tuple[Facts, list[str]]]:
    """Return the known specimens by their answers, with the facts of each answer."""
    if not len(known):
        return []
    gallery, finest = pool.gallery, len(pool.gallery.ranks) - 1
    found = gallery.names(gallery.ranks[finest])
    taxa = said.taxa[known, finest]
    groups = [known[taxa == taxon] for taxon in np.unique(taxa)]
    made: list[tuple[Facts, list[str]]] = []
    for those, told in zip(groups, looks(pool, groups), strict=True):
        taxon = int(said.taxa[those[0], finest])
        facts = {
            **told,
            "set_aside": True,
            "name": found.names[taxon],
            "rank": gallery.ranks[finest],
            "taxon": found.names[taxon],
            "p": float(said.p[those, finest].mean()),
            "lineage": list(gallery.lineage(gallery.ranks[finest], taxon)),
        }
        made.append((facts, [pool.specimens[one] for one in those]))
    return made


def _described(
    collection: Collection, pool: Pool, said: Judged, groups: list[Codes]
) -> list[tuple[Facts, list[str]]]:
    """Return the facts of every cluster, but for its name, and its specimens."""
    if not groups:
        return []
    theirs = [[pool.specimens[one] for one in those] for those in groups]
    parts = zip(
        looks(pool, groups),
        parents(pool, said, groups),
        probable(collection, pool, groups),
        theirs,
        strict=True,
    )
    return [
        ({**told, "parent": parent, "under": list(lineage), "probably": same}, specimens)
        for told, (parent, lineage), same, specimens in parts
    ]


def _named(
    collection: Collection, made: list[tuple[Facts, list[str]]]
) -> list[tuple[Facts, list[str]]]:
    """Return clusters with their provisional names."""
    under = [tuple(facts["under"]) for facts, _ in made]
    names = names_for(collection.database, [specimens for _, specimens in made], under)
    return [
        ({**facts, "name": name}, specimens)
        for (facts, specimens), name in zip(made, names, strict=True)
    ]


def described(
    collection: Collection, space: str, specimens: Sequence[str], *, prior: float
) -> dict[str, Any]:
    """Return what is known of some specimens as one cluster, but for its name."""
    pool = pool_of(collection, space, specimens, np.zeros(0, bool))
    if not pool.specimens:
        return {"medoid": None, "typical": [], "outliers": [], "coherence": None, "nearest": []}
    group = np.arange(len(pool.specimens))
    said = judged(collection, pool.part(group[:_JUDGED]), risk=_RISK, prior=prior)
    (parent, lineage), *_ = parents(pool, said, [group[:_JUDGED]])
    return {**looks(pool, [group])[0], "parent": parent, "under": list(lineage)}
