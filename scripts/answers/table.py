"""Answers as a CSV file, one row a specimen, written as they come."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Self

from holotype.index.identification.many.outcomes import Outcome
from holotype.index.identification.many.rows import COLUMNS, rows_of

from .files import opened_new


class AnswerTable:
    """A CSV file in UTF-8 to which answers are added; what was added stays after an interruption.

    Args:
        path: of the file.
        overwrite: replace a file that is there.

    Raises:
        UsageError: it is there already.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._file = opened_new(path, overwrite=overwrite)
        self._rows = csv.DictWriter(self._file, COLUMNS, restval="", lineterminator="\n")
        self._rows.writeheader()

    def add(self, outcome: Outcome) -> None:
        """Add a row for a specimen with an answer, and one for every refused picture."""
        self._rows.writerows(rows_of(outcome))
        self._file.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
