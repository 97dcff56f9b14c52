"""Which collection is served: the one that lies at the path, and none while another is opened."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from starlette.datastructures import State

from holotype.index.database.connection import FILE
from holotype.index.errors import HolotypeError, ReplacedError
from holotype.index.ways import Kept, noting

from .engine import Engine
from .problems import NotReadyError

_PAUSE = 5.0  # seconds after which what could not be opened is tried again, changed or not
_PATIENCE = 3.0  # seconds that the end of the service waits for a collection that is being opened

log = logging.getLogger("holotype.service")


class Switch:
    """Follows a path: `state.engine` is the engine of the collection that was found there last.

    A question keeps the engine that it gets at its start. Where another collection lies at the path
    by now, or none, questions are refused with 503 until it is open: the old one ends what it is at
    and is closed, then the new one is opened and loaded, in a thread beside the event loop.

    Raises:
        NotFoundError, CorruptError: see `Engine`.
    """

    def __init__(
        self, folder: Path, state: State, open_engine: Callable[[Path], Engine] = Engine
    ) -> None:
        self._open_engine = open_engine
        self._folder = Path(os.path.abspath(folder))  # a link may lead to another folder later
        self._state = state
        self._lock = threading.Lock()
        self._serving = True
        self._ended = False
        self._opening: threading.Thread | None = None
        self._why = Kept()
        self._tried: object = None
        self._again = 0.0
        state.engine = open_engine(self._folder)

    def engine(self) -> Engine:
        """Return what answers now.

        Raises:
            NotReadyError: another collection is being opened, or what lies there cannot be.
        """
        with self._lock:
            engine: Engine = self._state.engine
            if self._serving:
                try:
                    engine.collection.require_same()
                    return engine
                except ReplacedError:
                    self._serving = False
                    self._why = Kept(f"{self._folder} was replaced and is being opened; ask again")
            if not self._ended:
                self._open_beside()
            raise NotReadyError(str(self._why))

    def _open_beside(self) -> None:
        """Start opening what lies at the path, unless it was tried a moment ago."""
        if self._opening is not None and self._opening.is_alive():
            return
        found = trace(self._folder)
        if found == self._tried and time.monotonic() < self._again:
            return
        self._tried = found
        self._opening = threading.Thread(target=self._open, name="open", daemon=True)
        with suppress(RuntimeError):  # the system allows no further thread; it is tried again
            self._opening.start()

    def _open(self) -> None:
        self._state.engine.close(finish=True)
        with noting() as noted:
            try:
                engine = _loaded(self._open_engine(self._folder))
            except Exception as error:
                why = f"{self._folder} was replaced and cannot be served: {said(error)}"
                with self._lock:
                    self._why = Kept(why, noted)
                    self._again = time.monotonic() + _PAUSE
                return
        with self._lock:
            self._state.engine = engine
            self._tried = None
            self._serving = not self._ended
        if self._ended:
            engine.close()

    def told(self, error: HolotypeError) -> str:
        """Return the sentence of an error, without the places where things lie."""
        return self._state.engine.told(error)  # type: ignore[no-any-return]

    def close(self, *, finish: bool = False) -> None:
        """Finish what is running, or all that was asked before, and close the collection."""
        with self._lock:
            self._ended, self._serving = True, False
            self._why = Kept("The service is ending")
            opening = self._opening
        if opening is not None and opening.is_alive():
            opening.join(_PATIENCE)
        self._state.engine.close(finish=finish)


def _loaded(engine: Engine) -> Engine:
    try:
        engine.load()
        engine.collection.require_same()
    except BaseException:
        engine.close()
        raise
    return engine


def trace(folder: Path) -> object:
    """Return what tells whether another attempt may end otherwise than the last."""
    try:
        found = os.stat(folder / FILE)
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_mtime_ns, found.st_size


def said(error: Exception) -> str:
    """Return why a collection cannot be opened, in one sentence."""
    if isinstance(error, HolotypeError):
        return str(error)
    log.error("The collection cannot be opened", exc_info=error)
    return "opening it failed; the log of the service says why"
