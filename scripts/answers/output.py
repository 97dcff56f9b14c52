"""Where answers go: JSON as a list that is written as it grows, a CSV file, a page."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from holotype.index.errors import UsageError
from holotype.index.visible import visible_json

from .files import require_new

SIDE = 160  # px of the long side of a specimen's picture on a page

if TYPE_CHECKING:
    from holotype.index.collection import Collection
    from holotype.index.identification.many.outcomes import Outcome


@dataclass(frozen=True)
class AnswerFiles:
    """The files that a user asks for.

    Attributes:
        table: of the rows; None for none.
        sheet: of the page; None for none.
        overwrite: replace those that are there.
    """

    table: Path | None = None
    sheet: Path | None = None
    overwrite: bool = False

    @property
    def named(self) -> list[Path]:
        """Those that were asked for."""
        return [path for path in (self.table, self.sheet) if path is not None]

    @property
    def thumbnail_side(self) -> int:
        """The long side in pixels of the small pictures that the page needs; 0 without one."""
        return SIDE if self.sheet is not None else 0

    def require_new(self) -> None:
        """Refuse names that are taken, before the long work.

        Raises:
            UsageError: see `files.require_new`.
        """
        for path in self.named:
            require_new(path, overwrite=self.overwrite)

    def require_apart(self, collection: Path, sources: Iterable[str]) -> None:
        """Refuse to write over what the answers are made of, whatever may be replaced.

        Args:
            collection: its folder.
            sources: the files and folders that are asked about.

        Raises:
            UsageError: a file is one of these, lies in the collection, or is named twice.
        """
        named = [Path(os.path.realpath(path)) for path in self.named]
        folder = Path(os.path.realpath(collection))
        taken = {os.path.realpath(source) for source in sources} if self.overwrite else set()
        for path, file in zip(self.named, named, strict=True):
            if folder in file.parents:
                raise UsageError(
                    f"{path} lies in the collection {collection}; name a file elsewhere"
                )
            if str(file) in taken:
                raise UsageError(f"{path} is one of the files asked about; name another file")
        if len(set(named)) < len(named):
            raise UsageError(f"{self.table} is named by --csv and by --html; name two files")


class AnswerWriter:
    """Gives every outcome to all that want it, and counts."""

    def __init__(
        self, files: AnswerFiles, collection: Collection, show: Callable[[Outcome], None]
    ) -> None:
        self._files = files
        self._collection = collection
        self._stack = ExitStack()
        self._takers: list[Callable[[Outcome], None]] = [show]
        self.ranks: Counter[str] = Counter()
        self.specimens = 0
        self.refused = 0

    def add(self, outcome: Outcome) -> None:
        """Give on what became of a specimen."""
        self.specimens += bool(outcome.specimen.pictures)
        if outcome.answer is not None:
            found = outcome.answer.determination
            self.ranks[found.rank if found else "unknown"] += 1
        self.refused += len(outcome.refused)
        for take in self._takers:
            take(outcome)

    @property
    def answered(self) -> int:
        """Specimens with an answer, be it "unknown"."""
        return self.ranks.total()

    def __enter__(self) -> Self:
        files = self._files
        if files.table is not None:
            from .table import AnswerTable

            table = AnswerTable(files.table, overwrite=files.overwrite)
            self._takers.append(self._stack.enter_context(table).add)
        if files.sheet is not None:
            from .contact_sheet import ContactSheet

            sheet = ContactSheet(files.sheet, self._collection, overwrite=files.overwrite)
            self._takers.append(self._stack.enter_context(sheet).add)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, trace)


class JsonList:
    """A JSON list on stdout that is written entry by entry."""

    def __init__(self) -> None:
        self._empty = True

    def add(self, entry: dict[str, Any]) -> None:
        """Write one entry."""
        text = json.dumps(entry, ensure_ascii=False, indent=2, allow_nan=False)
        indented = "\n".join(f"  {line}" for line in text.split("\n"))
        sys.stdout.write(f"{'[' if self._empty else ','}\n{visible_json(indented)}")
        self._empty = False

    def close(self) -> None:
        """End the list."""
        sys.stdout.write("[]\n" if self._empty else "\n]\n")
        sys.stdout.flush()
