"""Facts that every report tells: the encoder, and when and by what it was made."""

from __future__ import annotations

from datetime import UTC, datetime

from holotype.index.storage.records import Space
from holotype.index.vectors.fitted_on import FittedOn
from holotype.version import __version__

from ..protocols.fitted import Fitting


def today() -> str:
    """Return the date in Greenwich."""
    return datetime.now(UTC).date().isoformat()


def made_fact() -> tuple[str, str]:
    """Return when the report was made, and by which version."""
    return ("Made", f"{today()}, Holotype {__version__}")


def fitted_text(fitting: Fitting) -> str:
    """Return what a space and its encoder were fitted on, and how queries among it are measured."""
    told = [
        "Encoder: nobody knows"
        if fitting.encoder is None
        else f"Encoder: {_images_text(fitting.encoder, fitting.encoder_queries)}",
        "space: nothing, it is the encoder's own"
        if fitting.space is None
        else f"space: {_images_text(fitting.space, fitting.space_queries)}",
    ]
    return "; ".join(told) + (f". Measured: {fitting.instead}" if fitting.instead else "")


def _images_text(fit: FittedOn, queries: int) -> str:
    text = f"{len(fit.images):,} images of {len(fit.specimens):,} specimens"
    if not fit.recorded:
        text += " (no record was kept, so all that were here when it was made count)"
    return text + (
        f", {queries:,} of the queries among them" if queries else ", no query among them"
    )


def encoder_text(space: Space) -> str:
    """Return the encoder of a space and how many views it takes of a picture."""
    return f"{space.encoder}, {space.views} view{'s' if space.views > 1 else ''}"
