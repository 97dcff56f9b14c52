"""Whose turn it is: places in bounded queues, threads that clients take in turn, shared memory."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import ContextVar, copy_context
from functools import partial
from typing import Any, TypeVar

from ..problems import BusyError, NotReadyError

Result = TypeVar("Result")
Piece = tuple[Future[Any], Callable[[], Any]]

# Whose request this is: a digest of its API key, or else its address; empty on this machine.
CLIENT: ContextVar[str] = ContextVar("client", default="")

_SMALL = 65536  # bytes of a body or an answer that are not counted; connections bound those
_LARGEST = 0.6  # of all memory, as which anything larger counts: one such, and room for others


class Shares:
    """An amount that requests take from and give back.

    A client may take a share of what the others have left, so that something is left for the next.

    Args:
        most: all there is.
        share: what one client may take, in (0, 1].
        sentence: what is said where nothing is left.
    """

    def __init__(self, most: int, share: float, sentence: str) -> None:
        self.largest = int(most * min(share, _LARGEST))
        self._most = most
        self._share = share
        self._sentence = sentence
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    def take(self, amount: int, client: str) -> None:
        """Take an amount.

        Raises:
            BusyError: too little is left.
        """
        with self._lock:
            left = self._most - (self._taken.total() - self._taken[client])
            allowed = max(self._share * left, min(1, left))
            if amount > 0 and self._taken[client] + amount > allowed:
                raise BusyError(self._sentence)
            self._taken[client] += amount

    def give_back(self, amount: int, client: str) -> None:
        """Give back what was taken."""
        with self._lock:
            self._taken[client] -= amount
            if self._taken[client] <= 0:
                del self._taken[client]

    @property
    def taken(self) -> int:
        """How much is taken, by all together."""
        with self._lock:
            return self._taken.total()

    def require_room(self) -> None:
        """Refuse what would find no place.

        Raises:
            BusyError: none is left.
        """
        self.take(1, CLIENT.get())
        self.give_back(1, CLIENT.get())

    @asynccontextmanager
    async def place(self, seconds: float) -> AsyncIterator[None]:
        """Hold one place in a queue, for so many seconds at most.

        Raises:
            BusyError: none is left, or what is done there takes longer.
        """
        client = CLIENT.get()
        self.take(1, client)
        try:
            async with asyncio.timeout(seconds) as limit:
                yield
        except TimeoutError:
            if not limit.expired():
                raise  # the work's own
            raise BusyError(
                f"No answer within {seconds:g} s (HOLOTYPE_ANSWER_SECONDS); ask again later"
            ) from None
        finally:
            self.give_back(1, client)


class Hold:
    """The memory that one request holds of `Shares`, in bytes."""

    def __init__(self, shares: Shares) -> None:
        self._shares = shares
        self._client = CLIENT.get()
        self._bytes = self._counted = 0

    def take(self, amount: int) -> None:
        """Take some more: little is not counted, and very much as `Shares.largest`.

        Raises:
            BusyError: too little is left.
        """
        self._bytes += amount
        counted = 0 if self._bytes < _SMALL else min(self._bytes, self._shares.largest)
        self._shares.take(counted - self._counted, self._client)
        self._counted = counted

    def end(self) -> None:
        """Give everything back."""
        self._shares.give_back(self._counted, self._client)
        self._bytes = self._counted = 0


@contextmanager
def held(shares: Shares) -> Iterator[Hold]:
    """Yield what a request may take with, and give it back in the end."""
    hold = Hold(shares)
    try:
        yield hold
    finally:
        hold.end()


class Turns:
    """Threads that work for one client after the other, on the oldest piece of each.

    A piece whose request is cancelled before its turn comes is dropped. One that runs is finished.
    """

    def __init__(
        self, threads: int, name: str, initializer: Callable[[], None] | None = None
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, name, initializer=initializer)
        self._free = threads
        self._waiting: dict[str, deque[Piece]] = {}  # the client whose turn is next comes first
        self._ended = False
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run a piece of work when its turn comes.

        Raises:
            NotReadyError: the threads have ended.
        """
        # Whose request this is, and which, is known in the thread as well.
        client, piece = CLIENT.get(), (Future[Result](), partial(copy_context().run, work))
        self._add(client, piece)
        try:
            return await asyncio.wrap_future(piece[0])
        finally:
            self._drop(client, piece)

    @property
    def waiting(self) -> int:
        """How many pieces wait for their turn."""
        with self._lock:
            return sum(map(len, self._waiting.values()))

    def shutdown(self, *, wait: bool = True, cancel_futures: bool = False) -> None:
        """End the threads, as an executor does."""
        with self._lock:
            self._ended = True
            left = [piece for pieces in self._waiting.values() for piece in pieces]
            if cancel_futures:
                self._waiting.clear()
        if cancel_futures:
            for future, _ in left:
                future.cancel()
        self._threads.shutdown(wait)

    def _add(self, client: str, piece: Piece) -> None:
        with self._lock:
            if self._ended:
                raise NotReadyError("The collection was replaced meanwhile; ask again")
            self._waiting.setdefault(client, deque()).append(piece)
            if self._free:
                self._free -= 1
                self._threads.submit(self._work)

    def _drop(self, client: str, piece: Piece) -> None:
        """Forget a piece that nobody waits for any more, where its turn has not come."""
        with self._lock:
            pieces = self._waiting.get(client, ())
            if piece in pieces:
                self._waiting[client].remove(piece)
                if len(pieces) == 0:
                    del self._waiting[client]

    def _next(self) -> Piece | None:
        """Return the piece whose turn it is; its client's next one comes after all others'."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return None
            client = next(iter(self._waiting))
            pieces = self._waiting.pop(client)
            piece = pieces.popleft()
            if pieces:
                self._waiting[client] = pieces
            return piece

    def _work(self) -> None:
        while (piece := self._next()) is not None:
            _finish(*piece)


def _finish(future: Future[Any], work: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
        del future  # which would keep itself alive by the error's traceback
