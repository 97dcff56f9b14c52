"""Boosted trees as plain arrays, applied without the library that fitted them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Embeddings, Floats
from ..identification.logistic import logistic

_BLOCK = 1 << 16  # rows at once


@dataclass(frozen=True, eq=False)
class Trees:
    """P(yes | x) = logistic(start + what the leaf of every tree adds).

    Attributes:
        start: the log-odds before any tree.
        roots: int64 [trees], the node that each begins with.
        feature: int64 [nodes], what a node asks for; 0 in a leaf.
        threshold: float64 [nodes], up to which it goes left; a leaf has infinity.
        left, right: int64 [nodes], where it goes on; a leaf stays where it is.
        value: float64 [nodes], what a leaf adds.
        depth: the most questions on the way to a leaf.
    """

    start: float
    roots: Codes
    feature: Codes
    threshold: Floats
    left: Codes
    right: Codes
    value: Floats
    depth: int

    def __call__(self, features: Embeddings) -> Floats:
        """Return probabilities, float64 [n], for features, float32 [n, features]."""
        odds = np.full(len(features), self.start)
        for begin in range(0, len(features), _BLOCK):
            block = np.ascontiguousarray(features[begin : begin + _BLOCK].T)
            odds[begin : begin + _BLOCK] += self._odds(block)
        return logistic(odds)

    def _odds(self, columns: Embeddings) -> Floats:
        """Return what all trees add for features [features, n]."""
        flat, n = columns.ravel(), columns.shape[1]
        place, odds = np.arange(n), np.zeros(n)
        for root in self.roots:
            node = np.full(n, root)
            for _ in range(self.depth):
                lower = flat[self.feature[node] * n + place] <= self.threshold[node]
                node = np.where(lower, self.left[node], self.right[node])
            odds += self.value[node]
        return odds

    @property
    def parts(self) -> dict[str, NDArray[Any]]:
        """The arrays that it consists of, by name."""
        return {
            "start": np.array([self.start, float(self.depth)]),
            "roots": self.roots,
            "feature": self.feature,
            "threshold": self.threshold,
            "left": self.left,
            "right": self.right,
            "value": self.value,
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, NDArray[Any]], features: int) -> Trees:
        """Read what `parts` gave.

        Args:
            parts: the arrays.
            features: how many a row has; no node may ask for another.

        Raises:
            KeyError, ValueError: one is missing, has another shape, or leads out of the trees.
        """
        start, depth = parts["start"].astype(np.float64).tolist()
        roots, feature, left, right = (
            parts[name].astype(np.int64) for name in ("roots", "feature", "left", "right")
        )
        threshold, value = (parts[name].astype(np.float64) for name in ("threshold", "value"))
        found = cls(start, roots, feature, threshold, left, right, value, int(depth))
        found._check(features)
        return found

    def _check(self, features: int) -> None:
        nodes = len(self.value)
        for way in (self.roots, self.left, self.right):
            if len(way) and not (way.min() >= 0 and way.max() < nodes):
                raise ValueError("a node of its trees leads to none")
        if {self.feature.shape, self.threshold.shape, self.left.shape, self.right.shape} != {
            (nodes,)
        }:
            raise ValueError("the arrays of its trees are of different length")
        if nodes and not (self.feature.min() >= 0 and self.feature.max() < features):
            raise ValueError(f"its trees ask for more than {features} features")
        finite = np.isfinite(self.value).all() and np.isfinite(self.start)
        if not finite or np.isnan(self.threshold).any() or not 0 <= self.depth <= 64:
            raise ValueError("its trees hold what is no number")
