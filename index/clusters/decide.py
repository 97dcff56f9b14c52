"""What people decide about clusters. A decision is one transaction, and is never overwritten.

A name is a determination of every member, so the next query knows it. Every function takes the
version of the cluster that was looked at, and refuses where it has changed since.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..collection import Collection
from ..errors import UsageError
from ..manifests.problems import counted
from ..storage.clusters.append import Draft, add_decision, require_unchanged
from ..storage.clusters.records import Cluster, Facts, clustering, current, named_elsewhere
from ..storage.clusters.undo import undo_decision, undo_since
from ..taxonomy import RANKS, Lineage, lowest_name
from ..ways import way
from .cluster import described
from .clustering import find_clusters
from .kept_recipe import kept_recipe
from .names import Names, provisional_lineage
from .naming import named_lineage, parent_lineage
from .pool import pool_of
from .view import cluster_now

_NOTHING: Lineage = ("",) * len(RANKS)
_NEW = "new"
_DETERMINED = ("named", "placed")  # the states in which members are called after their cluster
_PRIOR = 0.5  # share of novel specimens, where the clustering does not say


@dataclass(frozen=True)
class Decider:
    """Who decides, and why.

    Attributes:
        by: their name; it stands in every determination.
        why: the reason, for the record.
    """

    collection: Collection
    by: str
    why: str = ""

    def __post_init__(self) -> None:
        if not self.by.strip():
            raise UsageError("A decision needs somebody who makes it; give a name as 'by'")

    def name(
        self, cluster_id: int, name: str, *, under: str = "", version: int | None = None
    ) -> int:
        """Determine all members of a cluster as a taxon, and return the decision's number.

        Args:
            name: of a species or a taxon above it, or a provisional one such as `Xestia sp. 1`.
            under: where a new name belongs, such as `family=Noctuidae`; by default where the
                collection has its genus, else where the cluster hangs.
            version: of the cluster that was looked at; None for whatever it is now.

        Raises:
            ChangedError: it has changed since.
            NotFoundError: there is no such cluster.
            UsageError: the name cannot be read, or the cluster has no members.
        """
        cluster = self._seen(cluster_id, version)
        lineage, qualifier = named_lineage(self.collection.database, cluster.facts, name, under)
        return self._named("name", cluster, lineage, qualifier)

    def accept(self, cluster_id: int, *, version: int | None = None) -> int:
        """Determine all members as the provisional taxon, or as what they were set aside with.

        Raises:
            ChangedError, NotFoundError, UsageError: see `name`.
        """
        cluster = self._seen(cluster_id, version)
        lineage = tuple(cluster.facts.get("lineage", ()))
        qualifier = str(cluster.facts.get("qualifier", ""))
        if lowest_name(lineage) != cluster.name:  # else a person or an answer gave its name
            lineage, qualifier = provisional_lineage(tuple(cluster.facts["under"]), cluster.name)
        return self._named("accept", cluster, lineage, qualifier)

    def accept_known(self, clustering_id: int) -> list[int]:
        """Accept all that was set aside as known and nobody has decided about.

        Groups of which every specimen was named elsewhere meanwhile stay as they are.

        Returns:
            the numbers of the decisions, one a group; `undo_since` takes all of them back.

        Raises:
            NotFoundError: there is no such clustering.
            UsageError: nothing of that kind is left in it.
        """
        database, made = self.collection.database, list[int]()
        with self.collection.writing():
            clustering(database, clustering_id)
            groups = current(database, clustering_id).values()
            known = [one for one in groups if one.facts.get("set_aside") and one.state == "open"]
            for one in known:
                with suppress(UsageError):
                    made.append(self.accept(one.cluster_id))
        if not made:
            raise UsageError(
                f"Nothing that clustering {clustering_id} set aside as known is left to accept"
            )
        return made

    def _named(self, kind: str, cluster: Cluster, lineage: Lineage, qualifier: str) -> int:
        taxon = lowest_name(lineage)
        facts = {
            "state": "named",
            "name": taxon,
            "lineage": list(lineage),
            "qualifier": qualifier,
        }
        return self._write(
            Draft(
                kind,
                f"{kind} cluster {cluster.cluster_id} as {taxon}",
                [cluster],
                {cluster.cluster_id: facts},
                named=cluster.specimens,
                lineage=lineage,
                qualifier=qualifier,
                determination=f"cluster {cluster.cluster_id}",
            )
        )

    def place(self, cluster_id: int, under: str, *, version: int | None = None) -> int:
        """Hang a cluster under a taxon, which all members are determined as.

        It gets the next provisional name there.

        Args:
            under: a rank above the species and a taxon, such as `genus=Xestia`.

        Raises:
            ChangedError, NotFoundError, UsageError: see `name`.
        """
        cluster = self._seen(cluster_id, version)
        lineage = parent_lineage(self.collection.database, under, cluster.facts)
        name = Names(self.collection.database).new(lineage)
        rank, _, _ = under.partition("=")
        parent = {"rank": rank.strip().lower(), "taxon": lowest_name(lineage), "p": None}
        facts = {"state": "placed", "name": name, "parent": parent, "under": list(lineage)}
        return self._write(
            Draft(
                "place",
                f"place cluster {cluster_id} under {lowest_name(lineage)}",
                [cluster],
                {cluster_id: facts},
                named=cluster.specimens,
                lineage=lineage,
                determination=f"cluster {cluster_id}",
                fresh=[name],
            )
        )

    def merge(
        self,
        cluster_id: int,
        others: Sequence[int],
        *,
        versions: Mapping[int, int] | None = None,
    ) -> int:
        """Put the members of other clusters into one, which keeps its number and its name.

        Where that is named already, they are determined as it is.

        Args:
            versions: of the clusters that were looked at, by their numbers.

        Raises:
            ChangedError, NotFoundError: see `name`.
            UsageError: they are not different clusters of one clustering.
        """
        versions = versions or {}
        chosen = list(dict.fromkeys(others))
        if not chosen or cluster_id in chosen:
            raise UsageError("Name one cluster, and other ones that go into it")
        into, *rest = (self._seen(one, versions.get(one)) for one in [cluster_id, *chosen])
        for one in rest:
            self._require_same(into, one)
        moved = [specimen for one in rest for specimen in one.specimens]
        changes: dict[int, Facts] = {
            one.cluster_id: {"state": "merged", "into": cluster_id} for one in rest
        }
        changes[cluster_id] = self._looks(into, [*into.specimens, *moved])
        numbers = ", ".join(str(one) for one in chosen)
        draft = Draft("merge", f"merge {numbers} into cluster {cluster_id}", [into, *rest], changes)
        named = [s for one in rest if one.state in _DETERMINED for s in one.specimens]
        return self._write(_moving(draft, dict.fromkeys(moved, cluster_id), into, named))

    def split(self, cluster_id: int, parts: int = 2, *, version: int | None = None) -> int:
        """Take a cluster apart into sub-clusters; the largest keeps its number and its name.

        Args:
            parts: how many.

        Raises:
            ChangedError, NotFoundError: see `name`.
            UsageError: it has fewer specimens than parts.
        """
        cluster = self._seen(cluster_id, version)
        if not 2 <= parts <= len(cluster.specimens):
            raise UsageError(
                f"Cluster {cluster_id} has {len(cluster.specimens)} specimens; it cannot be split "
                f"into {parts}, give 2 to {max(2, len(cluster.specimens))}"
            )
        space = clustering(self.collection.database, cluster.clustering_id).space
        pool = pool_of(self.collection, space, cluster.specimens, np.zeros(0, bool))
        vectors = pool.source.index.rows(pool.places)
        kept = kept_recipe(self.collection, pool.source)
        recipe = None if kept is None else kept.recipe
        whole = find_clusters(vectors, recipe, specimens=pool.member, k=parts)
        found = whole.labels[pool.starts]
        groups = [
            [pool.specimens[place] for place in np.flatnonzero(found == label).tolist()]
            for label in np.unique(found)
        ]
        stay, *rest = sorted(groups, key=len, reverse=True)
        return self._parted(cluster, "split", stay, rest)

    def move(
        self,
        cluster_id: int,
        images: Sequence[str],
        to: int | str | None,
        *,
        versions: Mapping[int, int] | None = None,
    ) -> int:
        """Move specimens out of a cluster, told by their images.

        They take the name of a named cluster that they come into, and lose that of one that they
        leave.

        Args:
            images: ids; all images of their specimens go with them.
            to: another cluster, `new` for one of their own, None for no cluster at all.
            versions: see `merge`.

        Raises:
            ChangedError, NotFoundError: see `name`.
            UsageError: an image is not in the cluster, or it is the other cluster itself.
        """
        versions = versions or {}
        cluster = self._seen(cluster_id, versions.get(cluster_id))
        leaving = self._specimens(cluster, images)
        stay = [one for one in cluster.specimens if one not in set(leaving)]
        if to == _NEW:
            return self._parted(cluster, "move", stay, [leaving])
        seen, changes = [cluster], {cluster_id: self._looks(cluster, stay)}
        into = None
        if to is not None:
            into = self._seen(int(to), versions.get(int(to)))
            if into.cluster_id == cluster_id:
                raise UsageError(f"The images are in cluster {cluster_id} already")
            self._require_same(cluster, into)
            seen.append(into)
            changes[into.cluster_id] = self._looks(into, [*into.specimens, *leaving])
        where = f"into cluster {to}" if into else "into none"
        what = f"move {counted(len(leaving), 'specimen')} of cluster {cluster_id} {where}"
        named = leaving if cluster.state in _DETERMINED else []
        moved = dict.fromkeys(leaving, None if into is None else into.cluster_id)
        return self._write(_moving(Draft("move", what, seen, changes), moved, into, named))

    def reject(self, cluster_id: int, *, version: int | None = None) -> int:
        """Say that a cluster is no taxon; a name that its members got by it is taken away."""
        return self._closed("reject", "rejected", cluster_id, version)

    def set_aside(self, cluster_id: int, *, version: int | None = None) -> int:
        """Leave a cluster for later; a name that its members got by it is taken away."""
        return self._closed("set aside", "set aside", cluster_id, version)

    def undo(self, decision_id: int) -> int:
        """Take back a decision, or an undo, with all determinations of it.

        Raises:
            NotFoundError, UsageError: see `undo_decision`.
        """
        return undo_decision(self.collection.database, decision_id, by=self.by, remarks=self.why)

    def undo_since(self, decision_id: int) -> list[int]:
        """Take a clustering back to how it was right after a decision; see `undo_since`."""
        return undo_since(self.collection.database, decision_id, by=self.by, remarks=self.why)

    def _closed(self, kind: str, state: str, cluster_id: int, version: int | None) -> int:
        cluster = self._seen(cluster_id, version)
        named = cluster.specimens if cluster.state in _DETERMINED else ()
        draft = Draft(
            kind,
            f"{kind} cluster {cluster_id}",
            [cluster],
            {cluster_id: {"state": state}},
            named=named,
            lineage=_NOTHING,
            determination=f"cluster {cluster_id}",
        )
        return self._write(draft)

    def _parted(
        self, cluster: Cluster, kind: str, stay: Sequence[str], groups: Sequence[Sequence[str]]
    ) -> int:
        """Write that some groups leave a cluster for new ones."""
        names = Names(self.collection.database)
        made = []
        for group in groups:
            facts = {**self._looks(cluster, group), "probably": None}
            made.append(({**facts, "name": names.new(tuple(facts["under"]))}, group))
        what = f"{kind} {counted(len(groups), 'new cluster')} out of cluster {cluster.cluster_id}"
        leaving = [specimen for group in groups for specimen in group]
        draft = Draft(
            kind,
            what,
            [cluster],
            {cluster.cluster_id: self._looks(cluster, stay)},
            made=made,
            named=leaving if cluster.state == "named" else (),  # what is placed stays where it is
            lineage=_NOTHING,
            determination=f"cluster {cluster.cluster_id}",
            fresh=[str(facts["name"]) for facts, _ in made],
        )
        return self._write(draft)

    def _looks(self, cluster: Cluster, specimens: Sequence[str]) -> dict[str, Any]:
        """Return the facts of a cluster as they are with these members; what people said stays."""
        record = clustering(self.collection.database, cluster.clustering_id)
        said = record.parameters.get("prior")
        prior = said if isinstance(said, float) and 0 <= said < 1 else _PRIOR
        found = described(self.collection, record.space, specimens, prior=prior)
        if cluster.state == "placed":
            found |= {name: cluster.facts[name] for name in ("state", "parent", "under")}
        if "under" not in found:
            found |= {"parent": None, "under": list(_NOTHING)}
        return found

    def _seen(self, cluster_id: int, version: int | None) -> Cluster:
        """Return a cluster with members, as it was looked at."""
        cluster = cluster_now(self.collection, cluster_id)
        if version is not None:
            require_unchanged(self.collection.database, [replace(cluster, version=version)])
        if not cluster.specimens:
            into = cluster.facts.get("into")
            where = f"; it was merged into cluster {into}" if into else ""
            raise UsageError(f"Cluster {cluster_id} has no members any more{where}")
        return cluster

    def _require_same(self, one: Cluster, other: Cluster) -> None:
        if one.clustering_id != other.clustering_id:
            raise UsageError(
                f"Clusters {one.cluster_id} and {other.cluster_id} are of different clusterings; "
                "give both the same name instead"
            )

    def _specimens(self, cluster: Cluster, images: Sequence[str]) -> list[str]:
        """Return the specimens of images of a cluster."""
        inside = set(cluster.images)
        foreign = next((one for one in images if one not in inside), None)
        if foreign is not None or not images:
            what = f"Image '{foreign}' is not" if images else "Give the images that are"
            raise UsageError(f"{what} in cluster {cluster.cluster_id}")
        found = (self.collection.image(one).specimen_id for one in images)
        return list(dict.fromkeys(found))

    def _write(self, draft: Draft) -> int:
        """Write a decision. A name that a specimen got by itself or by another clustering stays.

        Raises:
            UsageError: all that it would name have such names.
        """
        cluster = draft.seen[0]
        other = named_elsewhere(self.collection.database, draft.named, cluster.clustering_id)
        kept = [specimen for specimen in draft.named if specimen not in other]
        if other and not kept and any(draft.lineage):
            raise UsageError(
                f"All specimens of cluster {cluster.cluster_id} have been named elsewhere; undo "
                f"that first ({way('collection log C --specimen ID')} shows where), or leave them"
            )
        if kept and not any(draft.lineage):
            count = counted(len(kept), "specimen loses", "specimens lose")
            draft = replace(draft, what=f"{draft.what}; {count} the name of the cluster")
        if other:
            count = counted(len(other), "specimen keeps", "specimens keep")
            draft = replace(
                draft, what=f"{draft.what}; {count} another name from elsewhere", named=kept
            )
        return add_decision(self.collection.database, draft, by=self.by, remarks=self.why)


def _moving(
    draft: Draft, moved: Mapping[str, int | None], into: Cluster | None, named: Sequence[str]
) -> Draft:
    """Return a draft that moves specimens, with the names that they get or lose by that.

    Args:
        named: those whose name came from the cluster that they leave.
    """
    numbers = " and ".join(str(one.cluster_id) for one in draft.seen)
    told = replace(draft, moved=moved, determination=f"clusters {numbers}")
    if into is not None and into.state == "named":
        lineage, qualifier = tuple(into.facts["lineage"]), str(into.facts.get("qualifier", ""))
        return replace(told, named=list(moved), lineage=lineage, qualifier=qualifier)
    if into is not None and into.state == "placed":
        return replace(told, named=list(moved), lineage=tuple(into.facts["under"]))
    return replace(told, named=named, lineage=_NOTHING)
