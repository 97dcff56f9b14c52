"""The linear maps that tuning chooses among, from the simplest to the one that bends most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from holotype.index.vectors.projection import Projection

from .closed_form import lda, pca, power, stretched, wccn
from .scatter import Scatter

_METHODS: dict[str, Callable[..., Projection]] = {
    "power": power,
    "pca": pca,
    "wccn": wccn,
    "stretched": stretched,
    "lda": lda,
}


@dataclass(frozen=True)
class Recipe:
    """A method and its numbers."""

    kind: str
    arguments: dict[str, float] = field(default_factory=dict)

    def fit(self, scatter: Scatter) -> Projection:
        """Return the projection that the rows in the scatter give."""
        return partial(_METHODS[self.kind], **self.arguments)(scatter)

    def __str__(self) -> str:
        return " ".join(
            [self.kind, *(f"{name}={value:g}" for name, value in self.arguments.items())]
        )


REFERENCE = Recipe("wccn", {"shrinkage": 0.3})

# Simplest first: fewer assumptions, then more shrinkage, then less stretch.
RECIPES = (
    Recipe("power"),
    Recipe("pca"),
    Recipe("wccn", {"shrinkage": 0.5}),
    REFERENCE,
    Recipe("wccn", {"shrinkage": 0.1}),
    Recipe("stretched", {"shrinkage": 0.5, "stretch": 1.5}),
    Recipe("stretched", {"shrinkage": 0.3, "stretch": 1.5}),
    Recipe("stretched", {"shrinkage": 0.5, "stretch": 2.0}),
    Recipe("stretched", {"shrinkage": 0.3, "stretch": 2.0}),
    Recipe("lda", {"shrinkage": 0.5}),
    Recipe("lda", {"shrinkage": 0.3}),
)
EXPONENTS = (1.0, 0.5)
