"""Clusters and queues of a collection on this machine."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from holotype.index.clusters.cluster import cluster, require_options
from holotype.index.clusters.decide import Decider
from holotype.index.clusters.view import as_dict, cluster_now, clustering_dict
from holotype.index.curation.actions import Decision, DecisionKind, decide
from holotype.index.curation.queues import Queue, require_queue
from holotype.index.errors import NotFoundError
from holotype.index.storage.clusters.records import clusterings, decision, decisions
from holotype.index.storage.determinations import events_at
from holotype.training.clustering.kept import recipe_for
from holotype.training.doubts import queue_of

from ..backend import Adding, Signed, Told
from ..progress import progress
from .records import LocalRecords


class LocalCuration(LocalRecords):
    """Clusters and queues; see `Backend`."""

    def cluster(self, source: str | Path | None, options: Told, signed: Signed) -> Told:
        """Cluster unnamed specimens, and return the clustering."""
        kinds = ("risk", "prior", "k", "method", "seed")
        require_options(*(options[name] for name in kinds))  # before pictures are stored
        space, specimens = options["space"], None
        if source is not None:
            target = self.collection.source(self.collection.space(space))
            specimens = self.added(Adding(source, target.name, named=False)).specimens
        with progress("Identifying") as update:
            return cluster(
                self.collection,
                **options,
                specimens=specimens,
                recipe=lambda: recipe_for(self.collection, space=space),
                by=signed.by,
                source="" if source is None else str(source),
                progress=update,
            )

    def clusterings(self) -> Told:
        """Return what is known of all clusterings."""
        return {"clusterings": [one.to_dict() for one in clusterings(self.collection.database)]}

    def clustering(self, number: int | None) -> Told:
        """Return a clustering as it is now; None for the last."""
        self.collection.require_intact()
        if number is None:
            known = clusterings(self.collection.database)
            if not known:
                raise NotFoundError(
                    f"{self.collection.folder} has no clusters yet; cluster() makes them"
                )
            number = known[-1].clustering_id
        return clustering_dict(self.collection, number)

    def cluster_now(self, cluster_id: int) -> Told:
        """Return a cluster as it is now."""
        self.collection.require_intact()
        return as_dict(cluster_now(self.collection, cluster_id))

    def decide(self, kind: str, cluster_id: int, said: Told, signed: Signed) -> Told:
        """Make a decision, and return it with the cluster."""
        decider = Decider(self.collection, signed.by, signed.why)
        told = _with_versions(kind, cluster_id, said)
        made = getattr(decider, kind)(cluster_id, **told)
        return {
            "decision": decision(self.collection.database, made).to_dict(),
            "cluster": self.cluster_now(cluster_id),
        }

    def accept_known(self, clustering_id: int, signed: Signed) -> list[int]:
        """Accept what was set aside as known, and return the decisions."""
        return Decider(self.collection, signed.by, signed.why).accept_known(clustering_id)

    def decisions(self, clustering: int | None) -> Told:
        """Return the decisions, oldest first."""
        self.collection.require_intact()
        found = decisions(self.collection.database, clustering)
        return {"decisions": [one.to_dict() for one in found]}

    def undo_decision(self, decision_id: int, signed: Signed, *, since: bool) -> list[int]:
        """Take back a decision, or all since one, and return the undos."""
        decider = Decider(self.collection, signed.by, signed.why)
        return decider.undo_since(decision_id) if since else [decider.undo(decision_id)]

    def queue(self, name: str, offset: int, limit: int, space: str | None) -> Told:
        """Return a part of a curation queue."""
        return self._queue(name, space).page(offset, limit).to_dict()

    def _queue(self, name: str, space: str | None = None) -> Queue:
        with progress("Comparing names") as update:
            return queue_of(self.collection, name, space=space, progress=update)

    def decide_named(
        self,
        kind: DecisionKind,
        queue: str,
        specimen_ids: Sequence[str],
        said: Told,
        signed: Signed,
    ) -> Told:
        """Accept, correct or dismiss what a queue asks about, and return the determinations."""
        require_queue(queue)
        told = dict(said)
        shown = partial(self._queue, queue, told.pop("space", None))
        what = Decision(kind, specimen_ids, signed.by, signed.why, **told)
        made = decide(self.collection, what, shown)
        events = events_at(self.collection.database, made)
        return {"queue": queue, "determinations": [one.to_dict() for one in events]}


def _with_versions(kind: str, cluster_id: int, said: Told) -> dict[str, Any]:
    """Return what is said of a decision as `Decider` takes it."""
    told = dict(said)
    if kind not in ("merge", "move"):
        return told
    versions = {cluster_id: told.pop("version")}
    if kind == "merge":
        versions |= told["others"]
        told["others"] = list(told["others"])
    elif told.pop("to_version") is not None:
        versions[int(told["to"])] = said["to_version"]
    return {**told, "versions": {one: v for one, v in versions.items() if v is not None}}
