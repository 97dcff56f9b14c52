"""How far a long fit has come, told step by step."""

from __future__ import annotations

import threading
from collections.abc import Callable

Progress = Callable[[int, int], None]  # how many steps are done, of how many

_CLOSING = 1  # the step after the folds: the models


def unwatched(done: int, total: int) -> None:
    """Tell nobody."""


class Steps:
    """Counts the steps of a fit, which several threads take, and tells of each, one at a time.

    Args:
        progress: what is told. What it raises ends the work.
        threads: how many folds are worked on at once; by default one a core.
    """

    def __init__(self, progress: Progress = unwatched, threads: int | None = None) -> None:
        self.threads = threads
        self._progress = progress
        self._total = self._done = 0
        self._telling = threading.Lock()

    def begin(self, folds: int) -> None:
        """Tell that nothing is done of so many folds and the models."""
        self._total = folds + _CLOSING
        self._progress(0, self._total)

    def take(self) -> None:
        """Tell that one more is done."""
        with self._telling:
            self._done += 1
            self._progress(self._done, self._total)
