"""What should be looked at in a collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from markupsafe import Markup

from .base import Shown
from .html import box, figure, joined, muted, strong, table

if TYPE_CHECKING:
    import pandas as pd

_PICTURES = 4  # to compare with, beside an entry


class ShownQueue(Shown, Sequence[Mapping[str, Any]]):
    """A part of a curation queue, the most doubtful first.

    Each entry has `place`, `score`, `specimen_ids`, `image_ids`, `taxa`, `reason`, `proposed` and
    `evidence`.
    """

    @property
    def total(self) -> int:
        """The entries of the whole queue."""
        return int(self._told["total"])

    @overload
    def __getitem__(self, place: int) -> Mapping[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[Mapping[str, Any]]: ...
    def __getitem__(self, place: int | slice) -> Mapping[str, Any] | list[Mapping[str, Any]]:
        found: Mapping[str, Any] | list[Mapping[str, Any]] = self._told["entries"][place]
        return found

    def __len__(self) -> int:
        return len(self._told["entries"])

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return iter(self._told["entries"])

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row an entry."""
        import pandas as pd

        return pd.DataFrame(self._told["entries"])

    @property
    def _headline(self) -> str:
        return f"{len(self)} of {self.total} in the queue '{self._told['queue']}'"

    def _lines(self) -> list[str]:
        first = (f"  {one['specimen_ids'][0]}: {one['reason']}" for one in self[:2])
        return [self._headline, *first]

    def _html(self) -> Markup:
        return box(strong(self._headline), table(("", "why", "compare with"), map(self._row, self)))

    def _row(self, entry: Mapping[str, Any]) -> tuple[object, ...]:
        specimen, image_id = entry["specimen_ids"][0], next(iter(entry["image_ids"]), None)
        proposed = list((entry["proposed"] or {}).values())[-1:]
        better = muted(f"proposed: {proposed[0]}") if proposed else Markup("")
        near = joined(
            figure(self._small(one["image_id"]), one["image_id"], one["taxon"] or "no name")
            for one in entry["evidence"][:_PICTURES]
        )
        return (
            figure(self._small(image_id), str(image_id), specimen),
            joined([strong(entry["taxa"][0] or "no name"), muted(entry["reason"]), better]),
            near,
        )
