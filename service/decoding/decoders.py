"""Pictures from strangers are decoded by other processes, within a time and a memory."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import LifoQueue
from typing import IO

from PIL import Image

from holotype.index.errors import HolotypeError, PictureError
from holotype.index.files.regular import Limit
from holotype.index.pictures.reading import Named, named

from ..settings import ServiceSettings
from .decoder import READY

_START_SECONDS = 60
_END_SECONDS = 1
_LONGEST_LINE = 1 << 16
_PIPE = 1 << 20  # bytes on their way, so that the two processes wake each other less often
_CLOCK = 2  # times the seconds of a processor, by the clock: others want the processor, too
_TOGETHER = 2  # times the seconds of one picture, for all of a request


class DecoderError(HolotypeError):
    """No process decodes pictures."""

    http_status = 503
    title = "Decoder not available"


class NoProcessError(DecoderError):
    """None can be started now."""

    retry_after = 2


class Budget:
    """What the pictures of one request may take together, in seconds of a processor."""

    def __init__(self, seconds: float) -> None:
        self._most = self._left = _TOGETHER * seconds

    def require(self) -> None:
        """Refuse a further picture where nothing is left.

        Raises:
            PictureError: nothing is.
        """
        if self._left <= 0:
            raise PictureError(
                f"The pictures take longer than {self._most:g} s to decode together ({_TOGETHER} x "
                "HOLOTYPE_DECODER_SECONDS); send fewer, or plain JPEGs, or raise the limit"
            )

    def spend(self, seconds: float) -> None:
        """Take what one picture took."""
        self._left -= seconds


class Decoders:
    """A few processes that decode pictures, kept warm; one that fails is replaced.

    Safe to call from several threads at once; where all are busy, a caller waits.
    """

    def __init__(self, settings: ServiceSettings | None = None) -> None:
        self._settings = settings or ServiceSettings()
        self._idle: LifoQueue[_Decoder | None] = LifoQueue()  # the last used is the warmest
        for _ in range(self._settings.decoders):
            self._idle.put(None)

    def start(self) -> None:
        """Start one of the processes before it is needed, and do not wait for it."""
        decoder = self._idle.get()
        try:
            decoder = decoder or _Decoder(self._settings)
        finally:
            self._idle.put(decoder)

    def read_stored(self, data: bytes, *, target: int = 0, name: Named = None) -> Image.Image:
        """Do what `read_picture` does, of a picture of the collection: any of `FORMATS`."""
        return self.read_picture(data, target=target, name=name, stored=True)

    def read_picture(
        self,
        data: bytes,
        *,
        target: int = 0,
        name: Named = None,
        budget: Budget | None = None,
        stored: bool = False,
    ) -> Image.Image:
        """Do what `index.pictures.read_picture` does, within the limits.

        Args:
            budget: what it is one of several pictures of.
            stored: it is of the collection and not uploaded, so any of `FORMATS` may be its own.

        Raises:
            DecoderError: no process can be started, or none lives.
            PictureError: as `read_picture` does; the picture takes more than
                `HOLOTYPE_DECODER_SECONDS` or `HOLOTYPE_DECODER_BYTES`, or crashes its decoder.
        """
        return self.read_with_size(data, target=target, name=name, budget=budget, stored=stored)[0]

    def read_with_size(
        self,
        data: bytes,
        *,
        target: int = 0,
        name: Named = None,
        budget: Budget | None = None,
        stored: bool = False,
    ) -> tuple[Image.Image, tuple[int, int]]:
        """Return what `read_picture` does, and the width and height in pixels that the file has."""
        if budget is not None:
            budget.require()
        decoder = self._idle.get()
        try:
            decoder = self._running(decoder)
            picture, size, seconds = decoder.read_picture(data, target, name, stored=stored)
            if budget is not None:
                budget.spend(seconds)
            return picture, size
        finally:
            self._idle.put(decoder)

    def _running(self, decoder: _Decoder | None) -> _Decoder:
        """Return a decoder, another one where it has ended."""
        if decoder is not None and not decoder.runs():
            decoder.close()
            decoder = None
        return decoder or _Decoder(self._settings)

    @property
    def most(self) -> Limit:
        """How large a file a process may be given."""
        return Limit(self._settings.decoder_bytes // 3, "a third of HOLOTYPE_DECODER_BYTES")

    def close(self) -> None:
        """End the processes; none may be at work."""
        for _ in range(self._settings.decoders):
            decoder = self._idle.get()
            if decoder is not None:
                decoder.close()
            self._idle.put(None)


class _Decoder:
    """One process; see `decoder`."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._seconds = settings.decoder_seconds
        self._most = settings.decoder_bytes // 3
        self._ready = False
        self._spoilt = self._timed_out = False
        limits = (str(settings.decoder_bytes), str(settings.decoder_seconds))
        try:
            self._process = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-m", "holotype.service.decoding.decoder", *limits],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env=_environment(),
            )
        except OSError as error:
            raise NoProcessError(
                f"No process can be started to decode the picture ({error.strerror}); try later"
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._to, self._from = self._process.stdin, self._process.stdout
        _widen(self._to, self._from)

    def runs(self) -> bool:
        """Return whether it can be asked."""
        return not self._spoilt and self._process.poll() is None

    def read_picture(
        self, data: bytes, target: int, name: Named, *, stored: bool
    ) -> tuple[Image.Image, tuple[int, int], float]:
        """Send a picture; return it, its file's size in pixels, and seconds of a processor."""
        if len(data) > self._most:
            raise PictureError(
                f"{named(name)} is a file of {len(data) / 1e6:.0f} MB; the limit is "
                f"{self._most / 1e6:.0f} MB (a third of HOLOTYPE_DECODER_BYTES). Resize it, or "
                "raise the limit."
            )
        self._wait_until_ready()
        called = None if name is None or isinstance(name, bytes) else str(name)
        asked = {"length": len(data), "target": target, "name": called, "stored": stored}
        try:
            with self._killed_after(_CLOCK * self._seconds):
                self._to.write(json.dumps(asked).encode() + b"\n")
                self._to.write(data)
                self._to.flush()
                said = json.loads(self._line())
                if "refused" not in said:
                    width, height = said["file"]
                    return self._picture(*said["size"]), (width, height), said["seconds"]
        except (OSError, EOFError):  # it has ended
            raise PictureError(self._why(named(name))) from None
        raise PictureError(said["refused"])

    def close(self) -> None:
        """End the process."""
        with suppress(OSError):
            self._to.close()
        try:
            self._process.wait(0 if self._spoilt else _END_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._from.close()

    def _wait_until_ready(self) -> None:
        if self._ready:
            return
        try:
            with self._killed_after(_START_SECONDS):
                self._ready = self._line() == READY
        except (OSError, EOFError):
            raise DecoderError(
                "The process that decodes pictures ends at once; see the log"
            ) from None

    @contextmanager
    def _killed_after(self, seconds: float) -> Iterator[None]:
        """End the process where a block of code takes too long, or is left by an error."""

        def expire() -> None:
            self._timed_out = self._spoilt = True
            self._process.kill()

        timer = threading.Timer(seconds, expire)
        try:
            timer.start()
        except RuntimeError as error:
            raise NoProcessError(
                "No thread can be started to watch over the picture's decoding; try later"
            ) from error
        try:
            yield
        except BaseException:
            self._spoilt = True  # an answer may be left that nobody waits for
            raise
        finally:
            timer.cancel()
            timer.join()

    def _line(self) -> bytes:
        line = self._from.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise EOFError
        return line

    def _picture(self, width: int, height: int) -> Image.Image:
        pixels = self._from.read(3 * width * height)
        if len(pixels) < 3 * width * height:
            raise EOFError
        return Image.frombytes("RGB", (width, height), pixels)

    def _why(self, name: str) -> str:
        """Return why the process has ended over a picture."""
        self.close()
        code = self._process.returncode
        if self._timed_out or code == -getattr(signal, "SIGPROF", 0):
            return (
                f"{name} takes longer than {self._seconds:g} s to decode "
                "(HOLOTYPE_DECODER_SECONDS); save it as a plain JPEG, or raise the limit"
            )
        return f"{name} crashes what decodes it (exit code {code}); save it anew"


def _widen(*pipes: IO[bytes]) -> None:
    """Let more be on its way at once, where the system allows it to this user."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        for pipe in pipes:
            fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _environment() -> dict[str, str]:
    """Return this process's environment, so that another finds the same modules."""
    own = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    # Threads of a library that is not used here would take address space, which is limited.
    lean = {"OPENBLAS_NUM_THREADS": "1"}
    # What a large picture took is given back at once. What a usual one takes is kept for the next:
    # getting it anew from the system takes longer than decoding.
    kept = {"MALLOC_MMAP_THRESHOLD_": str(8 << 20), "MALLOC_TRIM_THRESHOLD_": str(32 << 20)}
    return {**os.environ, **own, **lean, **kept}
