"""How a map is made: what is asked for, and what a map was made with."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from ..errors import UsageError

Method = Literal["umap", "pca"]

METHODS: tuple[Method, ...] = get_args(Method)
_MOST_NEIGHBOURS, _MOST_SEED = 200, 2**32 - 1
_LEAST_SAMPLE = 100


@dataclass(frozen=True)
class Parameters:
    """What decides a map of given vectors.

    Attributes:
        method: `umap` (McInnes, Healy and Melville 2018) or `pca`, the two first principal axes.
        n_neighbors: of UMAP: images that each image is held to, itself among them, 2 to 200.
        min_dist: of UMAP: how near to each other images may be put, in [0, 1].
        seed: chooses the sample, and decides all that is random in UMAP.
        sample: the most images that a map is fitted on; the others are placed among them.
    """

    method: Method = "umap"
    n_neighbors: int = 15
    min_dist: float = 0.1
    seed: int = 0
    sample: int = 100_000

    def __post_init__(self) -> None:
        """Refuse what no map can be made with.

        Raises:
            UsageError: a value is out of its range.
        """
        if self.method not in METHODS:
            raise UsageError(f"method is '{self.method}'; it must be {' or '.join(METHODS)}")
        bounds = {
            "n_neighbors": (2, _MOST_NEIGHBOURS),
            "min_dist": (0, 1),
            "seed": (0, _MOST_SEED),
            "sample": (_LEAST_SAMPLE, None),
        }
        for name, (least, most) in bounds.items():
            value = getattr(self, name)
            if not (least <= value and (most is None or value <= most)):
                range_ = f"{least} or more" if most is None else f"{least} to {most}"
                raise UsageError(f"{name} is {value}; it must be {range_}")

    def to_dict(self) -> dict[str, Any]:
        """Return them as JSON-ready values."""
        return asdict(self)


@dataclass(frozen=True)
class Wanted:
    """The parameters that somebody asks for; None takes those of the map that is kept."""

    method: Method = "umap"
    n_neighbors: int | None = None
    min_dist: float | None = None
    seed: int | None = None
    sample: int | None = None

    def given(self) -> dict[str, Any]:
        """Return those that are asked for."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    def fits(self, made: Parameters) -> bool:
        """Return whether a map was made with what is asked for."""
        return all(getattr(made, name) == value for name, value in self.given().items())

    def completed(self, kept: Parameters | None) -> Parameters:
        """Return all parameters; what is not asked for is as it was, or as by default.

        Raises:
            UsageError: a value is out of its range.
        """
        before = {} if kept is None else kept.to_dict()
        return Parameters(**{**before, **self.given()})


def parameters_of(said: dict[str, Any]) -> Parameters:
    """Return the parameters that a file tells of.

    Raises:
        KeyError, TypeError, UsageError: they are none.
    """
    return Parameters(**{field.name: said[field.name] for field in fields(Parameters)})
