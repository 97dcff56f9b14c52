"""A linear map that is trained on stored embeddings: no picture is read."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from torch import Tensor, nn

from holotype.index.arrays import Codes, Embeddings
from holotype.index.vectors.projection import Projection, signed_power

from ..tuning.recipes import Recipe
from ..tuning.scatter import gather
from .gate import Candidate, candidates_of
from .inputs import Inputs, Vectors
from .network import Learner
from .train import Judged, State

KIND = "metric"

_WIDTH = 256  # of what comes out, unless the head says another
_MOST_ROWS = 10_000  # by which axes are chosen
_PLAIN = (Recipe("power"),)  # leaves features as they are


class LinearMap(Learner):
    """x -> (x - mean) @ matrix, of which the matrix is trained.

    Args:
        start: where it starts.
    """

    mean: Tensor

    def __init__(self, start: Projection) -> None:
        super().__init__()
        self.dim = start.out
        self.matrix = nn.Parameter(torch.from_numpy(start.matrix.copy()))
        self.register_buffer("mean", torch.from_numpy(start.mean.copy()))

    def forward(self, vectors: Tensor) -> Tensor:
        """Return float32 [n, out] of float32 [n, dim]."""
        made: Tensor = (vectors - self.mean) @ self.matrix
        return made


@dataclass(eq=False, kw_only=True)
class ProjectionTraining(Judged):
    """Stored embeddings and a config; what comes of them is a projection with its verdict.

    It starts from a map that tuning does well by, cut to its first axes, so that it is no worse
    before the first step.
    """

    best: Candidate = field(init=False)

    def get_ready(self) -> None:
        """Settle on the map that it starts from."""
        self.best = self._start()

    def candidates(self, weights: State) -> list[Candidate]:
        """Return the projection."""
        rows = self.pictures.vectors[self.held.judging]
        shown = self.projection(weights).apply(rows)
        gate = self.config.gate
        return candidates_of("projection", shown, self.pictures, self.held, gate, _PLAIN, (1.0,))

    def projection(self, weights: State) -> Projection:
        """Return the projection of such weights."""
        mean, matrix = weights["mean"].numpy(), weights["matrix"].numpy()
        return Projection(mean, matrix, KIND, exponent=self.best.exponent)

    def learner(self, rows: Codes) -> LinearMap:
        """Return that map over some of the pictures, cut to its first axes."""
        vectors, exponent = self.pictures.vectors, self.best.exponent
        fitted = self.best.recipe.fit(
            gather(vectors, self.pictures.species, rows, exponent=exponent)
        )
        head = self.config.network.head
        some = rows[:: max(1, len(rows) // _MOST_ROWS)]
        return LinearMap(narrowed(fitted, vectors[some], head[-1] if head else _WIDTH))

    def fed(self, learner: Learner, rows: Codes) -> tuple[Inputs, nn.Module]:
        """Return stored vectors, and the map itself."""
        dropped, device = self.config.network.dropped, torch.device(self.device)
        return Vectors(self.pictures.vectors, rows, self.best.exponent, dropped, device), learner


def narrowed(projection: Projection, vectors: Embeddings, width: int) -> Projection:
    """Return a projection followed by the first principal axes of what it makes of some rows.

    It is scaled so that what comes out has a length of about 1.

    Args:
        vectors: float32 [n, dim].
        width: how many axes, at most.
    """
    powered = signed_power(vectors, projection.exponent)
    shown = ((powered - projection.mean) @ projection.matrix).astype(np.float64)
    _, axes = np.linalg.eigh(shown.T @ shown)
    chosen = axes[:, ::-1][:, :width]
    matrix = projection.matrix.astype(np.float64) @ chosen
    length = float(np.linalg.norm(shown @ chosen, axis=1).mean())
    return Projection(
        projection.mean,
        (matrix / max(length, 1e-12)).astype(np.float32),
        projection.kind,
        projection.arguments,
        projection.exponent,
    )
