"""Which spaces can be asked, as it was found when they were loaded."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from typing import Any

from holotype.index.ways import Kept


@dataclass(frozen=True)
class SpaceState:
    """A space that was loaded, or why it was not.

    Attributes:
        images: how many it shows.
        why: one sentence; empty where the space can be asked.
    """

    name: str
    images: int
    why: Kept = field(default_factory=Kept)

    @property
    def why_not(self) -> str:
        """Why it was not loaded, in the words of who asks; empty where it was."""
        return str(self.why)

    def to_dict(self) -> dict[str, Any]:
        """Return the state as JSON-ready values."""
        if self.why_not:
            return {"name": self.name, "images": self.images, "why_not": self.why_not}
        return {"name": self.name, "images": self.images}


@dataclass(frozen=True)
class Readiness:
    """What a probe is told. It is kept in memory, so that a probe costs nothing.

    Attributes:
        spaces: oldest first; empty until they have been loaded.
        default: the space that answers where a question names none.
    """

    spaces: tuple[SpaceState, ...] = ()
    default: str = ""

    def of(self, filled: Set[str], collection: str) -> Readiness:
        """Return the same where every space still has vectors; else those say that they have none.

        Args:
            filled: the names of the spaces that have some now.
            collection: what a sentence calls the collection.
        """
        spaces = tuple(
            space
            if space.why_not or space.name in filled
            else SpaceState(
                space.name, 0, Kept(f"Space '{space.name}' of {collection} is empty by now")
            )
            for space in self.spaces
        )
        return Readiness(spaces, self.default)

    @property
    def why_not(self) -> str:
        """Why questions that name no space cannot be answered; empty where they can."""
        for space in self.spaces:
            if space.name == self.default:
                return space.why_not
        return "The collection is still being loaded; ask again in a moment"
