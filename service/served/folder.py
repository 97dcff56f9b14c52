"""Several collections of a folder, each served below its name."""

from __future__ import annotations

import asyncio
import logging
import os
from functools import partial
from pathlib import Path

from holotype.index.errors import HolotypeError, NotFoundError

from ..engine import Engine
from ..problems import writable
from .listing import collections_of
from .place import Place
from .shared import Shared

PAUSE = 5.0  # seconds between two looks at the folder
# Addresses of the service itself, below which no collection can be.
RESERVED = frozenset({"v1", "static", "docs", "openapi.json", "healthz", "readyz", "metrics"})

log = logging.getLogger("holotype.service")


class Folder:
    """The collections right below a folder, by name.

    It is looked at every few seconds: a collection that came is opened, one that went is closed,
    and one that could not be opened is tried again once its database has changed.

    Args:
        shared: what the collections have in common.

    Attributes:
        places: in the order of their names; replaced as a whole, never changed.
        looked: whether each was tried once.
    """

    def __init__(self, path: Path, shared: Shared) -> None:
        self.shared = shared
        self.looked = False
        self._path = Path(os.path.abspath(path))
        self.places = {one.name: self._new(one) for one in collections_of(self._path)}

    def _new(self, path: Path) -> Place:
        return Place(path, partial(Engine, shared=self.shared), _why_no_address(path.name))

    def place(self, name: str) -> Place:
        """Return the collection of a name.

        Raises:
            NotFoundError: there is none.
        """
        found = self.places.get(name)
        if found is None:
            raise NotFoundError(_nothing_below(name))
        return found

    def told(self, error: HolotypeError) -> str:
        """Return the sentence of an error; where the folder lies is nobody's matter."""
        return str(error).replace(f"{self._path}{os.sep}", "")

    async def look(self) -> None:
        """Open what came, and close what went."""
        paths = {path.name: path for path in await asyncio.to_thread(collections_of, self._path)}
        before = self.places
        self.places = {name: before.get(name) or self._new(path) for name, path in paths.items()}
        for name in before.keys() - paths.keys():
            await asyncio.to_thread(before[name].close, finish=True)
        for place in self.places.values():
            await place.open()
        self.looked = True

    async def follow(self) -> None:
        """Look again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(PAUSE)
            try:
                await self.look()
            except Exception:
                log.exception("The folder of the collections cannot be looked at")

    def close(self) -> None:
        """Finish what is running and close every collection."""
        for place in self.places.values():
            place.close()


def _nothing_below(name: str) -> str:
    """Return why nothing is below a name, also to whoever takes the folder for one collection."""
    if name in RESERVED:
        return (
            "Several collections are served here, each below its own name, as /NAME/v1; "
            "/v1/collections lists them"
        )
    return f"There is no collection '{name}'; /v1/collections lists them"


def _why_no_address(name: str) -> str:
    """Return why a collection cannot be below its name; empty where it can."""
    if name in RESERVED:
        return f"/{name} is an address of the service itself; rename the folder of the collection"
    if writable(name) != name:
        return "The name of its folder is not UTF-8, so no address can spell it; rename it"
    return ""
