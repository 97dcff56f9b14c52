"""Clients take turns, leave room for each other, and what they leave behind is dropped."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import threading
import time
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from functools import partial
from operator import truediv
from pathlib import Path
from typing import Any

import httpx2
import pytest
from PIL import Image

from holotype.index.runtime import worker_count
from holotype.service.app import create_app
from holotype.service.decoding.decoders import Decoders
from holotype.service.engine import Engine
from holotype.service.guards.keys import Keys
from holotype.service.guards.turns import CLIENT, Alike, Hold, Shares, Turns
from holotype.service.problems import BusyError, NotReadyError
from tests.conftest import NoThreads
from tests.hostile import drawing

from .running import running
from .wire import END, FORM, answer, connected, picture, read_answer, request

MB = 1_000_000


def run(work: Coroutine[Any, Any, None]) -> None:
    """Run in a loop of its own, in a thread: that of the browser tests may have one already."""
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, work).result()


async def asked(turns: Turns, client: str, work: Any) -> None:
    CLIENT.set(client)
    await turns.run(work)


def test_clients_take_turns() -> None:
    turns, go_on, done = Turns(1, "test"), threading.Event(), []

    async def main() -> None:
        tasks = [asyncio.create_task(asked(turns, "first", lambda: go_on.wait(30)))]
        for client in ("flood", "flood", "flood", "two", "flood", "three", "two"):
            work = lambda client=client: done.append(client)  # noqa: E731
            tasks.append(asyncio.create_task(asked(turns, client, work)))
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.gather(*tasks)

    run(main())
    turns.shutdown()
    assert done == ["flood", "two", "three", "flood", "two", "flood", "flood"]


class Work:
    """Work that would be seen if it were done, or kept."""

    def __init__(self, done: list[str]) -> None:
        self.done = done

    def __call__(self) -> None:
        self.done.append("left")


def test_what_waits_for_nobody_is_neither_done_nor_kept() -> None:
    turns, go_on = Turns(1, "test"), threading.Event()
    done: list[str] = []

    async def main() -> None:
        first = asyncio.create_task(asked(turns, "", lambda: go_on.wait(30)))
        await asyncio.sleep(0.05)
        work = Work(done)
        kept = weakref.ref(work)
        left = asyncio.create_task(asked(turns, "", work))
        await asyncio.sleep(0)
        left.cancel()
        del work
        await asyncio.gather(left, return_exceptions=True)
        del left
        await asyncio.sleep(0)
        gc.collect()
        assert kept() is None  # while the only thread is still at work
        go_on.set()
        await first
        await turns.run(lambda: done.append("next"))

    run(main())
    turns.shutdown()
    assert done == ["next"]


def test_errors_come_through_and_an_end_is_said() -> None:
    turns = Turns(1, "test")

    async def main() -> None:
        with pytest.raises(ZeroDivisionError):
            await turns.run(lambda: 1 // 0)
        turns.shutdown()
        with pytest.raises(NotReadyError):
            await turns.run(lambda: None)

    run(main())


def test_a_thread_that_cannot_start_leaves_its_place_free(no_threads: NoThreads) -> None:
    turns, go_on = Turns(2, "test"), threading.Event()

    async def main() -> None:
        with no_threads("test"):
            for _ in range(5):
                with pytest.raises(BusyError, match="No thread can be started"):
                    await turns.run(lambda: None)
        assert turns.waiting == 0
        both = threading.Barrier(2)
        await asyncio.gather(*(turns.run(lambda: both.wait(30)) for _ in range(2)))
        turns.shutdown()

    async def with_one() -> None:
        first = asyncio.create_task(few.run(lambda: go_on.wait(30)))
        await asyncio.sleep(0.05)
        with no_threads("few"):
            second = asyncio.create_task(few.run(lambda: "by the thread that is there"))
            await asyncio.sleep(0.05)
        go_on.set()
        assert await asyncio.wait_for(second, 20) == "by the thread that is there"
        await first
        few.shutdown()

    run(main())
    few = Turns(2, "few")
    run(with_one())


def test_what_is_alike_is_done_together_and_its_errors_stay_apart() -> None:
    turns, go_on, passes = Turns(1, "test"), threading.Event(), list[list[int]]()

    def inverse(numbers: list[int]) -> list[float]:
        passes.append(numbers)
        return [1 / number for number in numbers]

    async def one(client: str, alike: str, number: int) -> float:
        CLIENT.set(client)
        return await turns.run_together(Alike(alike), lambda: number, inverse)

    async def main() -> None:
        first = asyncio.create_task(asked(turns, "", lambda: go_on.wait(30)))
        asking = [("a", "x", 1), ("a", "x", 2), ("b", "y", 4), ("b", "x", 0), ("c", "x", 8)]
        tasks = [asyncio.create_task(one(*each)) for each in asking]
        left = asyncio.create_task(one("c", "x", 16))
        await asyncio.sleep(0.05)
        left.cancel()
        await asyncio.sleep(0)
        go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [repr(value) for value in found[:3]] == ["1.0", "0.5", "0.25"]
        assert isinstance(found[3], ZeroDivisionError)
        assert found[4] == 0.125
        await first

    run(main())
    turns.shutdown()
    assert passes == [[1, 0, 8, 2], [1], [0], [8], [2], [4]]


def test_an_error_tells_nothing_of_what_failed_together() -> None:
    turns, go_on = Turns(1, "test"), threading.Event()

    def refuse(numbers: list[int]) -> list[None]:
        raise ValueError(str(numbers))

    async def main() -> None:
        first = asyncio.create_task(asked(turns, "", lambda: go_on.wait(30)))
        asking = [
            turns.run_together(Alike("x"), partial(int, number), refuse) for number in range(2)
        ]
        tasks = [asyncio.create_task(one) for one in asking]
        await asyncio.sleep(0.05)
        go_on.set()
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [str(error) for error in errors] == ["[0]", "[1]"]
        assert [error.__context__ for error in errors if isinstance(error, ValueError)] == [
            None
        ] * 2
        await first

    run(main())
    turns.shutdown()


def test_what_fails_by_itself_leaves_the_others_together() -> None:
    turns, go_on, passes = Turns(1, "test"), threading.Event(), list[list[float]]()

    def count(numbers: list[float]) -> list[float]:
        passes.append(numbers)
        return numbers

    async def main() -> None:
        first = asyncio.create_task(asked(turns, "", lambda: go_on.wait(30)))
        tasks = [
            asyncio.create_task(turns.run_together(Alike("x"), partial(truediv, 1, number), count))
            for number in (1, 0, 2, 0, 4)
        ]
        await asyncio.sleep(0.05)
        go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        assert [found[0], found[2], found[4]] == [1, 0.5, 0.25]
        errors = [error for error in found if isinstance(error, ZeroDivisionError)]
        assert (len(errors), errors[0] is errors[1]) == (2, False)
        await first

    run(main())
    turns.shutdown()
    assert passes == [[1, 0.5, 0.25]]


def test_an_error_keeps_nothing_of_what_was_asked_beside_it() -> None:
    turns, go_on = Turns(1, "test"), threading.Event()

    async def main() -> None:
        first = asyncio.create_task(asked(turns, "", lambda: go_on.wait(30)))
        item = Work([])
        kept = weakref.ref(item)
        own: list[Callable[[], object]] = [partial(int, "none"), partial(list, [item])]
        asking = [turns.run_together(Alike("x"), one, lambda each: each) for one in own]
        tasks = [asyncio.create_task(one) for one in asking]
        del item, own, asking
        await asyncio.sleep(0.05)
        go_on.set()
        found = await asyncio.gather(*tasks, return_exceptions=True)
        tasks.clear()
        del found[1]
        await first
        assert isinstance(found[0], ValueError)
        await turns.run(lambda: None)  # the thread has let go of them
        gc.collect()
        assert kept() is None  # while the other's error is at hand

    run(main())
    turns.shutdown()


def test_few_are_done_together() -> None:
    turns, go_on, sizes = Turns(1, "test"), threading.Event(), list[int]()

    def count(numbers: list[int]) -> list[int]:
        sizes.append(len(numbers))
        return numbers

    async def main() -> None:
        first = asyncio.create_task(asked(turns, "", lambda: go_on.wait(30)))
        alike = Alike("x", most=16)
        tasks = [
            asyncio.create_task(turns.run_together(alike, partial(int, number), count))
            for number in range(40)
        ]
        await asyncio.sleep(0.05)
        go_on.set()
        assert await asyncio.gather(*tasks) == list(range(40))
        await first

    run(main())
    turns.shutdown()
    assert sizes == [16, 16, 8]


@pytest.mark.parametrize(("at_once", "largest"), [(1, 10), (2, 5)])
def test_threads_share_what_is_alike_and_others_do_not_wait_for_it(
    at_once: int, largest: int
) -> None:
    turns, sizes = Turns(3, "test"), list[int]()
    go_on, go_further = threading.Event(), threading.Event()

    def count(numbers: list[int]) -> list[int]:
        sizes.append(len(numbers))
        go_further.wait(30)
        return numbers

    async def main() -> None:
        first = [asyncio.create_task(turns.run(lambda: go_on.wait(30))) for _ in range(3)]
        alike = Alike("x", threads=at_once)
        tasks = [
            asyncio.create_task(turns.run_together(alike, partial(int, number), count))
            for number in range(10)
        ]
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.gather(*first)
        assert await turns.run(lambda: "other") == "other"
        assert len(sizes) <= at_once
        go_further.set()
        assert await asyncio.gather(*tasks) == list(range(10))

    run(main())
    turns.shutdown()
    assert (sum(sizes), max(sizes)) == (10, largest)


def test_an_end_finishes_what_is_alike_too() -> None:
    turns, begun, go_on = Turns(2, "test"), threading.Event(), threading.Event()

    def slow(numbers: list[int]) -> list[int]:
        begun.set()
        go_on.wait(30)
        return numbers

    async def main() -> None:
        alike = Alike("x", most=3)
        tasks = [
            asyncio.create_task(turns.run_together(alike, partial(int, one), slow))
            for one in range(8)
        ]
        tasks.append(asyncio.create_task(turns.run_together(Alike("y"), lambda: 8, slow)))
        await asyncio.to_thread(begun.wait, 30)
        ending = asyncio.create_task(asyncio.to_thread(turns.shutdown))
        await asyncio.sleep(0.05)
        go_on.set()
        assert await asyncio.wait_for(asyncio.gather(*tasks), 20) == list(range(9))
        await ending

    run(main())


@pytest.mark.parametrize("most", [1, 2, 64])
def test_something_is_left_for_the_next(most: int) -> None:
    shares = Shares(most, 0.5, "full")
    taken = dict.fromkeys("abc", 0)
    for client in taken:
        with suppress(BusyError):
            while True:
                shares.take(1, client)
                taken[client] += 1
    assert taken["a"] == max(1, most // 2)
    assert sum(taken.values()) <= most
    if most == 64:
        shares.take(1, "d")


def test_what_is_larger_than_all_leaves_room() -> None:
    shares = Shares(100 * MB, 1, "full")
    giant, other, small = Hold(shares), Hold(shares), Hold(shares)
    giant.take(400 * MB)
    small.take(60_000)
    other.take(20 * MB)
    with pytest.raises(BusyError):
        Hold(shares).take(400 * MB)
    Hold(shares).take(60_000)
    for hold in (giant, other, small):
        hold.end()
    Hold(shares).take(100 * MB)


# Over HTTP ------------------------------------------------------------------------------------


def test_questions_that_need_no_decoder_do_not_wait_for_one(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    go_on, read = threading.Event(), Decoders.read_picture

    def waits(*args: Any, **options: Any) -> Image.Image:
        go_on.wait(30)
        return read(*args, **options)

    monkeypatch.setattr(Decoders, "read_picture", waits)
    content = picture(drawing.png(9, 7)) * 3 + END
    with running(create_app(folder)) as address, ExitStack() as stack:
        kept = [stack.enter_context(connected(address)) for _ in range(20)]
        for one in kept:
            one.sendall(request("/v1/identify", content, kind=FORM))
        for _ in range(3):
            found = httpx2.post(f"{address}/v1/search", json={"image_id": "0-0.png"})
            assert found.status_code == 200
        go_on.set()
        assert [read_answer(one)[0] for one in kept] == [200] * len(kept)


def test_one_key_does_not_starve_another(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOLOTYPE_DECODERS", "1")
    order: list[int] = []
    go_on, read = threading.Event(), Decoders.read_picture

    def noted(self: Decoders, data: bytes, **options: Any) -> Image.Image:
        found = read(self, data, **options)
        order.append(found.size[0])
        go_on.wait(30)
        return found

    monkeypatch.setattr(Decoders, "read_picture", noted)
    names = ("one", "two", "three")
    keys = Keys.parse(",".join(f"read:{hashlib.sha256(n.encode()).hexdigest()}" for n in names))
    with running(create_app(folder, keys=keys)) as address, ExitStack() as stack:
        kept = []
        for name, width, count in (("one", 9, 8), ("two", 10, 8), ("three", 11, 1)):
            sent = request(
                "/v1/identify",
                picture(drawing.png(width, 7)) * 5 + END,
                kind=FORM,
                headers=f"Authorization: Bearer {name}\r\n",
            )
            for _ in range(count):
                kept.append(stack.enter_context(connected(address)))
                kept[-1].sendall(sent)
                assert httpx2.get(f"{address}/healthz").status_code == 200
        go_on.set()
        assert [read_answer(one)[0] for one in kept] == [200] * len(kept)
    last = len(order) - order[::-1].index(11)
    assert last <= 3 * 5 + 6  # of 85: five turns among three clients, and what came before


def test_probes_and_small_questions_pass_where_memory_is_full(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOLOTYPE_MAX_HELD_BYTES", "1000000")
    with running(create_app(folder)) as address, ExitStack() as stack:
        for count in (590_000, 390_000):
            one = stack.enter_context(connected(address))
            one.sendall(request("/v1/identify", bytes(count), kind=FORM, length=2 * MB))
        time.sleep(0.5)
        status, body = answer(address, request("/v1/identify", bytes(200_000), kind=FORM))
        assert (status, b"HOLOTYPE_MAX_HELD_BYTES" in body) == (429, True)
        for path in ("/healthz", "/readyz", "/v1/taxa"):
            assert httpx2.get(address + path).status_code == 200
        found = httpx2.post(f"{address}/v1/search", json={"image_id": "0-0.png"})
        assert found.status_code == 200


def test_who_comes_meanwhile_waits_for_few_pictures(
    served_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine, go_on = Engine(served_folder), threading.Event()
    passes: list[list[int]] = []

    def encode(_: str | None, each: list[int]) -> list[int]:
        passes.append(each)
        return each

    async def one(client: str, number: int) -> None:
        CLIENT.set(client)
        await engine.encoded(number, None)  # type: ignore[arg-type]

    async def main() -> None:
        busy = [asyncio.create_task(engine.query(go_on.wait, 30)) for _ in range(worker_count())]
        flood = [asyncio.create_task(one("flood", number)) for number in range(40)]
        await asyncio.sleep(0.05)
        late = asyncio.create_task(one("late", 40))
        await asyncio.sleep(0.05)
        go_on.set()
        await asyncio.gather(*busy, *flood, late)

    monkeypatch.setattr(engine, "_encode", encode)
    run(main())
    engine.close()
    assert max(map(len, passes)) <= 4
    assert any(40 in together for together in passes[: worker_count()])
