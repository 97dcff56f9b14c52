"""Jobs that put images beside each other: a map, clusters of what has no name, names compared.

What maps, clusters and compares loads large libraries, so it is imported when it is asked for.
"""

from __future__ import annotations

from typing import Any

from holotype.index.curation.doubts import kept_doubts
from holotype.index.errors import LockedError, UsageError
from holotype.index.runtime import worker_count

from ...engine import Engine
from ...jobs import Telling, Work
from . import orders


def map_work(engine: Engine, space: str, asked: orders.Map) -> Work:
    """Return the work of making the map of a space."""
    from holotype.index.morphospace.morphospace import morphospace
    from holotype.index.morphospace.parameters import Wanted

    wanted = Wanted(**asked.model_dump(exclude={"anew"}))

    def work(tell: Telling) -> dict[str, Any]:
        phase = ""

        def progress(what: str, done: int, total: int) -> None:
            nonlocal phase
            if what != phase:
                phase = what
                tell.phase(what)
            tell(done, total)

        engine.collection.gallery(space)
        tell(0, 1)
        made = morphospace(
            engine.collection, space=space, wanted=wanted, anew=asked.anew, progress=progress
        )
        return made.to_dict()

    return work


def cluster_work(engine: Engine, space: str, asked: orders.Cluster) -> Work:
    """Return the work of clustering specimens without a name.

    Raises:
        UsageError: an option is off.
    """
    from holotype.index.clusters.cluster import cluster, require_options
    from holotype.training.clustering.kept import recipe_for

    require_options(asked.risk, asked.prior, asked.k, asked.method, asked.seed)
    if not asked.by.strip():
        raise UsageError("A clustering needs somebody who asks for it; give a name as 'by'")
    collection = engine.collection

    def work(tell: Telling) -> dict[str, Any]:
        found = cluster(
            collection,
            space=space,
            **asked.model_dump(),
            recipe=lambda: recipe_for(collection, space=space),
            progress=tell,
        )
        return {"clustering": found["id"], "k": found["k"], "notes": found["parameters"]["notes"]}

    return work


def review_work(engine: Engine, space: str, asked: orders.Review) -> Work:
    """Return the work of comparing names with all cores but one, which is left to questions."""
    from holotype.training.doubts import doubts_of, proposals_of

    collection = engine.collection
    threads = max(1, worker_count() - 1)

    def work(tell: Telling) -> dict[str, Any]:
        found = doubts_of(collection, space=space, threads=threads, progress=tell)
        proposed = proposals_of(collection, space=space, progress=tell)
        _, source = collection.gallery_and_source(space)
        if None in (kept_doubts(collection, source), kept_doubts(collection, source, "proposals")):
            raise LockedError(
                "The names were compared, but that could not be kept: many were changed meanwhile, "
                "somebody else writes an index, or the folder cannot be written; start it again"
            )
        return {"specimens": len(found.places) + len(proposed.places)}

    return work
