"""A collection that is held open, with the encoders that it was asked with."""

from __future__ import annotations

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.runtime import worker_count
from holotype.index.search.search import encoder_of


class Held:
    """A collection and its encoders, each loaded when it is first needed, and kept."""

    def __init__(self, collection: Collection) -> None:
        self.collection = collection
        self._encoders: dict[tuple[str, int], Encoder] = {}

    @property
    def place(self) -> str:
        """The folder of the collection."""
        return str(self.collection.folder)

    def close(self) -> None:
        """Close the collection and let go of the encoders."""
        self._encoders.clear()
        self.collection.close()

    def encoder(self, name: str | None) -> Encoder:
        """Return the encoder of a space.

        Raises:
            NotFoundError: no such space.
            EncoderError: it is gone, or comes from outside and this user has never used it.
        """
        space = self.collection.space(name)
        key = (space.encoder, space.views)
        if key not in self._encoders:
            self._encoders[key] = encoder_of(space, threads=worker_count())
        return self._encoders[key]
