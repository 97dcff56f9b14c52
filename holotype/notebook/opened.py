"""The one object that a notebook needs: a collection that is open."""

from __future__ import annotations

from types import TracebackType
from typing import NoReturn, Self, cast

from holotype.index.errors import UsageError
from holotype.index.visible import visible

from .backend import Backend
from .copies import Copies
from .curation import Curation
from .door.guard import guarded
from .questions import Questions
from .records import Records
from .work import Work


@guarded
class OpenCollection(Questions, Records, Curation, Work, Copies):
    """A collection: add pictures, ask what a specimen is, name what is new, measure how good it is.

    `holotype.open("moths")` gives one on this machine, `holotype.Client("http://…")` one that is
    served; both have these methods and give equal results. Results show themselves: three lines in
    a terminal, pictures in a notebook; `to_dict()` gives all of one as JSON has it.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def close(self) -> None:
        """Let go of the collection, as the end of a `with` block does."""
        self._backend.close()
        self._backend = cast(Backend, _Closed(self._backend.place))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __dir__(self) -> list[str]:
        return [name for name in super().__dir__() if not name.startswith("_")]

    def __repr__(self) -> str:
        return visible(f"{type(self).__name__}({self._backend.place!r})")


class _Closed:
    """What a collection asks once it is closed: every question is refused."""

    def __init__(self, place: str) -> None:
        self.place = place

    def close(self) -> None:
        """Stay closed."""

    def __getattr__(self, name: str) -> NoReturn:
        raise UsageError(f"{self.place} was closed here; open it again to go on")
