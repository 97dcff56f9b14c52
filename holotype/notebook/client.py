"""A collection that somebody serves, with the methods of one on this machine."""

from __future__ import annotations

import httpx2

from .door.guard import guarding
from .opened import OpenCollection
from .remote.backend import RemoteBackend
from .remote.http import Service


class Client(OpenCollection):
    """A collection that is served, with the methods of one that `holotype.open` gives.

    Results are equal; where collection and encoders lie, a service does not tell. Pictures are sent
    as they are; those of a kind that a service does not read as PNG.

    Args:
        address: such as `http://127.0.0.1:8000`.
        key: an API key, where it asks for one.
        http: what asks, such as one with certificates of your own; by default one of httpx2.

    Raises:
        UsageError: it is no address.
    """

    @guarding
    def __init__(self, address: str, key: str = "", http: httpx2.Client | None = None) -> None:
        super().__init__(RemoteBackend(Service(address, key, http)))
