"""How far a long fit has come, told step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable

Progress = Callable[[int, int], None]  # how many steps are done, of how many


def unwatched(done: int, total: int) -> None:
    """Tell nobody."""


class Steps:
    """Counts steps that several threads take, and tells of each, one at a time.

    Args:
        progress: is told at once that none is done. What it raises ends the work.
        total: how many there are.
    """

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = 0
        self._telling = threading.Lock()
        progress(0, total)

    def take(self) -> None:
        """Note that one more is done."""
        with self._telling:
            self._done += 1
            self._progress(self._done, self._total)
