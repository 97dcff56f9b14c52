"""One collection of a folder: open, on its way, or why it cannot be opened."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import State

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError
from holotype.index.ways import Kept, Noted, noting

from ..engine import Engine
from ..problems import NotReadyError, writable
from ..switch import Switch, said, trace

_PAUSE = 60.0  # seconds after which what could not be opened is tried again, changed or not


@dataclass(frozen=True)
class Counts:
    """What a collection holds."""

    images: int
    specimens: int
    species: int


class Place:
    """A collection below its name; it is what requests below that name are about.

    Args:
        path: of the collection; it may be a link to it.
        never: why it is not opened, whatever lies there; empty where it is.

    Attributes:
        name: of its folder, and in its address; where that is not UTF-8, with marks in it.
    """

    def __init__(self, path: Path, open_engine: Callable[[Path], Engine], never: str = "") -> None:
        self.name = writable(path.name)
        opening = f"Collection '{self.name}' is being opened; ask again in a moment"
        self._why = Kept(never or opening)
        self._never = bool(never)
        self._path = path
        self._open_engine = open_engine
        self._switch: Switch | None = None
        self._tried: object = None
        self._again = 0.0

    @property
    def why_not(self) -> str:
        """Why it could not be opened, in one sentence; empty where it was."""
        return str(self._why)

    def engine(self) -> Engine:
        """Return what answers now.

        Raises:
            NotReadyError: it is not open.
        """
        if self._switch is None:
            raise NotReadyError(self.why_not)
        return self._switch.engine()

    def reason(self) -> str:
        """Return why it cannot be asked now, also where it was replaced; empty where it can."""
        if not self.why_not:
            try:
                self.engine()
            except NotReadyError as error:
                return self.told(error)
        return self.why_not

    def told(self, error: HolotypeError) -> str:
        """Return the sentence of an error, without the places where things lie."""
        return self._plain(self._switch.told(error) if self._switch else str(error))

    def _plain(self, sentence: str) -> str:
        named = sentence.replace(f"{self._path}{os.sep}", "")
        return named.replace(str(self._path), f"Collection '{self.name}'")

    async def open(self) -> None:
        """Open and load it, unless it is open, or was tried a moment ago and has not changed."""
        if self._never or self._switch is not None:
            return
        found = await asyncio.to_thread(trace, self._path)
        if found == self._tried and time.monotonic() < self._again:
            return
        self._tried, self._again = found, time.monotonic() + _PAUSE
        with noting() as noted:
            try:
                opened = await asyncio.to_thread(Switch, self._path, State(), self._open_engine)
            except Exception as error:
                self._why = self._cannot(error, noted)
                return
            self._switch = opened  # pages come while it is loaded
            try:
                await opened.engine().start()
            except Exception as error:
                self._switch, self._why = None, self._cannot(error, noted)
                await asyncio.to_thread(opened.close)
                return
        self._why = Kept()

    def _cannot(self, error: Exception, noted: Noted) -> Kept:
        why = f"Collection '{self.name}' cannot be served: {self._plain(said(error))}"
        return Kept(why, noted)

    async def counts(self) -> Counts:
        """Return what it holds.

        Raises:
            HolotypeError: it cannot be read.
        """
        engine = self.engine()
        return await engine.read(_counts, engine.collection)

    def close(self, *, finish: bool = False) -> None:
        """Finish what is running, or all that was asked before, and close it."""
        switch, self._switch = self._switch, None
        self._why = Kept(f"Collection '{self.name}' is served no more")
        if switch is not None:
            switch.close(finish=finish)


def _counts(collection: Collection) -> Counts:
    gallery = collection.gallery()
    # Of a million images they take some time, and the list is looked at often.
    return gallery.once("counts", gallery.edits, lambda: _counted(collection))


def _counted(collection: Collection) -> Counts:
    read = collection.database.read
    images, specimens = read("SELECT count(*), count(DISTINCT specimen_id) FROM images")[0]
    (species,) = read(
        "SELECT count(DISTINCT category || '/' || kingdom || '/' || species) FROM taxa "
        "WHERE species <> '' AND taxon_id IN (SELECT taxon_id FROM accepted AS a "
        "WHERE EXISTS (SELECT 1 FROM images AS i WHERE i.specimen_id = a.specimen_id))"
    )[0]
    return Counts(images, specimens, species)
