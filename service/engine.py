"""What answers questions: a collection, its encoders, and the threads that they work in."""

from __future__ import annotations

import asyncio
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
from holotype.index.identify import identify_vector
from holotype.index.runtime import worker_count
from holotype.index.search import encoder_of, stored_vector
from holotype.index.spaces import EXTERNAL
from holotype.training.spaces import ensure_calibrated

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

_READERS = 4


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
        self._encoders: dict[tuple[str, int], Encoder] = {}
        self._loading = threading.Lock()
        self._queries = ThreadPoolExecutor(worker_count(), "query", initializer=_use_one_core)
        self._readers = ThreadPoolExecutor(_READERS, "read")

    def load(self) -> None:
        """Load every encoder and gallery, and answer one question of each; repeated, only look.

        Raises:
            NotFoundError: there are no pictures.
            EncoderError, MismatchError: an encoder is gone or is not the one of its space.
        """
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
