"""What is fitted on named species so that unnamed ones can be found, and its bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import save

from ..arrays import Embeddings
from ..errors import CorruptError
from ..identification.likelihood import Shape
from ..vectors.projection import Projection, unpacked
from .evidence import FEATURES, Evidence, Spaces, gather_evidence, shared_neighbours
from .graph import PairGraph
from .trees import Trees

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
        thresholds: tuned on species that were left out, where `pairs` is there.
        card: what it was fitted on, as JSON values.
    """

    spaces: Spaces | None = None
    pairs: Trees | None = None
    thresholds: Thresholds = field(default_factory=Thresholds)
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def tuned(self) -> bool:
        """Whether its probabilities and thresholds come from species that were left out."""
        return self.pairs is not None

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

    def of_evidence(self, n: int, evidence: Evidence) -> PairGraph:
        """Return the graph of n specimens whose evidence is at hand."""
        assert self.pairs is not None
        pairs = evidence.pairs
        return PairGraph(n, pairs.first, pairs.second, self.pairs(evidence.features))

    def to_bytes(self) -> bytes:
        """Return the recipe as a safetensors file."""
        tensors: dict[str, NDArray[Any]] = {}
        about: dict[str, Any] = {"thresholds": asdict(self.thresholds), "card": self.card}
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
            tensors |= {f"trees.{name}": part for name, part in self.pairs.parts.items()}
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
                _read_trees(tensors, about["features"]) if "features" in about else None,
                Thresholds(**{name: float(value) for name, value in about["thresholds"].items()}),
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


def _read_trees(tensors: Mapping[str, NDArray[Any]], features: list[str]) -> Trees:
    if tuple(features) != FEATURES:
        raise ValueError("its features are those of another version")
    return Trees.from_parts(_under(tensors, "trees."), len(FEATURES))


def _under(tensors: Mapping[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {
        name.removeprefix(prefix): part for name, part in tensors.items() if name.startswith(prefix)
    }
