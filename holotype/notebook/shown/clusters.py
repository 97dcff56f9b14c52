"""Candidate species of unnamed specimens, and decisions about them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, overload

from markupsafe import Markup

from holotype.index.manifests.problems import counted

from .base import Shown
from .html import box, figure, joined, muted, strong
from .listed import ShownList

_PICTURES = 8  # of a cluster that are shown
_CLUSTERS = 20  # of a clustering that are shown


class ShownCluster(Shown):
    """A cluster as it was looked at; a decision about it is refused where it has changed since."""

    @property
    def id(self) -> int:
        """Its number."""
        return int(self._told["id"])

    @property
    def version(self) -> int:
        """The last decision that touched it."""
        return int(self._told["version"])

    @property
    def name(self) -> str:
        """Provisional, or as it was named."""
        return str(self._told["name"])

    @property
    def state(self) -> str:
        """`open`, `placed`, `named`, `merged`, `rejected` or `set aside`."""
        return str(self._told["state"])

    @property
    def size(self) -> int:
        """How many images it has."""
        return int(self._told["size"])

    @property
    def image_ids(self) -> list[str]:
        """Its images."""
        return list(self._told["image_ids"])

    @property
    def _headline(self) -> str:
        return f"Cluster {self.id}: {self.name} ({counted(self.size, 'image')}, {self.state})"

    def _lines(self) -> list[str]:
        typical = ", ".join(self._pictures()[:3])
        return [self._headline, f"  {self._near()}", f"  such as {typical or 'none'}"]

    def _html(self) -> Markup:
        shown = joined(figure(self._small(one), one, one) for one in self._pictures())
        return box(strong(self._headline), muted(self._near()), shown)

    def _pictures(self) -> list[str]:
        """Return its images, the most typical first."""
        ordered = [*self._told.get("typical", ()), *self.image_ids]
        return list(dict.fromkeys(ordered))[:_PICTURES]

    def _near(self) -> str:
        if "taxon" in self._told:
            return f"set aside as {self._told['taxon']} ({self._told['rank']})"
        near = ", ".join(one["taxon"] for one in (self._told.get("nearest") or [])[:3])
        return f"nearest known: {near}" if near else "nothing known is near"


class ShownClustering(Shown, Sequence[ShownCluster]):
    """The clusters of a clustering, the largest first; `known` are what was set aside."""

    @property
    def id(self) -> int:
        """Its number."""
        return int(self._told["id"])

    @property
    def known(self) -> ShownList[ShownCluster]:
        """What was known already, by its answers."""
        return self._listed(self._told["set_aside"])

    @property
    def notes(self) -> list[str]:
        """What is to be known of it, a sentence each."""
        return list(self._told["parameters"].get("notes", ()))

    def _listed(self, told: Iterable[dict[str, Any]]) -> ShownList[ShownCluster]:
        clusters = (ShownCluster(one, self._thumbnails) for one in told)
        return ShownList(clusters, "cluster", {"": lambda one: one._html()})

    @overload
    def __getitem__(self, place: int) -> ShownCluster: ...
    @overload
    def __getitem__(self, place: slice) -> ShownList[ShownCluster]: ...
    def __getitem__(self, place: int | slice) -> ShownCluster | ShownList[ShownCluster]:
        found = self._told["clusters"][place]
        if isinstance(place, slice):
            return self._listed(found)
        return ShownCluster(found, self._thumbnails)

    def __len__(self) -> int:
        return len(self._told["clusters"])

    def __iter__(self) -> Iterator[ShownCluster]:
        return (ShownCluster(one, self._thumbnails) for one in self._told["clusters"])

    @property
    def _headline(self) -> str:
        aside = counted(sum(one["size"] for one in self._told["set_aside"]), "image")
        clusters = counted(len(self), "cluster")
        return f"Clustering {self.id}: {clusters}, {aside} set aside as known"

    def _lines(self) -> list[str]:
        return [self._headline, *(f"  {one._headline}" for one in self[:2])]

    def _html(self) -> Markup:
        left = len(self) - _CLUSTERS
        more = f"{left} more clusters; loop over them to see all" if left > 0 else ""
        parts = [one._html() for one in self[:_CLUSTERS]]
        return box(strong(self._headline), *map(muted, self.notes), *parts, muted(more))


class Decided(Shown):
    """A decision about a cluster, and the cluster as it is then."""

    @property
    def decision_id(self) -> int:
        """Its number, which `undo` takes back."""
        return int(self._told["decision"]["decision_id"])

    @property
    def cluster(self) -> ShownCluster:
        """The cluster after it."""
        return ShownCluster(self._told["cluster"], self._thumbnails)

    @property
    def _headline(self) -> str:
        told: dict[str, Any] = self._told["decision"]
        return f"Decision {told['decision_id']}: {told['what']}, by {told['decided_by']}"

    def _lines(self) -> list[str]:
        return [self._headline, *self.cluster._lines()[:2]]

    def _html(self) -> Markup:
        return box(strong(self._headline), self.cluster._html())
