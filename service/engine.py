"""What answers questions: a collection, its encoders, and the threads that they work in."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Annotated, ParamSpec, TypeVar

import torch
from fastapi import Depends, Request
from threadpoolctl import threadpool_limits

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import EncoderError, HolotypeError, MismatchError
from holotype.index.identify import identify_vector
from holotype.index.records import Space
from holotype.index.runtime import worker_count
from holotype.index.search import encoder_of, stored_vector
from holotype.index.spaces import EXTERNAL
from holotype.training.spaces import ensure_calibrated

from .problems import NotReadyError
from .readiness import Readiness, SpaceState

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_READERS = 4

log = logging.getLogger("holotype.service")


class Engine:
    """A collection that is being served.

    Encoding and searching run in one thread a core, records and thumbnails in a few others, so
    that the event loop never waits and pages stay quick while queries queue. The threads live as
    long as the engine: a collection keeps one database connection for each.

    Raises:
        NotFoundError: the folder is not a collection.
        CorruptError: its database is damaged.
    """

    def __init__(self, folder: Path) -> None:
        self.collection = Collection.open(folder.resolve())  # its name is shown, whatever '.' is
        self.readiness = Readiness()
        self._encoders: dict[tuple[str, int, int], Encoder | HolotypeError] = {}
        self._loading = threading.Lock()
        self._queries = ThreadPoolExecutor(worker_count(), "query", initializer=_use_one_core)
        self._readers = ThreadPoolExecutor(_READERS, "read")

    def load(self) -> None:
        """Load every space that can be asked: its encoder and gallery, and answer one question.

        Of one that cannot, the sentence is kept; the others are served.

        Raises:
            NotFoundError: there are no pictures.
            HolotypeError: what keeps the first space from being asked, where none can be.
        """
        self.collection.space()
        errors: dict[str, HolotypeError] = {}
        states = []
        for space in self.collection.spaces():
            try:
                states.append(SpaceState(space.name, self._load(space)))
            except HolotypeError as error:
                errors[space.name] = error
                states.append(SpaceState(space.name, 0, self.told(error)))
                log.warning("%s", error)
        self.readiness = Readiness(tuple(states), self.collection.space().name)
        if len(errors) == len(states):
            raise errors.get(self.readiness.default) or next(iter(errors.values()))

    def told(self, error: HolotypeError) -> str:
        """Return the sentence of an error; where the collection lies is nobody's matter."""
        folder = self.collection.folder
        return str(error).replace(str(folder), f"Collection '{folder.name}'")

    def _load(self, space: Space) -> int:
        """Load a space and return how many images it shows."""
        gallery = self.collection.gallery(space.name)
        if not space.encoder.startswith(EXTERNAL):
            self.encoder(space.name)
        ensure_calibrated(self.collection, space.name)
        first = int(gallery.rows[0])
        image = self.collection.images_at([first])[first]
        vector = stored_vector(self.collection, image, space.name)
        identify_vector(self.collection, vector, name="", space=space.name)
        return len(gallery)

    def encoder(self, name: str | None) -> Encoder:
        """Return the encoder of a space, loaded once; spaces with one encoder share it.

        One that cannot be loaded is tried once: else every question would wait for it again.

        Raises:
            NotFoundError: no such space.
            NotReadyError: the encoder is gone.
            MismatchError: it is not the one of the space.
        """
        space = self.collection.space(name)
        key = (space.encoder, space.views, space.source_id)
        found = self._encoders.get(key)
        if found is None:
            with self._loading:
                if key not in self._encoders:
                    self._encoders[key] = self._loaded(space)
                found = self._encoders[key]
        if isinstance(found, Encoder):
            return found
        raise type(found)(str(found))  # of its own, as several threads may raise it

    def _loaded(self, space: Space) -> Encoder | HolotypeError:
        same = (
            encoder
            for (spec, views, _), encoder in self._encoders.items()
            if (spec, views) == (space.encoder, space.views) and isinstance(encoder, Encoder)
        )
        try:
            encoder = next(same, None) or encoder_of(space)
            self.collection.check_encoder(space.name, encoder)
        except EncoderError as error:
            return NotReadyError(str(error))
        except MismatchError as error:
            return error
        return encoder

    async def query(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that encodes or searches."""
        return await _in(self._queries, partial(work, *args, **kwargs))

    async def read(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that reads records or pictures."""
        return await _in(self._readers, partial(work, *args, **kwargs))

    def close(self) -> None:
        """Finish what is running and close the collection."""
        self._queries.shutdown(cancel_futures=True)
        self._readers.shutdown(cancel_futures=True)
        self.collection.close()


async def _in(threads: Executor, work: Callable[[], Result]) -> Result:
    return await asyncio.get_running_loop().run_in_executor(threads, work)


def _use_one_core() -> None:
    """Queries run side by side, so none splits its work: cores shared by two are lost to both."""
    torch.set_num_threads(1)
    threadpool_limits(1, "blas")  # of NumPy; for the process, as long as it runs


def _engine_of(request: Request) -> Engine:
    engine: Engine = request.app.state.engine
    return engine


TheEngine = Annotated[Engine, Depends(_engine_of)]
