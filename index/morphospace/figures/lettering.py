"""Names beside what they name, none over another, and as few images as can be under them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ...arrays import Flags, Floats

_ANGLES = 24
_RINGS = (2.0, 5.0, 9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 66.0, 86.0, 110.0, 140.0, 180.0, 230.0)
_BIN = 2.0  # side of the squares that images are counted in
_ROUNDS = 3
_EDGE = 2.0  # that names keep from the edge of the sheet
_PAD = 0.6  # between two names

Box = tuple[float, float, float, float]  # left, bottom, right, top


@dataclass(frozen=True, eq=False)
class Sheet:
    """A rectangle that names are put on, and what lies on it; all in points (1/72 inch).

    Attributes:
        width, height: of the rectangle.
        points: float64 [n, 2], the images.
    """

    width: float
    height: float
    points: Floats

    @cached_property
    def _sums(self) -> Floats:
        """How many images lie left of and below each corner of the squares."""
        shape = (int(self.width / _BIN) + 2, int(self.height / _BIN) + 2)
        counts = np.zeros(shape)
        x, y = (self.points / _BIN).astype(np.int64).T
        inside = (x >= 0) & (y >= 0) & (x < shape[0]) & (y < shape[1])
        np.add.at(counts, (x[inside], y[inside]), 1)
        sums: Floats = np.pad(counts.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
        return sums

    def covered(self, boxes: Floats) -> Floats:
        """Return how many images lie under boxes, float64 [m, 4], of left, bottom, right, top."""
        sums = self._sums
        most = np.array(sums.shape) - 1
        low = np.clip((boxes[:, :2] / _BIN).astype(np.int64), 0, most)
        high = np.clip((boxes[:, 2:] / _BIN).astype(np.int64) + 1, 0, most)
        (left, bottom), (right, top) = low.T, high.T
        below: Floats = sums[right, top] - sums[right, bottom]
        below -= sums[left, top] - sums[left, bottom]
        return below


def place_labels(sheet: Sheet, anchors: Floats, sizes: Floats, *, per_unit: float = 0.2) -> Floats:
    """Return where names go, as boxes float64 [m, 4] of left, bottom, right, top.

    Each is tried all around what it names, near before far. The first round takes the most crowded
    first; further rounds move single ones to where they cover less.

    Args:
        sheet: what they are put on.
        anchors: float64 [m, 2], what each names.
        sizes: float64 [m, 2], their widths and heights.
        per_unit: what a point of distance costs; an image under a name costs 1.

    Returns:
        NaN for a name that finds no free place.
    """
    boxes = np.full((len(anchors), 4), np.nan)
    candidates = [_around(anchor, size) for anchor, size in zip(anchors, sizes, strict=True)]
    costs = [
        sheet.covered(tried) + per_unit * _distance(tried, anchor)
        for tried, anchor in zip(candidates, anchors, strict=True)
    ]
    inside = [_inside(tried, sheet) for tried in candidates]
    for _ in range(_ROUNDS):
        for name in np.argsort([-float(cost.min()) for cost in costs], kind="stable"):
            boxes[name] = np.nan
            free = inside[name] & ~_overlaps(candidates[name], boxes)
            if free.any():
                best = np.where(free, costs[name], np.inf).argmin()
                boxes[name] = candidates[name][best]
    return boxes


def _around(anchor: Floats, size: Floats) -> Floats:
    """Return boxes of a size around a point, near before far, float64 [c, 4]."""
    angles = np.linspace(0, 2 * np.pi, _ANGLES, endpoint=False)
    ways = np.stack((np.cos(angles), np.sin(angles)), axis=1)
    rings = np.array(_RINGS)[:, None, None]
    middles = (anchor + ways * (size / 2 + rings)).reshape(-1, 2)
    return np.hstack((middles - size / 2, middles + size / 2))


def _distance(boxes: Floats, anchor: Floats) -> Floats:
    """Return how far boxes lie from a point, float64 [c]."""
    aside = np.maximum(np.maximum(boxes[:, :2] - anchor, anchor - boxes[:, 2:]), 0)
    found: Floats = np.linalg.norm(aside, axis=1)
    return found


def _inside(boxes: Floats, sheet: Sheet) -> Flags:
    found: Flags = (
        (boxes[:, :2] >= _EDGE).all(axis=1)
        & (boxes[:, 2] <= sheet.width - _EDGE)
        & (boxes[:, 3] <= sheet.height - _EDGE)
    )
    return found


def _overlaps(tried: Floats, taken: Floats) -> Flags:
    """Return which boxes, [c, 4], lie over one of others, [m, 4]; those with NaN are nowhere."""
    others = taken[~np.isnan(taken[:, 0])]
    apart = (
        (tried[:, None, 0] >= others[None, :, 2] + _PAD)
        | (tried[:, None, 2] <= others[None, :, 0] - _PAD)
        | (tried[:, None, 1] >= others[None, :, 3] + _PAD)
        | (tried[:, None, 3] <= others[None, :, 1] - _PAD)
    )
    found: Flags = np.logical_not(apart.all(axis=1))
    return found
