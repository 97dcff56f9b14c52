"""A real service in a process of its own, watched from outside."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2

from tests.conftest import pace

_SECONDS = 60
_RUN = "from holotype.scripts.main import main; main()"


@dataclass(frozen=True)
class Service:
    """A running service: its process and its address."""

    process: subprocess.Popen[str]
    address: str
    log: Path

    def megabytes(self, what: str = "VmHWM") -> float:
        """Memory in MB: at most so far, or `VmRSS` now."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(rf"{what}:\s+(\d+)", status)
        assert found
        return int(found[1]) / 1024

    def stopped(self) -> float:
        """Send SIGTERM, and return after how many seconds it ended."""
        begin = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(_SECONDS)
        return time.monotonic() - begin


@contextmanager
def service(
    folder: Path, log: Path, code: str = _RUN, command: Sequence[str] = (), **environment: str
) -> Iterator[Service]:
    """Yields a service of a collection; `code` runs the command line, `command` starts it."""
    start = [*command, sys.executable, "-c", code, "serve", str(folder), "--port", "0"]
    with log.open("w") as said:
        process = subprocess.Popen(
            start, stdout=subprocess.PIPE, stderr=said, text=True, env={**os.environ, **environment}
        )
    try:
        assert process.stdout is not None
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found, log.read_text()
        while "still being loaded" in httpx2.get(f"{found[0]}/readyz", timeout=_SECONDS).text:
            time.sleep(0.05)
        yield Service(process, found[0], log)
    finally:
        process.kill()
        process.communicate()


class Waits:
    """How long another client waits for `healthz`, all the while."""

    def __init__(self, address: str) -> None:
        self.seconds: list[float] = []
        self._address = address
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._ask)

    def _ask(self) -> None:
        with httpx2.Client(timeout=_SECONDS) as client:
            while not self._stop.wait(0.01):
                begin = time.monotonic()
                assert client.get(f"{self._address}/healthz").status_code == 200
                self.seconds.append(time.monotonic() - begin)

    def __enter__(self) -> Waits:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def assert_short(self) -> None:
        """At most 100 ms, but for a few on a busy machine; never a second."""
        assert self.seconds
        slower = pace()
        late = [one for one in self.seconds if one > 0.1 * slower]
        assert len(late) <= max(2, len(self.seconds) // 20), late
        assert max(self.seconds) < slower
