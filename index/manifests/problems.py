"""What is told of the rows of a table and of the files of a folder."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..ways import option

NAMED = 3  # examples in one message
_SHOWN = 5  # messages of one reason


@dataclass(frozen=True)
class Problem:
    """Something about one row, one file or a whole table that its owner should know.

    Attributes:
        row: counted as a spreadsheet does: the header is row 1; 0 where it is of no row.
        path: of the picture or file, as the source names it.
        message: one sentence.
        severity: "error" where the row or file is left out, "note" where it is used.
        reason: a few words that problems of one kind share.
    """

    row: int
    path: str
    message: str
    severity: str = "error"
    reason: str = ""

    def __post_init__(self) -> None:
        if "\n" in self.message or "\r" in self.message:  # of a value that goes over lines
            object.__setattr__(self, "message", " ".join(self.message.splitlines()))

    def __str__(self) -> str:
        return f"row {self.row}: {self.message}" if self.row else self.message


def some(names: Iterable[str], joint: str = ", ") -> str:
    """Return the first few of some names, and how many more there are.

    >>> some(["a", "b", "c", "d", "e"]), some(["a", "b"])
    ('a, b, c and 2 more', 'a, b')
    """
    every = list(names)
    rest = f" and {len(every) - NAMED} more" if len(every) > NAMED else ""
    return joint.join(every[:NAMED]) + rest


def counted(number: int, one: str, more: str = "") -> str:
    """Return how many of something there are, in words.

    >>> counted(1, "label"), counted(2, "label"), counted(2, "path is", "paths are")
    ('1 label', '2 labels', '2 paths are')
    """
    return f"{number} {one if number == 1 else more or f'{one}s'}"


def counts_by_reason(problems: Iterable[Problem], severity: str = "error") -> dict[str, int]:
    """Return how many problems there are of every reason, the most first."""
    counts: dict[str, int] = {}
    for problem in problems:
        if problem.severity == severity:
            reason = problem.reason or "other"
            counts[reason] = counts.get(reason, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: -item[1]))


def in_short(problems: Iterable[Problem]) -> list[tuple[str, str]]:
    """Return (severity, text) of problems as a terminal shows them: by reason, the first few.

    However many there are, there are few lines: rows of one message share one.
    """
    groups: dict[tuple[str, str], dict[str, list[Problem]]] = {}
    for problem in problems:
        group = groups.setdefault((problem.severity, problem.reason), {})
        group.setdefault(problem.message, []).append(problem)
    lines = []
    for (severity, reason), messages in groups.items():
        every = list(messages.values())
        lines += [(severity, _line(same)) for same in every[:_SHOWN]]
        rest = sum(map(len, every[_SHOWN:]))
        if rest:
            of = f" ({reason})" if reason else ""
            lines.append((severity, f"… and {rest} more{of}; {option('json')} lists them all"))
    return lines


def _line(same: list[Problem]) -> str:
    """Return one line for problems of one message."""
    rows = [str(problem.row) for problem in same if problem.row]
    if len(same) == 1 or not rows:
        return str(same[0])
    return f"rows {some(rows)}: {same[0].message}"
