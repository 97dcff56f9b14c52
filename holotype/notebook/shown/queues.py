"""What should be looked at in a collection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from markupsafe import Markup

from .base import Shown
from .html import box, figure, joined, muted, strong, table

if TYPE_CHECKING:
    import pandas as pd

    from holotype.index.curation.actions import DecisionKind

_PICTURES = 4  # to compare with, beside an entry


def is_entry(value: object) -> bool:
    """Return whether a value is an entry of a queue."""
    if not isinstance(value, Mapping):
        return False
    by_specimen = [value.get(name) for name in ("specimen_ids", "taxa", "versions")]
    lengths = {len(one) if isinstance(one, list) else 0 for one in by_specimen}
    proposed = value.get("proposed", "")
    return len(lengths) == 1 and lengths != {0} and (proposed is None or isinstance(proposed, dict))


def looked_at(
    kind: DecisionKind, chosen: Sequence[str | Mapping[str, Any]]
) -> tuple[list[str], dict[str, Any]]:
    """Return which specimens are decided about, and as what entries among them showed these.

    Of an entry with several specimens the first stands for all where they are accepted, and those
    are dismissed that have a name.

    Returns:
        ids, and what a decision takes: `versions`, and to accept `names`; nothing without entries.
    """
    ids: list[str] = []
    versions: dict[str, int] = {}
    names: dict[str, str] = {}
    for one in chosen:
        if isinstance(one, str):
            ids.append(one)
            continue
        theirs = one["specimen_ids"]
        with_name = [each for each, taxon in zip(theirs, one["taxa"], strict=True) if taxon]
        ids += {"accept": theirs[:1], "correct": theirs, "dismiss": with_name or theirs}[kind]
        versions.update(zip(theirs, one["versions"], strict=True))
        names[theirs[0]] = _proposed(one)
    seen: dict[str, Any] = {"versions": versions}
    if kind == "accept":
        seen["names"] = names
    return ids, seen if versions else {}


def _proposed(entry: Mapping[str, Any]) -> str:
    """Return the lowest name that is proposed, empty for none."""
    return str(next(reversed((entry["proposed"] or {"": ""}).values())))


class ShownQueue(Shown, Sequence[Mapping[str, Any]]):
    """A part of a curation queue, the most doubtful first.

    Each entry has `place`, `score`, `specimen_ids`, `image_ids`, `taxa`, `reason`, `proposed`,
    `evidence` and `versions`; `accept_proposed`, `correct` and `dismiss` take it as it is.
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
        proposed = _proposed(entry)
        better = muted(f"proposed: {proposed}") if proposed else Markup("")
        near = joined(
            figure(self._small(one["image_id"]), one["image_id"], one["taxon"] or "no name")
            for one in entry["evidence"][:_PICTURES]
        )
        return (
            figure(self._small(image_id), str(image_id), specimen),
            joined([strong(entry["taxa"][0] or "no name"), muted(entry["reason"]), better]),
            near,
        )
