"""Records of images: what is known of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from holotype.index.manifests.problems import counted

from ..door.guard import in_words_of_python
from .base import Shown, Thumbnails
from .html import box, figure, joined, muted, strong
from .listed import ShownList

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 12  # pictures in a notebook

Pages = Callable[[int | None], Iterator[Mapping[str, Any]]]  # of at most so many images each


class ShownRecord(Shown):
    """A stored image and what is known of it."""

    def __getitem__(self, name: str) -> Any:
        return self._told[name]

    @property
    def image_id(self) -> str:
        """Its id."""
        return str(self._told["image_id"])

    @property
    def specimen_id(self) -> str:
        """The specimen that it shows."""
        return str(self._told["specimen_id"])

    @property
    def lineage(self) -> dict[str, str]:
        """The ranks that its specimen is named at."""
        return dict(self._told["lineage"])

    @property
    def taxon(self) -> str:
        """The accepted name of its specimen; empty where it has none."""
        found = self._told["determination"]
        return found["taxon"] if found else ""

    def row(self) -> dict[str, Any]:
        """Return it as a row of a table: its own columns, the ranks, details and metadata."""
        told = self._told
        own = ("image_id", "specimen_id", "split", "width", "height", "sha256")
        return {
            **told["metadata"],
            **told["details"],
            **{name: told[name] for name in own},
            **told["lineage"],
        }

    def _lines(self) -> list[str]:
        told = {**self._told["details"], **self._told["metadata"]}
        more = ", ".join(f"{name}: {value}" for name, value in told.items())
        who = f"  {self.taxon or 'no name'}, specimen {self.specimen_id}"
        return [self.image_id, who, f"  {more or 'nothing else is known of it'}"]

    def _html(self) -> Markup:
        seen = figure(self._small(self.image_id), self.image_id, self.image_id)
        return box(seen, joined(map(muted, self._lines()[1:])))


class ShownRecords:
    """The records of images, read as they are needed: loop over them, or make a table.

    Args:
        pages: yield pages as `GET /v1/images` gives them, anew with every call.
        thumbnails: see `Shown`.
    """

    def __init__(self, pages: Pages, thumbnails: Thumbnails) -> None:
        self._read = pages
        self._thumbnails = thumbnails

    def _pages(self, limit: int | None) -> Iterator[Mapping[str, Any]]:
        """Yield pages; they are read when they are looped over, so it is then that they fail."""
        pages = iter(self._read(limit))
        while True:
            with in_words_of_python():  # not around `yield`, where others would speak so
                page = next(pages, None)
            if page is None:
                return
            yield page

    def __len__(self) -> int:
        return int(next(self._pages(1))["total"])

    def __iter__(self) -> Iterator[ShownRecord]:
        for page in self._pages(None):
            for told in page["images"]:
                yield ShownRecord(told, self._thumbnails)

    def first(self, count: int) -> ShownList[ShownRecord]:
        """Return the first few of them."""
        page = next(self._pages(count))
        found = (ShownRecord(told, self._thumbnails) for told in page["images"])
        return ShownList(found, "image", {"": lambda one: one._html()})

    def to_pandas(self) -> pd.DataFrame:
        """Return a table with a row an image: ids, split, ranks, details and your own columns."""
        import pandas as pd

        from holotype.index.storage.records import DETAILS
        from holotype.index.taxonomy import RANKS

        frame = pd.DataFrame([record.row() for record in self])
        known = ("image_id", "specimen_id", *RANKS, "split", *DETAILS, "width", "height", "sha256")
        first = [name for name in known if name in frame]
        return frame[[*first, *sorted(map(str, set(frame) - set(first)))]]

    def __repr__(self) -> str:
        first = [f"  {one!r}".splitlines()[0] for one in self.first(2)]
        return "\n".join([counted(len(self), "image"), *first])

    def _repr_html_(self) -> str:
        shown = (
            figure(one._small(one.image_id), one.image_id, one.taxon or "no name", one.image_id)
            for one in self.first(_SHOWN)
        )
        return str(box(strong(counted(len(self), "image")), joined(shown)))
