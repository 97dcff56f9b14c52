"""What answers questions: a collection, its encoders, and the threads that they work in."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import CancelledError, Future, ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Annotated, NamedTuple, ParamSpec, TypeVar

import numpy as np
from fastapi import Depends, Request
from threadpoolctl import threadpool_limits

from holotype.index.collection import Collection
from holotype.index.encoders import Embeddings, Encoder, Pixels
from holotype.index.errors import EncoderError, HolotypeError
from holotype.index.identification.identify import identify_vector
from holotype.index.pictures.reading import perceptual_hash
from holotype.index.runtime import worker_count
from holotype.index.search.search import encoder_of, stored_vector
from holotype.index.storage.records import Space
from holotype.index.storage.spaces import EXTERNAL
from holotype.index.ways import Kept, noting

from .decoding.decoders import Budget
from .guards.turns import NO_THREAD, Alike, Turns
from .jobs import Jobs
from .problems import BusyError, NoEncoderError, NotReadyError, served_of
from .served.readiness import Readiness, SpaceState
from .served.shared import Shared, folder_of
from .settings import service_settings

Arguments = ParamSpec("Arguments")
Item = TypeVar("Item")
Result = TypeVar("Result")

_READERS = 4
# Questions whose pictures are encoded together by a GPU, and by a core: that gains nothing from
# more, and who comes meanwhile would wait for all of them.
_MANY, _FEW = 64, 4
_SHOWN = 2  # pictures that are read whole at once
# Seconds that a question waits for its encoder. The first time a network is exported, which takes
# a busy machine minutes: then who asks is told so, and asks again.
_PATIENCE = 20

log = logging.getLogger("holotype.service")

_Key = tuple[str, int, int]  # of an encoder: its name, its views, the source of its pictures


class Opened(NamedTuple):
    """An uploaded picture: uint8 [views, size, size, 3] for an encoder, its hash and its size."""

    pixels: Pixels
    phash: int
    width: int
    height: int


class Engine:
    """A collection that is being served.

    Encoding and searching run in one thread a core, records and thumbnails in a few others, and a
    thread waits for each decoder, so that the event loop never waits, pages stay quick while
    queries queue, and queries do while pictures do. The queues are bounded, and clients take turns
    in each. The threads live as long as the engine: a collection keeps one database connection for
    each. What another collection at the same path answers comes from another engine: see `Switch`.

    Args:
        shared: what it has in common with the process' other collections; by default it is alone.

    Raises:
        NotFoundError: the folder is not a collection.
        CorruptError: its database is damaged.
    """

    def __init__(self, folder: Path, shared: Shared | None = None) -> None:
        self._alone = shared is None
        self.shared = shared or Shared(service_settings())
        self.limits = self.shared.limits
        self.collection = Collection.open(folder)
        self.readiness = Readiness()
        self._closed = False
        self._named: set[str] = set()  # encoders that lie in folders
        self._encoders: dict[_Key, Future[Encoder]] = {}
        self._encoders_lock = threading.Lock()
        # A network is read, or exported, by no question.
        self._loader = ThreadPoolExecutor(1, "load", initializer=_use_one_core)
        self._asking, self._reading = self.shared.asking, self.shared.reading
        self._decodings = Turns(self.limits.decoders, "decode", initializer=_use_one_core)
        self._queries = Turns(worker_count(), "query", initializer=_use_one_core)
        self._readers = Turns(_READERS, "read")
        self._shows = Turns(_SHOWN, "show")
        self._probes = Turns(1, "probe")  # never too many: a connection each
        self.decoders = self.shared.decoders
        self.jobs = Jobs(self.told, self.collection.database)

    def load(self) -> None:
        """Load every space that can be asked: its encoder and gallery, and answer one question.

        Of one that cannot, the sentence is kept; the others are served.

        Raises:
            NotFoundError: there are no pictures.
            HolotypeError: what keeps the first space from being asked, where none can be.
        """
        self.decoders.start()
        self.collection.space()
        errors: dict[str, HolotypeError] = {}
        states = [self._state(space, errors) for space in self.collection.spaces()]
        _use_one_core()  # FAISS has a BLAS of its own, and was imported for the first question
        self.readiness = Readiness(tuple(states), self.collection.space().name)
        if len(errors) == len(states):
            raise errors.get(self.readiness.default) or next(iter(errors.values()))

    def renew(self, *names: str | None) -> None:
        """Load the spaces that came since they all were loaded, or that were made anew.

        Args:
            names: those that were made anew; None is none.
        """
        known = {state.name: state for state in self.readiness.spaces if state.name not in names}
        errors: dict[str, HolotypeError] = {}
        states = tuple(
            known.get(space.name) or self._state(space, errors)
            for space in self.collection.spaces()
        )
        self.readiness = Readiness(states, self.collection.space().name)

    def _state(self, space: Space, errors: dict[str, HolotypeError]) -> SpaceState:
        """Load a space, and note by its name what keeps it from being asked."""
        with noting() as noted:
            try:
                return SpaceState(space.name, self._load(space))
            except HolotypeError as error:
                errors[space.name] = error
                log.warning("%s", error)
                return SpaceState(space.name, 0, Kept(self.told(error), noted))

    def told(self, error: HolotypeError) -> str:
        """Return the sentence of an error; where collection and encoders lie is nobody's matter."""
        return self.plain(str(error))

    def plain(self, sentence: str) -> str:
        """Return a sentence without the places where things lie."""
        folder = self.collection.folder
        for name in self._named:
            sentence = sentence.replace(folder_of(name), Path(name).name)
        return sentence.replace(str(folder), f"Collection '{folder.name}'")

    def _load(self, space: Space) -> int:
        """Load a space and return how many images it shows."""
        gallery = self.collection.gallery(space.name)
        if not space.encoder.startswith(EXTERNAL):
            self.encoder(space.name, wait=True)
        first = int(gallery.rows[0])
        for image in self.collection.images_at([first]).values():  # none if just deleted
            vector = stored_vector(self.collection, image, space.name)
            identify_vector(self.collection, vector, name="", space=space.name)
        return len(gallery)

    def encoder(self, name: str | None, *, wait: bool = False) -> Encoder:
        """Return the encoder of a space, loaded once; spaces with one encoder share it.

        One that cannot be loaded is tried once: else every question would wait for it again.

        Args:
            wait: as long as it takes; a question does not, as it would end unanswered.

        Raises:
            BusyError: no thread can be started to load it.
            NotFoundError: no such space.
            NotReadyError: the encoder is not ready yet.
            NoEncoderError: it is gone.
            MismatchError: it is not the one of the space.
        """
        space = self.collection.space(name)
        return _made(space, self._encoder_of(space), None if wait else _PATIENCE)

    async def encoder_soon(self, name: str | None) -> Encoder:
        """Do as `encoder`, and hold no thread while it is made ready: other spaces are asked too.

        Raises:
            HolotypeError: see `encoder`.
        """
        space, making = await self._readers.run(partial(self._making, name))
        if not making.done():
            done, _ = await asyncio.wait([asyncio.wrap_future(making)], timeout=_PATIENCE)
            for one in done:
                # asyncio would log an error that nobody has asked for
                _ = one.cancelled() or one.exception()
        return _made(space, making, 0)

    def _making(self, name: str | None) -> tuple[Space, Future[Encoder]]:
        space = self.collection.space(name)
        return space, self._encoder_of(space)

    def _encoder_of(self, space: Space) -> Future[Encoder]:
        key = (space.encoder, space.views, space.source_id)
        with self._encoders_lock:
            made = self._encoders.get(key)
            # What no check foresaw, such as no memory for a moment, may not come again.
            if made is None or (
                made.done() and not isinstance(made.exception(), HolotypeError | None)
            ):
                try:
                    made = self._encoders[key] = self._loader.submit(self._loaded, space)
                except RuntimeError as error:
                    raise BusyError(NO_THREAD) from error
            return made

    def _loaded(self, space: Space) -> Encoder:
        if folder_of(space.encoder):
            self._named = {*self._named, space.encoder}
        alike = (
            encoder
            for (spec, views, _), encoder in self._ready().items()
            if (spec, views) == (space.encoder, space.views)
        )
        try:
            encoder = next(alike, None) or self.shared.encoder(space, _alone)
            self.collection.check_encoder(space.name, encoder)
        except EncoderError as error:
            raise NoEncoderError(str(error)) from error
        return encoder

    def _ready(self) -> dict[_Key, Encoder]:
        """Return the encoders that are loaded."""
        with self._encoders_lock:
            made = [(key, one) for key, one in self._encoders.items() if one.done()]
        return {key: one.result() for key, one in made if not one.exception()}

    def asked(self) -> AbstractAsyncContextManager[None]:
        """Hold a place among the questions, for what is decoded and queried meanwhile.

        Raises:
            BusyError: too many wait, or it is not done within HOLOTYPE_ANSWER_SECONDS.
        """
        return self._asking.place(self.limits.answer_seconds)

    async def decoded(self, pictures: Sequence[bytes], space: str | None) -> list[Pixels]:
        """Return uploads as the encoder of a space takes them, each in a turn of its own.

        Raises:
            NotReadyError, NoEncoderError, MismatchError: see `encoder`.
            PictureError: one cannot be used, or together they take longer than a request may.
        """
        encoder = await self.encoder_soon(space)
        budget = Budget(self.limits.decoder_seconds)
        work = [partial(self._pixels, picture, encoder, budget) for picture in pictures]
        return [await self._decodings.run(piece) for piece in work]

    def pixels(self, data: bytes, space: str) -> Pixels:
        """Return an upload as the encoder of a space takes it, decoded beside other requests.

        Raises:
            PictureError: it cannot be used.
        """
        return self._pixels(data, self.encoder(space), Budget(self.limits.decoder_seconds))

    def _pixels(self, data: bytes, encoder: Encoder, budget: Budget) -> Pixels:
        target = encoder.preprocessing.size
        return encoder.preprocess(self.decoders.read_picture(data, target=target, budget=budget))

    async def opened(self, picture: bytes, space: str) -> Opened:
        """Return an upload as it is stored in a space, decoded in a turn of its own.

        Raises:
            NotReadyError, NoEncoderError, MismatchError: see `encoder`.
            PictureError: it cannot be used.
        """
        encoder = await self.encoder_soon(space)
        return await self._decodings.run(partial(self._opened, picture, encoder))

    def _opened(self, data: bytes, encoder: Encoder) -> Opened:
        target = encoder.preprocessing.size
        picture, (width, height) = self.decoders.read_with_size(data, target=target)
        return Opened(encoder.preprocess(picture), perceptual_hash(picture), width, height)

    async def query(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that encodes or searches, at a place that is held."""
        return await self._queries.run(partial(work, *args, **kwargs))

    async def query_together(
        self,
        key: Hashable,
        own: Callable[[], Item],
        work: Callable[[list[Item]], Sequence[Result]],
        *,
        threads: int = 1,
    ) -> Result:
        """Run work as `query` does, with others of the same key that wait.

        Args:
            own: see `Turns.run_together`.
            threads: that are at it at a time. One makes for fewer passes, each little longer than
                one for one question, and what is mostly Python runs in one thread anyway.
        """
        return await self._queries.run_together(Alike(key, threads), own, work)

    async def encoded(self, pixels: list[Pixels], space: str | None) -> Embeddings:
        """Return the embeddings of one specimen's decoded pictures, float32 [m, dim].

        Questions that wait share the encoder's batches, whatever else they ask.

        Raises:
            MismatchError: the encoder is not the space's.
        """
        # That of this space is among them since decoding.
        elsewhere = any(encoder.device != "cpu" for encoder in self._ready().values())
        # A GPU is fastest with all pictures at once, cores with some each.
        threads, most = (1, _MANY) if elsewhere else (worker_count(), _FEW)
        alike = Alike(("encode", space), threads, most)
        return await self._queries.run_together(alike, lambda: pixels, partial(self._encode, space))

    def _encode(self, space: str | None, each: list[list[Pixels]]) -> list[Embeddings]:
        encoder = self.encoder(space)
        self.collection.check_encoder(space, encoder)
        together, step = np.stack(list(chain.from_iterable(each))), encoder.batch_size
        starts = range(0, len(together), step)
        parts = [encoder.encode_images(together[start : start + step]) for start in starts]
        return np.split(np.concatenate(parts), np.cumsum([len(pixels) for pixels in each])[:-1])

    async def read(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that reads records or pictures.

        Raises:
            BusyError: too many wait, or it is not done within HOLOTYPE_ANSWER_SECONDS.
        """
        async with self._reading.place(self.limits.answer_seconds):
            return await self._readers.run(partial(work, *args, **kwargs))

    async def show(
        self,
        work: Callable[Arguments, Result],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Result:
        """Run work that reads whole pictures, few at a time, as `read` does."""
        async with self._reading.place(self.limits.answer_seconds):
            return await self._shows.run(partial(work, *args, **kwargs))

    def queues(self) -> dict[str, int]:
        """Return how many questions and requests for records there are, and wait for threads."""
        return {**self.shared.queues(), **self.waiting()}

    def waiting(self) -> dict[str, int]:
        """Return how many pieces of work of this collection wait for its threads."""
        return {
            "decode": self._decodings.waiting,
            "query": self._queries.waiting,
            "read": self._readers.waiting,
            "show": self._shows.waiting,
        }

    async def look(self) -> Readiness:
        """Return what was loaded, as it can be asked now; no question keeps it waiting."""
        return await self._probes.run(self._look)

    def _look(self) -> Readiness:
        filled = self.collection.filled_spaces()
        return self.readiness.of(filled, f"Collection '{self.collection.folder.name}'")

    def require_room(self) -> None:
        """Refuse a question before its pictures are read, where it would be refused after.

        Raises:
            BusyError: too many wait.
        """
        self._asking.require_room()

    async def start(self) -> None:
        """Load everything, however long it takes."""
        await self._queries.run(self.load)

    def close(self, *, finish: bool = False) -> None:
        """Finish what is running, or all that was asked before, and close the collection."""
        if self._closed:
            return
        self._closed = True
        turns = (self._decodings, self._queries, self._readers, self._shows, self._probes)
        for one in turns:
            one.shutdown(cancel_futures=not finish)
        self.jobs.close()
        self._loader.shutdown(cancel_futures=True)  # nobody is left who waits for it
        if self._alone:
            self.shared.close()
        self.collection.close()


def _made(space: Space, making: Future[Encoder], seconds: float | None) -> Encoder:
    """Return the encoder of a space once it is made.

    Args:
        seconds: that it is waited for; None is as long as it takes.
    """
    try:
        return making.result(seconds)
    except TimeoutError:
        if making.done():
            return making.result()  # meanwhile; else the error is that of making it
        raise NotReadyError(
            f"The encoder of space '{space.name}' is still being made ready, which takes some "
            "minutes the first time; ask again"
        ) from None
    except CancelledError:
        raise NotReadyError("The collection was replaced meanwhile; ask again") from None
    except HolotypeError as error:
        raise type(error)(str(error)) from error  # of its own: several threads may raise it


def _alone(space: Space) -> Encoder:
    return encoder_of(space).alone()


def _use_one_core() -> None:
    """Questions run side by side, so none splits its work: cores shared by two are lost to both."""
    threadpool_limits(1, "blas")  # of what is imported; for the process, as long as it runs


async def _engine_of(request: Request) -> Engine:
    engine: Engine = served_of(request.scope).engine()
    return engine


TheEngine = Annotated[Engine, Depends(_engine_of)]
