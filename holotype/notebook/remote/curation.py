"""Clusters and queues of a collection that is served."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holotype.index.errors import NotComparedError, UsageError
from holotype.index.settings import settings

from ..backend import Adding, Signed, Told
from ..conditions import conditions
from .http import ServiceError, path_of
from .records import RemoteRecords

if TYPE_CHECKING:
    from holotype.index.curation.actions import DecisionKind


class RemoteCuration(RemoteRecords):
    """Clusters and queues; see `Backend`."""

    def cluster(self, source: str | Path | None, options: Told, signed: Signed) -> Told:
        """Cluster unnamed specimens, and return the clustering."""
        asked = {**options, "by": signed.by}
        space = asked.pop("space")
        if source is not None:
            asked["where"] = self._stored(source)
        return self.clustering(self.job("cluster", space, asked)["clustering"])

    def _stored(self, source: str | Path) -> list[str]:
        """Store pictures, and return what chooses their specimens."""
        specimens = self.added(Adding(source, named=False))[0].specimens
        limit = settings().max_filter_values
        if len(specimens) > limit:
            raise UsageError(
                f"{len(specimens)} specimens were stored, and a filter names {limit} at most "
                "(HOLOTYPE_MAX_FILTER_VALUES); cluster them with where, such as split=batch"
            )
        return conditions({"specimen_id": specimens})

    def clusterings(self) -> Told:
        """Return what is known of all clusterings."""
        told: Told = self._service.get(path_of("clusterings"))
        return told

    def clustering(self, number: int | None) -> Told:
        """Return a clustering as it is now; None for the last."""
        return self._all(path_of("clusters"), clustering=number)

    def _all(self, place: str, **params: Any) -> Told:
        """Return what an address gives in one piece, where no limit is asked for."""
        told: Told = self._service.get(place, **params)
        return {name: value for name, value in told.items() if name != "next"}

    def cluster_now(self, cluster_id: int) -> Told:
        """Return a cluster as it is now."""
        told: Told = self._service.get(path_of("clusters", cluster_id))
        return told

    def decide(self, kind: str, cluster_id: int, said: Told, signed: Signed) -> Told:
        """Make a decision, and return it with the cluster."""
        order: dict[str, Any] = {**said, **vars(signed)}
        order["version"] = self._version(cluster_id, said["version"])
        if kind == "merge":
            seen = {one: self._version(one, version) for one, version in said["others"].items()}
            order["others"] = {str(one): version for one, version in seen.items()}
        if isinstance(said.get("to"), int):
            order["to_version"] = self._version(said["to"], said["to_version"])
        place = path_of("clusters", cluster_id, kind.replace("_", "-"))
        told: Told = self._service.post(place, order)
        return told

    def _version(self, cluster_id: int, version: int | None) -> int:
        """Return the version that was looked at; else the one that the cluster has now."""
        return int(self.cluster_now(cluster_id)["version"]) if version is None else version

    def accept_known(self, clustering_id: int, signed: Signed) -> list[int]:
        """Accept what was set aside as known, and return the decisions."""
        place = path_of("clusterings", clustering_id, "accept-known")
        made: list[int] = self._service.post(place, vars(signed))["decisions"]
        return made

    def decisions(self, clustering: int | None) -> Told:
        """Return the decisions, oldest first."""
        return self._all(path_of("decisions"), clustering=clustering)

    def undo_decision(self, decision_id: int, signed: Signed, *, since: bool) -> list[int]:
        """Take back a decision, or all since one, and return the undos."""
        place = path_of("decisions", decision_id, "undo-since" if since else "undo")
        made: list[int] = self._service.post(place, vars(signed))["undos"]
        return made

    def queue(self, name: str, offset: int, limit: int, space: str | None) -> Told:
        """Return a part of a curation queue; a job compares names, where they were not yet."""
        place = path_of("queues", name)
        try:
            told: Told = self._service.get(place, offset=offset, limit=limit, space=space)
        except NotComparedError as missing:
            try:
                self.job("review", space, {})
            except ServiceError as refused:
                said = f"{missing}. That was tried, and refused: {refused}"
                raise NotComparedError(said) from refused
            told = self._service.get(place, offset=offset, limit=limit, space=space)
        return told

    def decide_named(
        self,
        kind: DecisionKind,
        queue: str,
        specimen_ids: Sequence[str],
        said: Told,
        signed: Signed,
    ) -> Told:
        """Accept, correct or dismiss what a queue asks about, and return the determinations."""
        order = {**said, "specimen_ids": list(specimen_ids), **vars(signed)}
        told: Told = self._service.post(path_of("queues", queue, kind), order)
        return told
