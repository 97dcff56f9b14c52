"""What to show next to a person who names a batch, so that each action names most specimens.

Whole clusters come first, the largest and most coherent of them before all; then specimens that
another name fits better than theirs, or any fits at all, together under that name; then singles.
Naming teaches: ask again after some steps, with names compared anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..arrays import Codes, Flags, Floats, Ids
from .doubts import Ratios
from .proposals import by_name, how_usual

Kind = Literal["cluster", "proposal", "single"]


@dataclass(frozen=True, eq=False)
class Step:
    """Something to show, and what one action on it may do.

    Attributes:
        kind: a cluster without a name, a name that is proposed for several, or a single specimen.
        rows: int64 [m], the specimens, the surest first.
        gain: how many of them one action names right, by expectation.
        name: the class that is proposed, -1 for none.
        cluster: which one it is, -1 for none.
    """

    kind: Kind
    rows: Ids
    gain: float
    name: int = -1
    cluster: int = -1


@dataclass(frozen=True, eq=False)
class Batch:
    """n specimens that are being named, and what is known of them by now.

    Attributes:
        clusters: int64 [n], -1 for none.
        coherence: float64 [n] in [0, 1], how sure each belongs to its cluster.
        names: int64 [n], classes that people gave so far, -1 for none.
        decided: bool [n], of these a person looked at by itself.
        ratios: how the name fits and the likeliest other; `training.doubts`.
        usual: float64, ascending: how specimens fit their names where these are known.
        refused: {(row, class)} that a person turned down.
    """

    clusters: Codes
    coherence: Floats
    names: Codes
    decided: Flags
    ratios: Ratios
    usual: Floats
    refused: frozenset[tuple[int, int]] = frozenset()


def agenda(batch: Batch) -> list[Step]:
    """Return what is left to look at, the most saving first; at the end one by one.

    >>> none = np.full(3, -1)
    >>> ratios = Ratios(np.zeros(3), np.full(3, -9.0), none)
    >>> batch = Batch(np.array([0, 0, 1]), np.ones(3), none, none > 0, ratios, np.zeros(1))
    >>> [(step.kind, step.rows.tolist()) for step in agenda(batch)]
    [('cluster', [0, 1]), ('single', [0]), ('single', [1]), ('single', [2])]
    """
    grouped = [*_whole_clusters(batch), *_proposals(batch)]
    shown = sorted(grouped, key=lambda step: -step.gain)
    return [*shown, *_singles(batch)]


def _whole_clusters(batch: Batch) -> list[Step]:
    open_rows = np.flatnonzero((batch.clusters >= 0) & (batch.names < 0) & ~batch.decided)
    return [
        Step(
            "cluster",
            _surest(rows, batch.coherence),
            float(batch.coherence[rows].sum()),
            cluster=int(batch.clusters[rows[0]]),
        )
        for rows in _by(batch.clusters, open_rows)
        if len(rows) > 1
    ]


def _proposals(batch: Batch) -> list[Step]:
    """Return names that fit specimens better than theirs, each with all of these."""
    fits = how_usual(batch.usual, batch.ratios.best)
    better = (batch.ratios.best > batch.ratios.own) | (batch.names < 0)
    asked = (batch.ratios.other >= 0) & better & ~batch.decided & (fits > 0)
    rows = np.flatnonzero(asked)
    told = batch.ratios.other
    rows = rows[[(int(row), int(told[row])) not in batch.refused for row in rows]]
    return [
        Step("proposal", mine, float(fits[mine].sum()), int(told[mine[0]]))
        for mine in by_name(told, fits, rows)
        if len(mine) > 1
    ]


def _singles(batch: Batch) -> list[Step]:
    """Return all that nobody looked at by itself: those without a name, then the most doubtful."""
    rows = np.flatnonzero(~batch.decided)
    doubt = np.where(batch.names < 0, np.inf, batch.ratios.best - batch.ratios.own)
    return [Step("single", np.array([row]), 1.0) for row in _surest(rows, doubt)]


def _surest(rows: Ids, values: Floats) -> Ids:
    ordered: Ids = rows[np.argsort(-values[rows], kind="stable")]
    return ordered


def _by(codes: Codes, rows: Ids) -> list[Ids]:
    """Return rows in groups of one code."""
    if not len(rows):
        return []
    order = rows[np.argsort(codes[rows], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
