"""What helps a gallery of one imaging set-up to answer for another (METHODS 3.8, 6.7).

No remedy sees a label of the target. What is chosen is chosen by cross-validation inside the
gallery; everything else is fixed beforehand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Flags, Floats
from holotype.index.vectors.brute_force import exact_knn
from holotype.training.domain.choosing import WeightTrial
from holotype.training.tuning.tune import tune

_FLOOR = 0.1  # least spread of a coordinate to divide by, as a share of the mean spread


@dataclass(frozen=True, eq=False)
class Side:
    """Images that ask or answer.

    Attributes:
        vectors: float32 [n, dim], unit rows.
        labels: int64 [n], taxa, -1 where not known; those of the target only judge.
        groups: int64 [n], specimens; images of the query's own never answer.
    """

    vectors: Embeddings
    labels: Codes
    groups: Codes

    def seen(self, vectors: Embeddings) -> Side:
        """Return the same images with other vectors."""
        return Side(vectors, self.labels, self.groups)

    def at(self, rows: Codes | Flags) -> Side:
        """Return some of the images."""
        return Side(self.vectors[rows], self.labels[rows], self.groups[rows])

    def joined(self, other: Side) -> Side:
        """Return the images of both."""
        return Side(
            np.concatenate([self.vectors, other.vectors]),
            np.concatenate([self.labels, other.labels]),
            np.concatenate([self.groups, other.groups]),
        )

    def answers(self, gallery: Side) -> Codes:
        """Return the taxon of the nearest gallery image, int64 [n], -1 where none may answer."""
        _, rows = exact_knn(
            self.vectors,
            gallery.vectors,
            1,
            query_groups=self.groups,
            gallery_groups=gallery.groups,
        )
        return np.append(gallery.labels, -1)[rows[:, 0]]

    def right(self, gallery: Side) -> Flags:
        """Return whether the nearest gallery image is of the query's taxon, bool [n]."""
        right: Flags = (self.answers(gallery) == self.labels) & (self.labels >= 0)
        return right


@dataclass(frozen=True, eq=False)
class Answered:
    """How the queries are answered with a remedy.

    Attributes:
        name: of the remedy.
        source: float64 [s], whether each query of the source is answered rightly, 0 or 1; with
            several networks the share of them that do.
        target: float64 [t], the same of the target.
        fitted: what was fitted on the gallery's labels; empty where nothing was.
        by_network: accuracy on the target with each network; empty where none was trained.
        weights: what the weight was chosen from.
    """

    name: str
    source: Floats
    target: Floats
    fitted: str = ""
    by_network: tuple[float, ...] = ()
    weights: tuple[WeightTrial, ...] = ()


@dataclass(frozen=True, eq=False)
class Remedied:
    """What a remedy makes of an evaluation.

    Attributes:
        name: of the remedy.
        gallery: what answers.
        source: queries of the gallery's own set-up.
        target: queries of the other set-up.
        fitted: the recipe that was chosen inside the gallery; empty where none was.
    """

    name: str
    gallery: Side
    source: Side
    target: Side
    fitted: str = ""

    def answered(self) -> Answered:
        """Return how its queries are answered."""
        source, target = (
            side.right(self.gallery).astype(np.float64) for side in (self.source, self.target)
        )
        return Answered(self.name, source, target, self.fitted)


def remedies(
    gallery: Side, source: Side, target: Side, unlabelled: Embeddings, copies: Side | None
) -> Iterator[Remedied]:
    """Yield the evaluation without a remedy, and with each that can be applied.

    Args:
        gallery: of the source's set-up.
        source: queries of the same set-up.
        target: queries of another.
        unlabelled: float32 [m, dim], unit rows of the target's set-up.
        copies: degraded copies of the gallery's pictures, with their specimens; None where there
            are none.

    Raises:
        ValueError: the gallery has too few species with two specimens to tune on.
    """
    plain = Remedied("none", gallery, source, target)
    yield plain
    yield Remedied(
        "each set-up standardised",
        gallery.seen(standardised(gallery.vectors, gallery.vectors)),
        source.seen(standardised(source.vectors, gallery.vectors)),
        target.seen(standardised(target.vectors, unlabelled)),
    )
    yield _tuned("tuned on the gallery", plain)
    if copies is not None:
        both = Remedied("degraded copies in the gallery", gallery.joined(copies), source, target)
        yield both
        yield _tuned("degraded copies, tuned on both", both)


def standardised(vectors: Embeddings, domain: Embeddings) -> Embeddings:
    """Return unit rows with the mean and the spread of their domain taken off.

    Args:
        vectors: float32 [n, dim].
        domain: float32 [m, dim], images of the same set-up; no labels are needed.
    """
    spread = domain.std(axis=0)
    scaled = (vectors - domain.mean(axis=0)) / np.maximum(spread, _FLOOR * spread.mean() + 1e-12)
    norms = np.linalg.norm(scaled, axis=1, keepdims=True)
    unit: Embeddings = np.where(norms > 0, scaled / np.maximum(norms, 1e-12), vectors)
    return unit.astype(np.float32)


def _tuned(name: str, plain: Remedied) -> Remedied:
    gallery = plain.gallery
    found = tune(gallery.vectors, gallery.labels, gallery.groups)
    recipe = f"{found.chosen.recipe}, power {found.chosen.exponent:g}"

    def projected(side: Side) -> Side:
        return side.seen(found.projection.apply(side.vectors))

    return Remedied(
        name, projected(gallery), projected(plain.source), projected(plain.target), recipe
    )
