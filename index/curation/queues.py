"""Curation queues: what a person should look at in a collection, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from ..arrays import Codes
from ..collection import Collection
from ..errors import NotComparedError, NotFoundError, UsageError
from ..gallery.gallery import Gallery
from ..storage.records import Image
from ..storage.specimens.namings import versions_of
from ..taxonomy import RANKS, Lineage, by_rank, lowest_name
from .doubts import Doubts, Kept, compared_rank, finest_rank
from .duplicates import copies_of_other_names, duplicates
from .listing import Listing
from .named import Evidence, Named
from .names_in_doubt import far, mislabels, singletons, usual
from .proposals import unnamed

QUEUES = ("unnamed", "mislabels", "duplicates", "far", "singletons")
_COMPARED: Mapping[str, tuple[Kept, ...]] = {
    "unnamed": ("doubts", "proposals"),
    "mislabels": ("doubts",),
    "far": ("doubts",),
    "singletons": ("doubts",),
}

_MOST = 1000  # entries of a page


@dataclass(frozen=True)
class Entry:
    """What one should look at.

    Attributes:
        place: in the queue, from 1.
        score: in (0, 1], by which the queue is ordered; no probability.
        specimen_ids: one; of duplicates all that share a picture, those without a look at first.
        image_ids: all images of the first of them.
        taxa: the lowest name of each specimen, empty for none.
        reason: one sentence.
        proposed: the lineage that fits better, by rank; None where none is proposed.
        evidence: pictures to compare with.
        versions: the last determination or undo of each specimen, 0 for none; a decision that
            gives it is refused where somebody has decided since.
    """

    place: int
    score: float
    specimen_ids: list[str]
    image_ids: list[str]
    taxa: list[str]
    reason: str
    proposed: dict[str, str] | None
    evidence: list[Evidence]
    versions: list[int] = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as JSON-ready values."""
        return asdict(self)

    @property
    def proposed_lineage(self) -> Lineage | None:
        """The name that is proposed, one a rank of `RANKS`."""
        return None if self.proposed is None else tuple(self.proposed.get(r, "") for r in RANKS)


@dataclass(frozen=True)
class Page:
    """A part of a queue.

    Attributes:
        total: the entries of the whole queue.
        left_out: how many specimens could not be judged, by the reason.
    """

    queue: str
    space: str
    total: int
    offset: int
    entries: list[Entry]
    left_out: dict[str, int]

    def to_dict(self) -> dict[str, Any]:
        """Return the page as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class Queue:
    """The entries of a queue that nobody has dealt with yet."""

    collection: Collection
    name: str
    named: Named
    listing: Listing

    @classmethod
    def of(
        cls,
        collection: Collection,
        name: str,
        *,
        space: str | None = None,
        doubts: Doubts | None = None,
        proposals: Doubts | None = None,
    ) -> Queue:
        """Return a queue as it stands now.

        A name that a person confirmed, or gave in another's place, is not asked about again.

        Args:
            name: one of `QUEUES`.
            space: in which the pictures that are shown as evidence are near; by default the first.
            doubts: what `training.doubts` finds, for those that rest on it.
            proposals: what it finds of specimens without a name, for `unnamed`.

        Raises:
            NotComparedError: too much has changed since names were compared.
            UsageError: no such queue, or names were not compared.
        """
        require_queue(name)
        named = Named.of(collection, space, finest_rank if name == "singletons" else compared_rank)
        # It takes minutes to find them, and others write meanwhile.
        grown = name == "unnamed"
        doubts, proposals = (_as_now(found, named, grown) for found in (doubts, proposals))
        listing = _listed(collection, name, named, doubts, proposals)
        return cls(collection, name, named, listing.less(named.looked_at))

    def page(self, offset: int = 0, limit: int = 20) -> Page:
        """Return some of the entries.

        Raises:
            UsageError: the offset is below 0, or the limit not 1 to 1000.
        """
        if offset < 0:
            raise UsageError(f"offset is {offset}; it must be 0 or more")
        if not 1 <= limit <= _MOST:
            raise UsageError(f"limit is {limit}; it must be 1 to {_MOST}")
        total = len(self.listing.members)
        entries = [self.entry(place) for place in range(offset, min(offset + limit, total))]
        space = self.named.gallery.space.name
        return Page(self.name, space, total, offset, entries, dict(self.listing.left_out))

    def entry(self, place: int, *, evidence: bool = True) -> Entry:
        """Describe one entry, given its place from 0.

        Args:
            evidence: search the pictures to compare with; of large species that takes a while.
        """
        named, told = self.named, self.listing.tell(place)
        members = self.listing.members[place]
        own = named.images_of(int(members[0]))
        near = told.evidence() if evidence else ()
        images = self._images([*members.tolist(), *own.tolist(), *(one.place for one in near)])
        shown = [images[int(member)] for member in members if int(member) in images]
        versions = versions_of(self.collection.database, [image.specimen_id for image in shown])
        return Entry(
            place=place + 1,
            score=round(float(self.listing.scores[place]), 4),
            specimen_ids=[image.specimen_id for image in shown],
            image_ids=[images[int(one)].image_id for one in own if int(one) in images],
            taxa=[lowest_name(image.lineage) for image in shown],
            reason=told.reason,
            proposed=None if told.proposed is None else by_rank(told.proposed),
            evidence=[
                Evidence(
                    images[one.place].image_id,
                    lowest_name(images[one.place].lineage),
                    round(min(one.cosine, 1.0), 4),
                )
                for one in near
                if one.place in images
            ],
            versions=[versions[image.specimen_id] for image in shown],
        )

    def find(self, specimen_id: str, *, evidence: bool = True) -> Entry:
        """Return the entry of a specimen.

        Args:
            evidence: see `entry`.

        Raises:
            NotFoundError: the queue has none.
        """
        found = self.collection.database.read(
            "SELECT row FROM images WHERE specimen_id = ?", (specimen_id,)
        )
        if not found:
            raise NotFoundError(f"{self.collection.folder} has no specimen '{specimen_id}'")
        places = self.named.gallery.places(sorted(record[0] for record in found))
        entries = self._entry_of[places]
        for entry in np.sort(entries[entries >= 0])[:1]:
            return self.entry(int(entry), evidence=evidence)
        raise NotFoundError(f"Specimen '{specimen_id}' does not stand in the queue '{self.name}'")

    @cached_property
    def _entry_of(self) -> Codes:
        """The first entry that every image is a member of, int64 [n], -1 for none."""
        members = self.listing.members
        found = np.full(len(self.named.gallery), -1, np.int64)
        if members:
            entries = np.repeat(np.arange(len(members)), [len(one) for one in members])
            found[np.concatenate(members)[::-1]] = entries[::-1]
        return found

    def _images(self, places: list[int]) -> dict[int, Image]:
        rows = {int(self.named.gallery.rows[place]): place for place in places}
        found = self.collection.images_at(list(rows))
        return {rows[row]: image for row, image in found.items()}


def _as_now(found: Doubts | None, named: Named, grown: bool) -> Doubts | None:
    """Return what was found of a gallery as that gallery stands now."""
    now = None if found is None else found.at(named.source, grown=grown)
    if found is not None and now is None:
        raise NotComparedError(
            "Many specimens were added, named or deleted while names were compared; ask again"
        )
    return now


def rests_on(name: str, source: Gallery) -> tuple[Kept, ...]:
    """Return the compared names that a queue rests on.

    The singletons of the finest rank do on none where names are compared at a higher one.

    Args:
        source: the gallery of the encoder's own vectors.
    """
    if name == "singletons" and compared_rank(source) != finest_rank(source):
        return ()
    return _COMPARED.get(name, ())


def require_queue(name: str) -> None:
    """Refuse a name that no queue has."""
    if name not in QUEUES:
        raise UsageError(f"There is no queue '{name}'; choose one of {', '.join(QUEUES)}")


def _listed(
    collection: Collection,
    name: str,
    named: Named,
    doubts: Doubts | None,
    proposals: Doubts | None,
) -> Listing:
    if name == "duplicates":
        return duplicates(collection, named)
    if name == "singletons":
        return singletons(named, doubts if rests_on(name, named.source) else None)
    if doubts is None or (name == "unnamed" and proposals is None):
        raise UsageError(f"The queue '{name}' needs names that were compared; see training.doubts")
    if proposals is not None:
        return unnamed(named, usual(named, doubts), proposals)
    if name == "far":
        return far(named, doubts)
    return mislabels(named, doubts, copies_of_other_names(collection, named))
