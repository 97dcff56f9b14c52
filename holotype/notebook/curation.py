"""Candidate species, queues, and what people decide about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import index
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from holotype.index.errors import UsageError

from .backend import Backend
from .conditions import Where, conditions
from .door.arguments import is_whole, shown
from .shown.clusters import Decided, ShownCluster, ShownClustering
from .shown.listed import ShownList, named
from .shown.queues import ShownQueue, looked_at
from .shown.report import Report
from .signing import signed

if TYPE_CHECKING:
    from holotype.index.curation.actions import DecisionKind

InQueue = str | Mapping[str, Any]  # a specimen, or an entry of `review` that was looked at
Named = int | ShownCluster  # a cluster; one that was looked at is refused where it has changed


class Curation:
    """Clusters and queues of a collection."""

    _backend: Backend

    def cluster(
        self,
        source: str | Path | None = None,
        *,
        where: Where = None,
        k: int | None = None,
        method: str = "auto",
        seed: int = 0,
        risk: float = 0.1,
        prior: float = 0.5,
        space: str | None = None,
        by: str = "",
    ) -> ShownClustering:
        """Set aside what the collection knows, and group the rest into candidate species.

        Args:
            source: pictures without names to store first: a folder, whose folders say nothing, or a
                manifest.
            where: instead, stored images without a species' name, such as `{"split": "batch"}`.
            k: how many clusters, where that is known.
            method: how they are found; docs/clustering.md.
            seed: the same one gives the same clusters.
            risk: share of what is set aside as known that may be wrong.
            prior: share expected to be of species that the collection lacks.
            space: by default the first.
            by: who asks, for the record.

        Raises:
            UsageError: nothing without a name is among them, or an argument is off.
        """
        asked = conditions(where)
        if (source is None) == (not asked):
            raise UsageError("Give either pictures to store and cluster, or where for stored ones")
        options: dict[str, Any] = {"where": asked, "k": k, "method": method, "seed": seed}
        options |= {"risk": risk, "prior": prior, "space": space}
        told = self._backend.cluster(source, options, signed(by, ""))
        return ShownClustering(told, self._backend.thumbnail)

    def clusterings(self) -> ShownList[dict[str, Any]]:
        """Return what is known of all clusterings, oldest first: a list that shows itself."""
        found = self._backend.clusterings()["clusterings"]
        columns = named("clustering_id", "space", "source", "made_by", "made_at")
        return ShownList(found, "clustering", columns)

    def clusters(self, clustering: int | None = None) -> ShownClustering:
        """Return the clusters of a clustering as they are now; without a number, of the last.

        Raises:
            NotFoundError: there is none.
        """
        return ShownClustering(self._backend.clustering(clustering), self._backend.thumbnail)

    def cluster_now(self, cluster: Named) -> ShownCluster:
        """Return a cluster as it is now.

        Raises:
            NotFoundError: there is none of that number.
        """
        return ShownCluster(self._backend.cluster_now(_number(cluster)), self._backend.thumbnail)

    def name(
        self, cluster: Named, name: str, *, under: str = "", by: str = "", why: str = ""
    ) -> Decided:
        """Name a cluster: all its specimens are determined so, and the next question knows them.

        Args:
            cluster: its number, or what `clusters` gave; that one is refused where somebody has
                decided about it since.
            name: a species or a higher taxon.
            under: where a new name belongs, such as `family=Noctuidae`.
            by, why: for the record; by default your login name.

        Raises:
            ChangedError: it has changed since it was looked at.
            UsageError: the name cannot be read.
        """
        return self._decide("name", cluster, {"name": name, "under": under}, by, why)

    def accept(self, cluster: Named, *, by: str = "", why: str = "") -> Decided:
        """Accept the provisional name of a cluster, or the answer that it was set aside with."""
        return self._decide("accept", cluster, {}, by, why)

    def accept_known(
        self, clustering: int | None = None, *, by: str = "", why: str = ""
    ) -> list[int]:
        """Accept all that a clustering set aside as known; return the decisions, one a name."""
        number = self.clusters().id if clustering is None else clustering
        return self._backend.accept_known(number, signed(by, why))

    def place(self, cluster: Named, under: str, *, by: str = "", why: str = "") -> Decided:
        """Hang a cluster under a taxon above the species, such as `genus=Xestia`."""
        return self._decide("place", cluster, {"under": under}, by, why)

    def merge(
        self, cluster: Named, others: Named | Sequence[Named], *, by: str = "", why: str = ""
    ) -> Decided:
        """Put other clusters into one, which keeps its number and its name."""
        alone = isinstance(others, str | ShownCluster) or not isinstance(others, Iterable)
        several: list[Any] = [others] if alone else list(others)  # type: ignore[arg-type]
        said = {"others": {_number(one): _version(one) for one in several}}
        return self._decide("merge", cluster, said, by, why)

    def split(self, cluster: Named, parts: int = 2, *, by: str = "", why: str = "") -> Decided:
        """Take a cluster apart; the largest part keeps its number and its name."""
        return self._decide("split", cluster, {"parts": parts}, by, why)

    def move(
        self,
        cluster: Named,
        image_ids: str | Sequence[str],
        to: Named | Literal["new"] | None,
        *,
        by: str = "",
        why: str = "",
    ) -> Decided:
        """Move images, with all of their specimens, into another cluster, a new one, or none."""
        images = [image_ids] if isinstance(image_ids, str) else list(image_ids)
        other = to.id if isinstance(to, ShownCluster) else to
        version = None if to is None or isinstance(to, str) else _version(to)
        said = {"images": images, "to": other, "to_version": version}
        return self._decide("move", cluster, said, by, why)

    def reject(self, cluster: Named, *, by: str = "", why: str = "") -> Decided:
        """Say that a cluster is no taxon."""
        return self._decide("reject", cluster, {}, by, why)

    def set_aside(self, cluster: Named, *, by: str = "", why: str = "") -> Decided:
        """Leave a cluster for later."""
        return self._decide("set_aside", cluster, {}, by, why)

    def decisions(self, clustering: int | None = None) -> ShownList[dict[str, Any]]:
        """Return what was decided about clusters, oldest first: a list that shows itself.

        Args:
            clustering: only about those of this one.
        """
        found = self._backend.decisions(clustering)["decisions"]
        columns = named("decision_id", "what", "decided_by", "decided_at", "remarks")
        columns["state"] = lambda one: "" if one["stands"] else "taken back"
        return ShownList(found, "decision", columns)

    def undo(
        self,
        decision: int | Decided | None = None,
        *,
        since: int | None = None,
        determination: int | None = None,
        by: str = "",
        why: str = "",
    ) -> list[int]:
        """Take something back, or an undo; nothing is erased.

        Args:
            decision: about clusters, by its number or as it was returned.
            since: instead, go back to how it was right after this decision.
            determination: instead, a single determination of a specimen.
            by, why: for the record.

        Returns:
            the numbers of the undos.
        """
        if sum(one is not None for one in (decision, since, determination)) != 1:
            raise UsageError("Give exactly one of a decision, since and a determination")
        who = signed(by, why)
        if determination is not None:
            made = self._backend.undo_determination(determination, who)
            return [int(made["determination_id"])]
        if since is not None:
            return self._backend.undo_decision(since, who, since=True)
        number = decision.decision_id if isinstance(decision, Decided) else decision
        chosen = _whole(number, "decision", "what it returned")
        return self._backend.undo_decision(chosen, who, since=False)

    def review(
        self,
        queue: str = "mislabels",
        *,
        offset: int = 0,
        limit: int = 20,
        space: str | None = None,
    ) -> ShownQueue:
        """Return what should be looked at, the most doubtful first.

        Args:
            queue: `mislabels`: another name fits better. `unnamed`: without a name, and one
                fits. `duplicates`: specimens that share a picture. `far`: unlike the others of
                their name. `singletons`: the only ones of theirs.
            offset: entries to pass over first.
            limit: entries to return, 1 to 1000.
            space: in which evidence is near; by default the first.
        """
        told = self._backend.queue(queue, offset, limit, space)
        return ShownQueue(told, self._backend.thumbnail)

    def accept_proposed(
        self,
        specimen_ids: InQueue | Sequence[InQueue],
        *,
        queue: str = "mislabels",
        space: str | None = None,
        by: str = "",
        why: str = "",
    ) -> Report:
        """Give specimens the names that a queue proposes for them, all of them or none.

        Args:
            specimen_ids: which, or entries of `review`: refused where one of these was determined
                since, or another name is proposed by now.
            queue: which proposes them.
            space: in which it was looked at; see `review`.
            by: who decides; by default the login name.
            why: for the record.
        """
        return self._decide_named("accept", queue, specimen_ids, {"space": space}, by, why)

    def correct(
        self,
        specimen_ids: InQueue | Sequence[InQueue],
        name: str,
        *,
        queue: str = "mislabels",
        by: str = "",
        why: str = "",
    ) -> Report:
        """Give specimens another name, all of them or none.

        Args:
            specimen_ids: which, or entries of `review`; see `accept_proposed`.
            name: `Genus species`, a taxon of the collection, or rank=name.
            queue: where they stand.
            by: who decides; by default the login name.
            why: for the record.
        """
        return self._decide_named("correct", queue, specimen_ids, {"name": name}, by, why)

    def dismiss(
        self,
        specimen_ids: InQueue | Sequence[InQueue],
        *,
        queue: str = "mislabels",
        by: str = "",
        why: str = "",
    ) -> Report:
        """Say that the names of specimens are right; no queue asks about them again.

        All of them or none.

        Args:
            specimen_ids: which, or entries of `review`; see `accept_proposed`.
            queue: where they stand.
            by: who decides; by default the login name.
            why: for the record.
        """
        return self._decide_named("dismiss", queue, specimen_ids, {}, by, why)

    def _decide(
        self, kind: str, cluster: Named, said: dict[str, Any], by: str, why: str
    ) -> Decided:
        told = self._backend.decide(
            kind, _number(cluster), {**said, "version": _version(cluster)}, signed(by, why)
        )
        return Decided(told, self._backend.thumbnail)

    def _decide_named(
        self,
        kind: DecisionKind,
        queue: str,
        specimen_ids: InQueue | Sequence[InQueue],
        said: dict[str, Any],
        by: str,
        why: str,
    ) -> Report:
        chosen: list[InQueue] = (
            [specimen_ids] if isinstance(specimen_ids, str | Mapping) else list(specimen_ids)
        )
        ids, seen = looked_at(kind, chosen)
        if not ids:
            raise UsageError("specimen_ids is empty; give one specimen at least")
        told = self._backend.decide_named(kind, queue, ids, {**said, **seen}, signed(by, why))
        return Report("Determined", told, self._backend.thumbnail)


def _number(cluster: Named) -> int:
    if isinstance(cluster, ShownCluster):
        return cluster.id
    return _whole(cluster, "cluster", "what clusters() gave")


def _whole(number: object, what: str, otherwise: str) -> int:
    if not is_whole(number):  # True is none either
        raise UsageError(f"{shown(number)} is no {what}; give its number, or {otherwise}")
    return index(number)


def _version(cluster: Named) -> int | None:
    return cluster.version if isinstance(cluster, ShownCluster) else None
