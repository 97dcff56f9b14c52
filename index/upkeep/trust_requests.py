"""What a collection needs beyond its own data: a store elsewhere, encoders from outside."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ..storage.opening import named_store, open_database
from ..storage.spaces import list_spaces
from ..trust import NamedStore, needs_trust, trust_encoder, trusts_encoder


@dataclass(frozen=True)
class TrustRequests:
    """What a collection needs that this user has not allowed yet.

    Attributes:
        store: where its vectors lie; None where that is its own database, or allowed.
        encoders: what would be fetched or read to compare pictures with it.
    """

    store: NamedStore | None
    encoders: list[str]

    def allow(self) -> None:
        """Remember for this user that all of it may be used.

        Raises:
            HolotypeError: the user's folder cannot be written to.
        """
        if self.store is not None:
            self.store.trust()
        for encoder in self.encoders:
            trust_encoder(encoder)


def trust_requests(folder: Path) -> TrustRequests:
    """Return what a collection needs; nothing is connected, fetched or loaded.

    Raises:
        CorruptError: its database is damaged or not one that this program makes.
        NotFoundError: the folder is not a collection.
    """
    with closing(open_database(folder)) as database:
        store = named_store(database)
        named = {space.encoder for space in list_spaces(database)}
    return TrustRequests(
        None if store is None or store.is_trusted else store,
        sorted(name for name in named if needs_trust(name) and not trusts_encoder(name)),
    )
