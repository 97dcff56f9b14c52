"""Images near a query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from markupsafe import Markup

from holotype.index.manifests.problems import counted
from holotype.index.taxonomy import RANKS

from .base import Shown, Thumbnails
from .html import box, figure, joined, muted

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 12  # of them in a notebook


@dataclass(frozen=True)
class NearImage:
    """A stored image near a query.

    Attributes:
        score: its cosine to the query, in [-1, 1].
        species: empty where its specimen is not named to species.
        ranks: the ranks that are named.
    """

    image_id: str
    specimen_id: str
    score: float
    species: str
    ranks: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> NearImage:
        """Read what `Hit.to_dict` returns."""
        own = ("image_id", "specimen_id", "score", "species")
        ranks = {rank: told[rank] for rank in RANKS if told.get(rank)}
        return cls(**{name: told[name] for name in own}, ranks=ranks)

    @property
    def taxon(self) -> str:
        """The finest name of its specimen; empty where it has none."""
        return self.species or next(reversed(self.ranks.values()), "")


class ShownHits(Shown, Sequence[NearImage]):
    """The images nearest to a query, best first."""

    @property
    def space(self) -> str:
        """The space that was searched."""
        return str(self._told.get("space", ""))

    @property
    def notes(self) -> list[str]:
        """What else to bear in mind, a sentence each."""
        return list(self._told.get("notes", ()))

    @overload
    def __getitem__(self, place: int) -> NearImage: ...
    @overload
    def __getitem__(self, place: slice) -> ShownHits: ...
    def __getitem__(self, place: int | slice) -> NearImage | ShownHits:
        found = self._told["hits"][place]
        if isinstance(place, slice):
            return ShownHits({**self._told, "hits": found}, self._thumbnails)
        return NearImage.of(found)

    def __len__(self) -> int:
        return len(self._told["hits"])

    def __iter__(self) -> Iterator[NearImage]:
        return map(NearImage.of, self._told["hits"])

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row a hit: ids, score and the ranks that are named."""
        import pandas as pd

        return pd.DataFrame(self._told["hits"])

    def _lines(self) -> list[str]:
        first = [f"  {hit.score:.3f}  {hit.taxon or 'no name'}  {hit.image_id}" for hit in self[:2]]
        where = f" in space '{self.space}'" if self.space else ""
        return [f"{counted(len(self), 'nearest image')}{where}", *first]

    def _html(self) -> Markup:
        return box(self.strip(_SHOWN), *map(muted, self.notes))

    def strip(self, most: int) -> Markup:
        """Return the first of them side by side."""
        return joined(
            figure(self._small(hit.image_id), hit.image_id, f"{hit.score:.3f}", hit.taxon)
            for hit in self[:most]
        )


def hits_of(told: Sequence[Mapping[str, Any]], thumbnails: Thumbnails) -> ShownHits:
    """Return the neighbours of an answer."""
    return ShownHits({"hits": list(told)}, thumbnails)
