"""What is fitted on named species so that unnamed ones can be found, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from ..arrays import Embeddings
from ..errors import CorruptError
from ..identification.likelihood import Shape
from ..identification.logistic import Logistic
from ..vectors.projection import Projection, unpacked
from .evidence import FEATURES, Evidence, Spaces, gather_evidence, shared_neighbours
from .graph import PairGraph

_SPACES = ("wccn", "lda", "stretched")


@dataclass(frozen=True)
class Thresholds:
    """Where the methods cut; the defaults serve where nothing could be tuned.

    Attributes:
        eigenvalue: in (0, 1); a cluster for every eigenvalue of the normalised graph above it.
        resolution: of Leiden with the constant Potts model: the mean probability that holds a
            cluster together.
        modularity: the resolution of Leiden with modularity.
        height: up to which Ward's method merges, a distance between unit rows.
    """

    eigenvalue: float = 0.35
    resolution: float = 0.15
    modularity: float = 2.5
    height: float = 1.0


@dataclass(frozen=True, eq=False)
class Recipe:
    """How the unnamed specimens of one space of embeddings are clustered.

    Attributes:
        spaces: fitted on all named species; None where there were fewer than two.
        pairs: the probability that two specimens are one species, from their evidence; None where
            there were too few named species to leave some out.
        even: where to cut pools of species with about as many specimens each, tuned on species
            that were left out, where `pairs` is there.
        tail: where to cut pools in which many species have few specimens.
        spreads: what `PairGraph.spread` is in either, the two being different.
        card: what it was fitted on, as JSON values.
    """

    spaces: Spaces | None = None
    pairs: Logistic | None = None
    even: Thresholds = field(default_factory=Thresholds)
    tail: Thresholds = field(default_factory=Thresholds)
    spreads: tuple[float, float] = (1.2, 1.4)
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def tuned(self) -> bool:
        """Whether its probabilities and thresholds come from species that were left out."""
        return self.pairs is not None

    def check(self, dim: int) -> None:
        """Refuse vectors that are not of the encoder that it was fitted for.

        Raises:
            ValueError: their length, dim, is another one.
        """
        if self.spaces is not None and self.spaces.wccn.dim != dim:
            raise ValueError(
                f"The recipe is of vectors of {self.spaces.wccn.dim} numbers, these have {dim}; "
                "fit one on the space that they are of"
            )

    def rows(self, vectors: Embeddings) -> Embeddings:
        """Return unit rows float32 [n, out] in the space where distances say most."""
        return vectors if self.spaces is None else self.spaces.stretched.apply(vectors)

    def graph(self, vectors: Embeddings) -> PairGraph:
        """Return the graph of a pool of unit rows, float32 [n, dim].

        Without `pairs` the share of common neighbours stands for the probability.
        """
        if len(vectors) < 2:
            none = np.empty(0, np.int64)
            return PairGraph(len(vectors), none, none, np.empty(0))
        if self.spaces is None or self.pairs is None:
            return shared_neighbours(self.rows(vectors))
        return self.of_evidence(len(vectors), gather_evidence(vectors, self.spaces))

    def thresholds(self, graph: PairGraph) -> Thresholds:
        """Return where to cut a pool, between `even` and `tail` by how uneven its species are."""
        least, most = self.spreads
        share = min(max((graph.spread - least) / (most - least), 0.0), 1.0)
        even, tail = asdict(self.even), asdict(self.tail)
        return Thresholds(
            **{name: even[name] ** (1 - share) * tail[name] ** share for name in even}
        )

    def of_evidence(self, n: int, evidence: Evidence) -> PairGraph:
        """Return the graph of n specimens whose evidence is at hand."""
        assert self.pairs is not None
        pairs = evidence.pairs
        return PairGraph(
            n, pairs.first, pairs.second, self.pairs(evidence.features.astype(np.float64))
        )

    def to_bytes(self) -> bytes:
        """Return the recipe as a safetensors file."""
        tensors: dict[str, NDArray[Any]] = {}
        about: dict[str, Any] = {
            "even": asdict(self.even),
            "tail": asdict(self.tail),
            "spreads": self.spreads,
            "card": self.card,
        }
        if self.spaces is not None:
            maps = {name: getattr(self.spaces, name) for name in _SPACES}
            about["maps"] = {
                name: {"kind": one.kind, "arguments": one.arguments, "exponent": one.exponent}
                for name, one in maps.items()
            }
            for name, one in maps.items():
                tensors |= {f"{name}.mean": one.mean, f"{name}.matrix": one.matrix}
            tensors |= {f"shape.{name}": part for name, part in self.spaces.shape.parts.items()}
        if self.pairs is not None:
            about["features"] = list(FEATURES)
            tensors["pairs"] = self.pairs.to_array()
        whole = {name: np.ascontiguousarray(part) for name, part in tensors.items()}
        return save(whole, metadata={"recipe": json.dumps(about)})

    @classmethod
    def from_bytes(cls, content: bytes) -> Recipe:
        """Read what `to_bytes` wrote.

        Raises:
            CorruptError: it is damaged, or was fitted by another version on other features.
        """
        try:
            tensors, text = unpacked(content, "recipe")
            about = json.loads(text)
            return cls(
                _read_spaces(tensors, about["maps"]) if "maps" in about else None,
                _read_pairs(tensors, about["features"]) if "features" in about else None,
                _read_thresholds(about["even"]),
                _read_thresholds(about["tail"]),
                _read_spreads(about["spreads"]),
                dict(about["card"]),
            )
        except (SafetensorError, KeyError, TypeError, ValueError) as error:
            raise CorruptError(
                f"The clustering recipe cannot be read ({error}); fit it again"
            ) from None


def _read_spaces(tensors: Mapping[str, NDArray[Any]], maps: Mapping[str, Any]) -> Spaces:
    found = {
        name: Projection(tensors[f"{name}.mean"], tensors[f"{name}.matrix"], **maps[name])
        for name in _SPACES
    }
    for projection in found.values():
        projection.check()
    return Spaces(**found, shape=Shape.from_parts(_under(tensors, "shape.")))


def _read_pairs(tensors: Mapping[str, NDArray[Any]], features: list[str]) -> Logistic:
    values = tensors["pairs"].astype(np.float64)
    if tuple(features) != FEATURES or values.shape != (len(FEATURES) + 1,):
        raise ValueError("its features are those of another version")
    if not np.isfinite(values).all():
        raise ValueError("its weights hold NaN or infinity")
    return Logistic.from_array(values)


def _read_thresholds(values: Mapping[str, Any]) -> Thresholds:
    found = {name: float(value) for name, value in values.items()}
    if not all(0 < value < 1000 for value in found.values()):
        raise ValueError(f"its thresholds are {found}")
    return Thresholds(**found)


def _read_spreads(values: Sequence[Any]) -> tuple[float, float]:
    even, tail = (float(value) for value in values)
    if not 0 < even < tail < 1e6:
        raise ValueError(f"its spreads are {even} and {tail}")
    return even, tail


def _under(tensors: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): part for name, part in tensors.items() if name.startswith(prefix)
    }
