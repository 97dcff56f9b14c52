"""What answers questions: a collection, its encoders, and the threads that they work in."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec, TypeVar

import torch
from fastapi import Depends, Request

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.identify import identify_vector
from holotype.index.runtime import worker_count
from holotype.index.search import encoder_of, stored_vector
from holotype.index.spaces import EXTERNAL
from holotype.training.spaces import ensure_calibrated

from .decoders import Decoders
from .settings import ServiceSettings, service_settings
from .turns import Shares, Turns

if TYPE_CHECKING:
    from .switch import Switch

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_READERS = 4
_MANY_WAIT = "Too many requests wait for their turn (HOLOTYPE_MAX_WAITING); ask again later"


class Engine:
    """A collection that is being served.

    Encoding and searching run in one thread a core, records and thumbnails in a few others, so
    that the event loop never waits and pages stay quick while queries queue. Both queues are
    bounded. The threads live as long as the engine: a collection keeps one database connection for
    each. What another collection at the same path answers comes from another engine: see `Switch`.

    Args:
        limits: bounds of the queues; by default as the environment says.
        share: what one API key may take of a queue, in (0, 1].

    Raises:
        NotFoundError: the folder is not a collection.
        CorruptError: its database is damaged.
    """

    def __init__(
        self, folder: Path, limits: ServiceSettings | None = None, share: float = 1
    ) -> None:
        self.limits = limits or service_settings()
        self.collection = Collection.open(folder)
        self._closed = False
        self._encoders: dict[tuple[str, int], Encoder] = {}
        self._loading = threading.Lock()
        turns = partial(Shares, self.limits.max_waiting, share, _MANY_WAIT)
        self._queries = Turns(worker_count(), "query", turns(), initializer=_use_one_core)
        self._readers = Turns(_READERS, "read", turns())
        self.decoders = Decoders()

    def load(self) -> None:
        """Load every encoder and gallery, and answer one question of each; repeated, only look.

        Raises:
            NotFoundError: there are no pictures.
            EncoderError, MismatchError: an encoder is gone or is not the one of its space.
        """
        self.decoders.start()
        self.collection.space()
        for space in self.collection.spaces():
            if not space.encoder.startswith(EXTERNAL):
                self.encoder(space.name)
            gallery = self.collection.gallery(space.name)
            ensure_calibrated(self.collection, space.name)
            first = int(gallery.rows[0])
            vector = stored_vector(
                self.collection, self.collection.images_at([first])[first], space.name
            )
            identify_vector(self.collection, vector, name="", space=space.name)

    def encoder(self, name: str | None) -> Encoder:
        """Return the encoder of a space, loaded once; spaces with one encoder share it.

        Raises:
            NotFoundError: no such space.
            EncoderError, MismatchError: the encoder is gone or is not the one of the space.
        """
        space = self.collection.space(name)
        key = (space.encoder, space.views)
        with self._loading:
            if key not in self._encoders:
                encoder = encoder_of(space)
                self.collection.check_encoder(space.name, encoder)
                self._encoders[key] = encoder
            return self._encoders[key]

    async def query(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that encodes or searches.

        Raises:
            BusyError: too many wait, or it is not done within HOLOTYPE_ANSWER_SECONDS.
        """
        seconds = self.limits.answer_seconds
        return await self._queries.run(partial(work, *args, **kwargs), seconds)

    async def read(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that reads records or pictures, as `query` does."""
        seconds = self.limits.answer_seconds
        return await self._readers.run(partial(work, *args, **kwargs), seconds)

    def require_room(self) -> None:
        """Refuse a question before its pictures are read, where it would be refused after.

        Raises:
            BusyError: too many wait.
        """
        self._queries.require_room()

    async def start(self) -> None:
        """Load everything, however long it takes."""
        await self._queries.run(self.load)

    def close(self, *, finish: bool = False) -> None:
        """Finish what is running, or all that was asked before, and close the collection."""
        if self._closed:
            return
        self._closed = True
        self._queries.shutdown(cancel_futures=not finish)
        self._readers.shutdown(cancel_futures=not finish)
        self.decoders.close()
        self.collection.close()


def _use_one_core() -> None:
    """Queries run side by side, so none splits its work: cores shared by two are lost to both."""
    torch.set_num_threads(1)


async def _engine_of(request: Request) -> Engine:
    switch: Switch = request.app.state.switch
    return switch.engine()


TheEngine = Annotated[Engine, Depends(_engine_of)]
