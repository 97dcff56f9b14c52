"""Facts that every report tells: the encoder, and when and by what it was made."""

from __future__ import annotations

from datetime import UTC, datetime

from holotype.index.storage.records import Space
from holotype.version import __version__


def today() -> str:
    """Return the date in Greenwich."""
    return datetime.now(UTC).date().isoformat()


def made_fact() -> tuple[str, str]:
    """Return when the report was made, and by which version."""
    return ("Made", f"{today()}, Holotype {__version__}")


def encoder_text(space: Space) -> str:
    """Return the encoder of a space and how many views it takes of a picture."""
    return f"{space.encoder}, {space.views} view{'s' if space.views > 1 else ''}"
