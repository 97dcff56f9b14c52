"""Curves about answers. Each returns an `<svg>` element."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.metrics import roc_curve

from holotype.index.arrays import Codes, Floats

from ...measures.calibration_error import Reliability
from ...measures.intervals import wilson_bounds
from ..drawing import INK, LINE, MUTED, RIGHT, WRONG, canvas, panels, share_axis, to_svg

_MOST_POINTS = 400  # of a line; more are not seen and make the page heavy
_DASHES = (0, (4, 3))


def threshold_curves(curve: pd.DataFrame, marks: Mapping[str, float]) -> str:
    """Draw coverage, accuracy and kappa against the threshold.

    Args:
        curve: from `selective_curve`.
        marks: thresholds to mark by name; those that are not finite are left out.
    """
    figure, axes = canvas(3.6)
    shown = curve.iloc[_thinned(len(curve))]
    at = shown["threshold"]
    for name, colour, style in (
        ("coverage", MUTED, "-"),
        ("accuracy", RIGHT, "-"),
        ("kappa", WRONG, _DASHES),
    ):
        values = shown[name].to_numpy(np.float64)
        axes.plot(at, values, color=colour, linestyle=style, linewidth=2, label=name)
    axes.legend(loc="lower left", frameon=False, labelcolor=INK, fontsize=9)
    _mark(axes, marks)
    share_axis(axes, "x", "threshold on P(right)")
    share_axis(axes, "y", "share, or kappa")
    return to_svg(figure, "threshold")


def _mark(axes: Axes, marks: Mapping[str, float]) -> None:
    """Draw a named line at each threshold, its name on the side where no other line stands."""
    finite = sorted((at, name) for name, at in marks.items() if math.isfinite(at))
    for place, (at, name) in enumerate(finite):
        axes.axvline(at, color=INK, linewidth=1, linestyle=(0, (1, 2)))
        left = at > 0.88 or (place == 0 and at > 0.2)
        axes.annotate(
            f"{name} {at:.2f}",
            (at, 0.3 - 0.09 * place),
            xytext=(-5 if left else 5, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            color=INK,
            fontsize=9,
        )


def risk_coverage(curve: pd.DataFrame) -> str:
    """Draw the share of wrong answers against coverage, beside the best possible order."""
    figure, axes = canvas(3.2)
    shown = curve.iloc[_thinned(len(curve))]
    risk = 1 - shown["accuracy"].to_numpy(np.float64)
    error = 1 - float(curve["accuracy"].iloc[-1])
    coverage = np.linspace(0, 1, 200)[1:]
    best = np.maximum(0, coverage - (1 - error)) / coverage
    axes.plot(shown["coverage"], risk, color=RIGHT, linewidth=2, label="these answers")
    axes.plot(
        coverage, best, color=MUTED, linestyle=_DASHES, linewidth=1.4, label="best possible order"
    )
    axes.legend(loc="upper left", frameon=False, labelcolor=INK, fontsize=9)
    share_axis(axes, "x", "coverage")
    axes.set_ylim(0, max(float(risk.max()), 0.02) * 1.25)
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_ylabel("share wrong")
    return to_svg(figure, "risk")


@dataclass(frozen=True)
class RankReliability:
    """Reliability at one rank; `mixed` is None without novel specimens."""

    rank: str
    known: Reliability
    mixed: Reliability | None


def reliability_panels(ranks: Sequence[RankReliability]) -> str:
    """Draw stated confidence against the share that is right, a panel a rank."""
    columns = min(len(ranks), 4)
    rows = math.ceil(len(ranks) / columns)
    figure, every = panels(0.35 + 2.3 * rows, columns, rows, width=max(2.15 * columns, 4.3))
    for axes, one in zip(every, ranks, strict=False):
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=_DASHES)
        _intervals(axes, one.known)
        _bins(axes, one.known, "o", RIGHT, "known")
        if one.mixed is not None:
            _bins(axes, one.mixed, "s", WRONG, "with novel")
        axes.set_title(one.rank, fontsize=9, color=INK, loc="left")
        axes.set_aspect("equal")
        share_axis(axes, "x", "stated probability")
        share_axis(axes, "y", "share right" if axes in every[::columns] else "")
        axes.set_xticks([0, 0.5, 1], ["0", "0.5", "1"])
        axes.set_yticks([0, 0.5, 1], ["0", "0.5", "1"])
    every[0].legend(loc="upper left", frameon=False, labelcolor=INK, fontsize=8)
    for axes in every[len(ranks) :]:
        axes.set_visible(False)
    return to_svg(figure, "reliability")


def _bins(axes: Axes, found: Reliability, marker: str, colour: str, label: str) -> None:
    axes.plot(
        found.bins["confidence"],
        found.bins["accuracy"],
        marker,
        color=colour,
        markersize=5,
        alpha=0.8,
        markeredgewidth=0,
        label=label,
    )


def _intervals(axes: Axes, found: Reliability) -> None:
    """Draw Wilson's interval of the share right; weighted specimens would have no such one."""
    n, right = found.bins["n"], found.bins["accuracy"]
    low, high = wilson_bounds(right * n, n)
    axes.vlines(found.bins["confidence"], low, high, color=RIGHT, linewidth=1, alpha=0.5)


def roc(known: Floats, novel: Mapping[str, Floats]) -> str:
    """Draw the share of known specimens kept against the share of novel ones taken for known."""
    figure, axes = canvas(3.4)
    axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=_DASHES)
    axes.axhline(0.95, color=LINE, linewidth=1)
    axes.text(1.02, 0.925, "95 % kept", ha="right", va="top", color=MUTED, fontsize=8.5)
    for (name, scores), colour in zip(novel.items(), (RIGHT, WRONG), strict=False):
        truth = np.arange(len(known) + len(scores)) < len(known)
        accepted, kept, _ = roc_curve(truth, np.concatenate([known, scores]))
        shown = _thinned(len(kept))
        axes.plot(accepted[shown], kept[shown], color=colour, linewidth=2, label=name)
    axes.legend(loc="lower right", frameon=False, labelcolor=INK, fontsize=9)
    share_axis(axes, "x", "novel specimens taken for known")
    share_axis(axes, "y", "known specimens kept")
    return to_svg(figure, "roc")


def _thinned(n: int) -> Codes:
    """Return at most so many places of n, evenly spread, the ends among them."""
    return np.unique(np.linspace(0, max(n - 1, 0), min(n, _MOST_POINTS)).round()).astype(np.int64)
