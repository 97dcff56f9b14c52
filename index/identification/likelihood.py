"""How much likelier a specimen is in a class of the gallery than in a class never seen.

The two-covariance model: class centres scatter normally around the overall mean, specimens
normally around their centre. The ratio of the two likelihoods of a specimen, given the specimens
that the class has, is probabilistic linear discriminant analysis (Ioffe, ECCV 2006; Prince and
Elder, ICCV 2007; in this form Brümmer and de Villiers, Odyssey 2010). Unlike a cosine it knows how
little a class of one specimen says, and what an unseen class would look like.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from ..vectors.projection import Projection
from .classes import changed_classes

_SHARED = 0.03  # of the between-class variance, dealt evenly over all directions of the space
_TINY = 1e-12


@dataclass(frozen=True, eq=False)
class _Terms:
    """What a query is compared with, for every class.

    Attributes:
        inverse: float64 [classes, a], one over the expected variance along the axes.
        pull: float64 [classes, a], the expected place over that variance.
        constant: float64 [classes], the part of the distance that no query changes.
        elsewhere: float64 [classes], the expected variance in any other direction.
        offset: float64 [classes], the part of the log-ratio that no specimen changes.
    """

    inverse: Floats
    pull: Floats
    constant: Floats
    elsewhere: Floats
    offset: Floats


@dataclass(frozen=True, eq=False)
class Likelihood:
    """A gallery under the two-covariance model, in a space where classes scatter evenly.

    Attributes:
        projection: what leads into the space, from the encoder's vectors.
        scale: what makes unit rows have a variance of 1 within classes.
        origin: float64 [dim], the overall mean.
        axes: float64 [dim, a], orthonormal, along which class centres differ.
        between: float64 [a], the variance of class centres along them.
        elsewhere: the variance of class centres in any other direction.
        specimens: float64 [s, a], the gallery's specimens along the axes.
        member: int64 [s], their classes, from 0.
    """

    projection: Projection
    scale: float
    origin: Floats
    axes: Floats
    between: Floats
    elsewhere: float
    specimens: Floats
    member: Codes

    def restricted(self, used: NDArray[np.bool_]) -> Likelihood:
        """Return the model with some of the specimens; what varies how much stays as it was.

        Args:
            used: bool [s], those that stay.
        """
        if used.all():
            return self
        old = self._terms
        changed = changed_classes(self.member, used, len(old.offset))
        new = self._terms_of(self.specimens[changed.rows], changed.member, len(changed.classes))
        numbers = np.cumsum(changed.kept) - 1
        part = replace(self, specimens=self.specimens[used], member=numbers[self.member[used]])
        names = [one.name for one in fields(_Terms)]
        written = (changed.written(getattr(old, name), getattr(new, name)) for name in names)
        part.__dict__["_terms"] = _Terms(*written)  # as if it had been asked for
        return part

    @cached_property
    def _terms(self) -> _Terms:
        return self._terms_of(self.specimens, self.member, int(self.member.max(initial=-1)) + 1)

    def _terms_of(self, specimens: Floats, member: Codes, classes: int) -> _Terms:
        counts = np.bincount(member, minlength=classes).astype(np.float64)
        sums = np.zeros((classes, specimens.shape[1]))
        np.add.at(sums, member, specimens)
        trust = self.between / (1 + counts[:, None] * self.between)
        other = self.elsewhere / (1 + counts * self.elsewhere)
        rest = len(self.origin) - len(self.between)
        offset = 0.5 * (np.log1p(self.between) - np.log1p(trust)).sum(axis=1)
        offset += 0.5 * rest * (np.log1p(self.elsewhere) - np.log1p(other))
        expected, variance = trust * sums, 1 + trust
        constant = (expected**2 / variance).sum(axis=1)
        return _Terms(1 / variance, expected / variance, constant, 1 + other, offset)

    def log_ratios(self, vectors: Embeddings) -> Floats:
        """Return log p(specimen | class) - log p(specimen | a class never seen).

        Args:
            vectors: float32 [q, dim], the encoder's unit rows.

        Returns:
            float64 [q, classes].
        """
        terms = self._terms
        placed = self.projection.apply(vectors).astype(np.float64) * self.scale - self.origin
        along = placed @ self.axes
        squares = along**2
        beside = np.maximum((placed**2).sum(axis=1) - squares.sum(axis=1), 0)[:, None]
        distance = squares @ terms.inverse.T - 2 * along @ terms.pull.T
        distance += terms.constant + beside / terms.elsewhere
        unseen = (squares / (1 + self.between)).sum(axis=1)[:, None]
        unseen = unseen + beside / (1 + self.elsewhere)
        ratios: Floats = terms.offset + (unseen - distance) / 2
        return ratios


def fit_likelihood(projection: Projection, vectors: Embeddings, member: Codes) -> Likelihood:
    """Fit the model on the specimens of a gallery.

    Args:
        projection: into a space where the scatter within classes is about the same in every
            direction, as `wccn` makes it.
        vectors: float32 [s, dim], the encoder's unit rows, one a specimen.
        member: int64 [s], classes, every one from 0 up has a specimen.
    """
    placed = projection.apply(vectors).astype(np.float64)
    counts = np.bincount(member).astype(np.float64)
    centres = np.zeros((len(counts), placed.shape[1]))
    np.add.at(centres, member, placed)
    centres /= counts[:, None]
    scale = 1 / np.sqrt(max(_within(placed, centres, member), _TINY))
    origin = centres.mean(axis=0)
    _, spread, axes = np.linalg.svd(centres - origin, full_matrices=False)
    variance = (scale * spread) ** 2 / max(len(counts) - 1, 1)
    between = np.maximum(variance - (1 / counts).mean(), 0)  # the centres' own error comes off
    shared = _SHARED * between.sum() / len(origin)
    between = (1 - _SHARED) * between + shared
    along = (placed - origin) @ axes.T * scale
    return Likelihood(
        projection, float(scale), scale * origin, axes.T, between, float(shared), along, member
    )


def _within(placed: Floats, centres: Floats, member: Codes) -> float:
    """Return the variance within classes, a direction; of all where each class has one specimen."""
    spare = len(placed) - len(centres)
    if spare < 1:
        return float(placed.var(axis=0).mean())
    return float(((placed - centres[member]) ** 2).sum() / spare / placed.shape[1])
