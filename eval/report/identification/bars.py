"""Bars about answers: ranks given, distributions. Each returns an `<svg>` element."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch

from holotype.index.arrays import Floats

from ..drawing import INK, LINE, MUTED, RIGHT, WRONG, panels, share_axis, to_svg

_BINS = 25


@dataclass(frozen=True)
class RankBars:
    """What one kind of specimen was given.

    Attributes:
        title: of its panel.
        ranks: finest first, the last is for no answer.
        right, wrong: float64 [ranks], shares of the kind's specimens; of no answer, `wrong` is 0
            and `right` its share.
    """

    title: str
    ranks: Sequence[str]
    right: Floats
    wrong: Floats


def rank_bars(kinds: Sequence[RankBars]) -> str:
    """Draw one panel a kind, one bar a rank: right answers, then wrong ones."""
    figure, every = panels(1.3 + 0.34 * len(kinds[0].ranks), len(kinds))
    for axes, kind in zip(every, kinds, strict=True):
        _rank_panel(axes, kind, named=axes is every[0])
    names = (("right", RIGHT), ("wrong", WRONG), ("no answer", MUTED))
    handles = [Patch(color=colour, alpha=0.75, label=name) for name, colour in names]
    figure.legend(
        handles=handles,
        loc="outside upper left",
        ncols=3,
        frameon=False,
        labelcolor=INK,
        fontsize=9,
    )
    return to_svg(figure, "given")


def _rank_panel(axes: Axes, kind: RankBars, *, named: bool) -> None:
    rows = np.arange(len(kind.ranks))
    colours = [RIGHT] * (len(rows) - 1) + [MUTED]
    axes.barh(rows, kind.right, height=0.62, color=colours, alpha=0.75)
    axes.barh(rows, kind.wrong, left=kind.right, height=0.62, color=WRONG, alpha=0.75)
    for row, share in enumerate((kind.right + kind.wrong).tolist()):
        axes.text(share + 0.02, row, f"{100 * share:.0f} %", va="center", color=INK, fontsize=8.5)
    axes.set_yticks(rows, kind.ranks if named else [""] * len(rows))
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_title(kind.title, fontsize=9, color=INK, loc="left")
    share_axis(axes, "x", "share of them")
    axes.set_xlim(0, 1.18)
    axes.spines["left"].set_visible(False)


@dataclass(frozen=True)
class Scores:
    """Scores in [0, 1] of one group of specimens, and the colour they are drawn in."""

    title: str
    values: Floats
    colour: str


def distributions(groups: Sequence[Scores], threshold: float, *, axis: str) -> str:
    """Draw one histogram a group, one below the other, and a line at the threshold."""
    figure, every = panels(0.9 + 0.78 * len(groups), 1, len(groups))
    edges = np.linspace(0, 1, _BINS + 1)
    for axes, group in zip(every, groups, strict=True):
        counts, _ = np.histogram(group.values, edges)
        shares = counts / max(len(group.values), 1)
        axes.bar(edges[:-1], shares, 0.92 / _BINS, align="edge", color=group.colour, alpha=0.75)
        axes.axvline(threshold, color=INK, linewidth=1, linestyle=(0, (4, 3)))
        axes.set_xlim(-0.01, 1.01)
        axes.set_ylim(0, max(float(shares.max()), 0.05) * 1.1)
        axes.set_yticks([])
        axes.set_ylabel(
            f"{group.title}\n({len(group.values):,})", rotation=0, ha="right", va="center"
        )
        axes.set_xticks(np.linspace(0, 1, 6), [""] * 6)
        axes.grid(axis="x", color=LINE, linewidth=0.6)
        axes.spines["left"].set_visible(False)
    every[-1].set_xticks(np.linspace(0, 1, 6), ["0", "0.2", "0.4", "0.6", "0.8", "1"])
    every[-1].set_xlabel(axis)
    return to_svg(figure, "known")
