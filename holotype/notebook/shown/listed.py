"""A list that shows itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, Generic, SupportsIndex, TypeVar, overload

from holotype.index.manifests.problems import counted
from holotype.index.visible import visible

from .base import Shown
from .html import box, muted, strong, table

if TYPE_CHECKING:
    import pandas as pd

_ROWS = 50  # that are shown in a notebook

Item = TypeVar("Item")
Columns = Mapping[str, Callable[[Item], object]]


class ShownList(list[Item], Generic[Item]):
    """A list that shows how long it is, and its first entries.

    Args:
        items: its entries.
        noun: what one of them is called, such as "decision".
        columns: what a notebook shows of each, by the heads of a table.
    """

    def __init__(self, items: Iterable[Item], noun: str, columns: Columns[Item]) -> None:
        super().__init__(items)
        self._noun = noun
        self._columns = columns

    @overload
    def __getitem__(self, place: SupportsIndex) -> Item: ...
    @overload
    def __getitem__(self, place: slice) -> ShownList[Item]: ...
    def __getitem__(self, place: SupportsIndex | slice) -> Item | ShownList[Item]:
        found = super().__getitem__(place)
        if isinstance(place, slice):
            return ShownList(found, self._noun, self._columns)  # type: ignore[arg-type]
        return found  # type: ignore[return-value]

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row an entry."""
        import pandas as pd

        return pd.DataFrame([one.to_dict() if isinstance(one, Shown) else one for one in self])

    @property
    def _headline(self) -> str:
        return counted(len(self), self._noun)

    def __repr__(self) -> str:
        return "\n".join([self._headline, *(f"  {self._line(one)}" for one in self[:2])])

    def _line(self, one: Item) -> str:
        if isinstance(one, Shown):
            return repr(one).partition("\n")[0]
        cells = (str(cell(one)) for cell in self._columns.values())
        return visible(", ".join(filter(None, cells)))

    def _repr_html_(self) -> str:
        cells = ([cell(one) for cell in self._columns.values()] for one in self[:_ROWS])
        more = f"{len(self) - _ROWS} more; to_pandas() has all" if len(self) > _ROWS else ""
        return str(box(strong(self._headline), table(list(self._columns), cells), muted(more)))


def named(*names: str) -> dict[str, Callable[[Mapping[str, Any]], object]]:
    """Return columns that show what an entry has under these names; nothing for None."""

    def cell(name: str) -> Callable[[Mapping[str, Any]], object]:
        return lambda one: "" if one[name] is None else one[name]

    return {name: cell(name) for name in names}
