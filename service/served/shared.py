"""What the collections of a process have in common: places in queues, decoders, encoders."""

from __future__ import annotations

import threading
from collections.abc import Callable

from holotype.index.encoders import Encoder
from holotype.index.storage.records import Space

from ..decoding.decoders import Decoders
from ..guards.turns import Shares
from ..settings import ServiceSettings

_MANY_WAIT = "Too many requests wait for their turn (HOLOTYPE_MAX_WAITING); ask again later"


class Shared:
    """The bounds of a process, however many collections it serves, and its encoders.

    Args:
        limits: bounds of the queues.
        share: what one API key may take of a queue, in (0, 1].
    """

    def __init__(self, limits: ServiceSettings, share: float = 1) -> None:
        self.limits = limits
        self.asking = Shares(limits.max_waiting, share, _MANY_WAIT)
        self.reading = Shares(limits.max_waiting, share, _MANY_WAIT)
        self.decoders = Decoders()
        self._encoders: dict[tuple[str, int], Encoder] = {}
        self._loading = threading.Lock()

    def encoder(self, space: Space, load: Callable[[Space], Encoder]) -> Encoder:
        """Return the encoder of a space, loaded once however many spaces it has.

        One that lies in a folder is loaded for each collection: its files may be others by now.
        """
        if folder_of(space.encoder):
            return load(space)
        key = (space.encoder, space.views)
        with self._loading:
            if key not in self._encoders:
                self._encoders[key] = load(space)
            return self._encoders[key]

    def queues(self) -> dict[str, int]:
        """Return how many questions and requests for records there are, of all collections."""
        return {"questions": self.asking.taken, "records": self.reading.taken}

    def close(self) -> None:
        """End the decoders; none may be at work."""
        self.decoders.close()


def folder_of(encoder: str) -> str:
    """Return the folder in the name of an encoder, empty where there is none.

    >>> folder_of("checkpoint:/data/nets/moths"), folder_of("bundled")
    ('/data/nets/moths', '')
    """
    kind, _, place = encoder.partition(":")
    return place if kind in ("checkpoint", "local-dir") else ""
