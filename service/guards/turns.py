"""Whose turn it is: places in bounded queues, threads that clients take in turn, shared memory."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Hashable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from contextvars import Context, ContextVar, copy_context
from dataclasses import dataclass
from typing import Any, TypeVar

from ..problems import BusyError, NotReadyError

Item = TypeVar("Item")
Result = TypeVar("Result")

# Whose request this is: a digest of its API key, or else its address; empty on this machine.
CLIENT: ContextVar[str] = ContextVar("client", default="")

NO_THREAD = "No thread can be started now (the system allows no more); ask again later"

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


@dataclass(frozen=True)
class Alike:
    """Which pieces of work may be done together: those that have an equal one.

    Nothing waits for more to come: pieces gather while the threads that may do them are busy.

    Attributes:
        key: what they are and how.
        threads: how many may be at them at once. Each takes its share of those that wait.
        most: how many are done together at most.
    """

    key: Hashable
    threads: int = 1
    most: int = 16


@dataclass(frozen=True, eq=False)
class _Piece:
    """A piece of work, and where it may be done together with others, what it is done with.

    Attributes:
        own: what is done for this piece alone, and gives its item.
        work: takes the items of all that are done together, and gives the result of each.
        context: of the request, so that the thread knows whose it is, and which.
        alike: with what it may be done together; None for nothing.
    """

    future: Future[Any]
    own: Callable[[], Any]
    work: Callable[[list[Any]], Sequence[Any]]
    context: Context
    alike: Alike | None = None


class Turns:
    """Threads that work for one client after the other, on the oldest piece of each.

    A piece whose request is cancelled before its turn comes is dropped. One that runs is finished.
    """

    def __init__(
        self, threads: int, name: str, initializer: Callable[[], None] | None = None
    ) -> None:
        self._threads = ThreadPoolExecutor(threads, name, initializer=initializer)
        self._free = self._most = threads
        self._waiting: dict[str, deque[_Piece]] = {}  # the client whose turn is next comes first
        self._under_way: Counter[Alike] = Counter()  # threads that are at it
        self._ended = False
        self._lock = threading.Lock()

    async def run(self, work: Callable[[], Result]) -> Result:
        """Run a piece of work when its turn comes.

        Raises:
            BusyError: no thread can be started.
            NotReadyError: the threads have ended.
        """
        piece = _Piece(Future[Any](), work, list, copy_context())
        result: Result = await self._run(piece)
        return result

    async def run_together(
        self,
        alike: Alike,
        own: Callable[[], Item],
        work: Callable[[list[Item]], Sequence[Result]],
    ) -> Result:
        """Run a piece of work together with those like it that wait when its turn comes.

        Nobody gets the error of another: a piece whose own part fails is left out of what is done
        together, and where that fails, it is done again one by one.

        Args:
            own: is done for this piece alone and gives its item. What a question may get wrong
                belongs there, so that the others are still answered together.
            work: gives the result of each item.

        Raises:
            BusyError: no thread can be started.
            NotReadyError: the threads have ended.
        """
        piece = _Piece(Future[Any](), own, work, copy_context(), alike)
        result: Result = await self._run(piece)
        return result

    async def _run(self, piece: _Piece) -> Any:
        client = CLIENT.get()
        try:
            self._add(client, piece)
            return await asyncio.wrap_future(piece.future)
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
            for piece in left:
                piece.future.cancel()
        self._threads.shutdown(wait)

    def _add(self, client: str, piece: _Piece) -> None:
        with self._lock:
            if self._ended:
                raise NotReadyError("The collection was replaced meanwhile; ask again")
            self._waiting.setdefault(client, deque()).append(piece)
            if self._may_begin(piece) and not self._begin():
                raise BusyError(NO_THREAD)

    def _begin(self) -> bool:
        """Let a free thread work, where there is one; return whether any is at work."""
        if self._free:
            self._free -= 1
            try:
                self._threads.submit(self._work)
            except RuntimeError:  # no further thread; those there are do it in their turn
                self._ended_work()
        return self._free < self._most

    def _ended_work(self) -> None:
        # What could not be submitted may yet be done by a thread that starts later, and end twice.
        self._free = min(self._free + 1, self._most)

    def _may_begin(self, piece: _Piece) -> bool:
        return piece.alike is None or self._under_way[piece.alike] < piece.alike.threads

    def _drop(self, client: str, piece: _Piece) -> None:
        """Forget a piece that nobody waits for any more, where its turn has not come."""
        with self._lock:
            pieces = self._waiting.get(client, ())
            if piece in pieces:
                self._waiting[client].remove(piece)
                if len(pieces) == 0:
                    del self._waiting[client]

    def _next(self) -> list[_Piece]:
        """Return the piece whose turn it is, with those like it; empty where none may begin.

        A client's next one comes after all others'.
        """
        with self._lock:
            for client, waiting in self._waiting.items():
                for place, piece in enumerate(waiting):
                    if self._may_begin(piece):
                        return self._with_its_like(self._taken(client, place))
            self._ended_work()
            return []

    def _taken(self, client: str, place: int) -> _Piece:
        """Take a piece of a client, and let the others go before its next one."""
        pieces = self._waiting.pop(client)
        piece = pieces[place]
        del pieces[place]
        if pieces:
            self._waiting[client] = pieces
        return piece

    def _with_its_like(self, piece: _Piece) -> list[_Piece]:
        """Take what is done together with a piece, one of each client after the other."""
        alike, found = piece.alike, [piece]
        if alike is None:
            return found
        self._under_way[alike] += 1
        every = sum(one.alike == alike for pieces in self._waiting.values() for one in pieces)
        share, clients = -(-(1 + every) // alike.threads), deque(self._waiting)
        while clients and len(found) < min(share, alike.most):
            client = clients.popleft()
            pieces = self._waiting.get(client, ())
            place = next((at for at, one in enumerate(pieces) if one.alike == alike), None)
            if place is not None:
                found.append(self._taken(client, place))
                clients.append(client)
        return found

    def _work(self) -> None:
        while pieces := self._next():
            alike = pieces[0].alike
            _finish([one for one in pieces if one.future.set_running_or_notify_cancel()])
            del pieces  # which hold what was asked and answered
            if alike is not None:
                self._ended_one(alike)

    def _ended_one(self, alike: Alike) -> None:
        """Note that a thread is no longer at it; what has waited for that may begin."""
        with self._lock:
            self._under_way[alike] -= 1
            if not self._under_way[alike]:
                del self._under_way[alike]
            if self._waiting and not self._ended:  # in the end, who is at work does the rest
                self._begin()


def _finish(pieces: list[_Piece]) -> None:
    """Do what is each piece's own, and then together what those need where that went well."""
    if not pieces:
        return
    items: dict[_Piece, Any] = {}
    for piece in pieces:
        try:
            items[piece] = piece.context.run(piece.own)
        except BaseException as error:
            piece.future.set_exception(error)
    _answer(items)
    del pieces, piece, items  # to which the traceback of an error leads


def _answer(items: dict[_Piece, Any]) -> None:
    if not items:
        return
    first = next(iter(items))
    try:
        results = first.context.run(first.work, list(items.values()))
        done = list(zip(items, results, strict=True))
    except BaseException as error:
        if len(items) == 1:
            first.future.set_exception(error)
            del first, items  # which would keep themselves alive by the error's traceback
            return
        done = []
    for piece, result in done:
        piece.future.set_result(result)
    if not done:  # here, where no error leads to what was done together
        for piece, item in items.items():
            _answer({piece: item})
