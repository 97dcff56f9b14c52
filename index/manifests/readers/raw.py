"""What every reader returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..problems import Problem


@dataclass(frozen=True, eq=False)
class RawTable:
    """A table as its source has it.

    Attributes:
        frame: every value a text.
        root: the folder that relative paths start from.
        numbers: of the rows, as `Problem.row` counts; None where they begin with 2 and none is
            missing.
        problems: rows and files that are left out already, and what is told of the source.
    """

    frame: pd.DataFrame
    root: Path
    numbers: Sequence[int] | None = None
    problems: list[Problem] = field(default_factory=list)
