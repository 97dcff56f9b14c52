"""Whose turn it is: threads with a bounded queue before them, and memory that is shared."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from .problems import BusyError, NotReadyError

Result = TypeVar("Result")

# Whose request this is: a digest of its API key, empty where none is asked for.
CLIENT: ContextVar[str] = ContextVar("client", default="")


class Shares:
    """An amount that requests take from and give back; a client with a key has a share of it.

    Args:
        most: all there is.
        share: what one client may take of it, in (0, 1].
        sentence: what is said where nothing is left.
    """

    def __init__(self, most: int, share: float, sentence: str) -> None:
        self._most = most
        self._each = max(1, int(most * share))
        self._sentence = sentence
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, amount: int, client: str) -> None:
        """Take an amount; one that is larger than all there is goes alone.

        Raises:
            BusyError: too little is left.
        """
        with self._lock:
            if self._over(self._taken.total(), amount, self._most) or (
                client and self._over(self._taken[client], amount, self._each)
            ):
                raise BusyError(self._sentence)
            self._taken[client] += amount

    def give_back(self, amount: int, client: str) -> None:
        """Give back what was taken."""
        with self._lock:
            self._taken[client] -= amount
            if self._taken[client] <= 0:
                del self._taken[client]

    @staticmethod
    def _over(taken: int, amount: int, most: int) -> bool:
        return taken > 0 and taken + amount > most


class Hold:
    """What one request holds of `Shares`."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._client = CLIENT.get()
        self._amount = 0

    def take(self, amount: int) -> None:
        """Take some more.

        Raises:
            BusyError: too little is left.
        """
        self._shares.take(amount, self._client)
        self._amount += amount

    def end(self) -> None:
        """Give everything back."""
        self._shares.give_back(self._amount, self._client)
        self._amount = 0


@contextmanager
def held(shares: Shares) -> Iterator[Hold]:
    """Yield what a request may take with, and give it back in the end."""
    hold = Hold(shares)
    try:
        yield hold
    finally:
        hold.end()


class Turns:
    """Threads that work, one piece after the other, while a bounded number of pieces waits.

    A piece whose request is cancelled before its turn comes is dropped. One that runs is finished:
    its turn and its place in the queue are taken until then.
    """

    def __init__(
        self,
        threads: int,
        name: str,
        shares: Shares,
        initializer: Callable[[], None] | None = None,
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, name, initializer=initializer)
        self._shares = shares

    def require_room(self) -> None:
        """Refuse what would be refused by `run`.

        Raises:
            BusyError: too many pieces wait.
        """
        with held(self._shares) as hold:
            hold.take(1)

    async def run(self, work: Callable[[], Result], seconds: float | None = None) -> Result:
        """Run a piece of work when its turn comes.

        Args:
            seconds: how long to wait for its end.

        Raises:
            BusyError: too many pieces wait, or this one is not done in time.
            NotReadyError: the threads have ended.
        """
        client = CLIENT.get()
        self._shares.take(1, client)
        try:
            future = self._threads.submit(work)
        except RuntimeError as error:  # the threads have ended since the question came
            self._shares.give_back(1, client)
            raise NotReadyError("The collection was replaced meanwhile; ask again") from error

        def ended(_: Future[Result]) -> None:
            self._shares.give_back(1, client)

        future.add_done_callback(ended)
        try:
            async with asyncio.timeout(seconds):
                return await asyncio.wrap_future(future)
        except TimeoutError:
            if future.done() and not future.cancelled():
                raise  # the work's own
            raise BusyError(
                f"No answer within {seconds:g} s (HOLOTYPE_ANSWER_SECONDS); ask again later"
            ) from None

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """End the threads, as an executor does."""
        self._threads.shutdown(wait, cancel_futures=cancel_futures)
