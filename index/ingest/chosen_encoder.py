"""Which encoder pictures are embedded with: the one that is named, else that of their space."""

from __future__ import annotations

from pathlib import Path

from ..collection import Collection
from ..database.own_folder import FILE
from ..encoders import DEFAULT_ENCODER, Encoder, accelerated, load_encoder
from ..search.search import encoder_of


def encoder_for(folder: Path, space: str, encoder: str | None, views: int | None) -> Encoder:
    """Return the encoder for pictures that join a space of a collection, at its fastest.

    Args:
        folder: of the collection, which may be new.
        space: its name, which may be new too.
        encoder: a name that `load_encoder` takes; by default the space's own, so that a collection
            goes on with what it was begun with, and of a new one `DEFAULT_ENCODER`.
        views: how many; by default the space's, or the encoder's own number.

    Raises:
        EncoderError: it cannot be loaded.
        MismatchError: the space's vectors were made elsewhere.
    """
    if encoder is None and views is None and (folder / FILE).exists():
        with Collection.open(folder) as collection:
            found = next((one for one in collection.spaces() if one.name == space), None)
        if found is not None:
            return encoder_of(found)
    return accelerated(load_encoder(encoder or DEFAULT_ENCODER, views=views))
