"""What became of the specimens that asked: a stacked bar each for known and novel, and a table."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.patches import Patch

from ...identification.outcomes import Outcomes, together
from ...measures.intervals import Interval
from ..blocks import Figure, Table
from ..cells import Cell, Column, count_cell, interval_cells, interval_text, share_cell
from ..drawing import INK, MUTED, RIGHT, WRONG, canvas, share_axis, to_svg
from .subject import AnswerSubject

_STRONG, _WEAK = 0.6, 0.28  # of colours, so that text stays readable on them
_LEAST_TOLD = 0.045  # share of a bar from which its figure fits into it


@dataclass(frozen=True)
class End:
    """One end that a specimen can come to.

    Attributes:
        kind: `known` or `novel`.
        name: in `Outcomes`.
        told: in words.
        colour, strength: how it is drawn.
        legend: what the colour means in both bars.
    """

    kind: str
    name: str
    told: str
    colour: str
    strength: float
    legend: str


def ends(rank: str) -> tuple[End, ...]:
    """Return every end, as a bar shows them from the left."""
    right, wrong = f"{rank}, right", f"{rank}, wrong (of novel: any wrong name)"
    higher, none, astray = "higher rank, right", "no answer", "higher rank, wrong"
    return (
        End("known", "finest_right", right, RIGHT, _STRONG, right),
        End("known", "higher_right", higher, RIGHT, _WEAK, higher),
        End("known", "unanswered", "not answered", MUTED, _WEAK, none),
        End("known", "higher_wrong", astray, WRONG, _WEAK, astray),
        End("known", "finest_wrong", f"{rank}, wrong", WRONG, _STRONG, wrong),
        End("novel", "higher_right", higher, RIGHT, _WEAK, higher),
        End("novel", "unknown", "unknown", MUTED, _WEAK, none),
        End("novel", "named_wrongly", "named wrongly", WRONG, _STRONG, wrong),
    )


def outcomes(subject: AnswerSubject) -> tuple[Figure, Table]:
    """Return the picture and the table of what became of everybody, over all draws."""
    draws = [draw.figures.outcomes for draw in subject.found.draws]
    whole = together(draws)
    shown = [end for end in ends(subject.rank) if sum(_counts(whole, end.kind).values())]
    said = "; ".join(
        f"{kind}: " + ", ".join(f"{end.told} {_share(whole, end):.0%}" for end in of)
        for kind in ("known", "novel")
        if (of := [end for end in shown if end.kind == kind])
    )
    figure = Figure(
        "What became of the specimens that asked",
        stacked_bars(shown, whole),
        f"Stacked bars. {said}.",
        f"Every specimen counts once. Known: the gallery has its {subject.rank}; novel: it has "
        f"not, so that a {subject.rank} is always wrong. “Higher rank” is a name above "
        f"{subject.rank}, at a rank at which the gallery offers a choice.",
    )
    return figure, _table(draws, shown)


def stacked_bars(shown: Sequence[End], whole: Outcomes) -> str:
    """Draw one bar a kind of specimen."""
    kinds = list(dict.fromkeys(end.kind for end in shown))
    figure, axes = canvas(1.5 + 0.55 * len(kinds))
    for row, kind in enumerate(kinds):
        left = 0.0
        for end in (end for end in shown if end.kind == kind):
            share = _share(whole, end)
            axes.barh(row, share, left=left, height=0.62, color=end.colour, alpha=end.strength)
            if share >= _LEAST_TOLD:
                middle, text = left + share / 2, f"{100 * share:.0f} %"
                axes.text(middle, row, text, ha="center", va="center", color=INK, fontsize=9)
            left += share
    names = [f"{kind} ({sum(_counts(whole, kind).values()):,})" for kind in kinds]
    axes.set_yticks(range(len(kinds)), names)
    axes.set_ylim(len(kinds) - 0.5, -0.5)
    share_axis(axes, "x", "share of them")
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    legend = {end.legend: end for end in shown}
    figure.legend(
        handles=[
            Patch(color=end.colour, alpha=end.strength, label=name) for name, end in legend.items()
        ],
        loc="outside upper left",
        ncols=3,
        frameon=False,
        labelcolor=INK,
        fontsize=9,
    )
    return to_svg(figure, "ends")


def _table(draws: Sequence[Outcomes], shown: Sequence[End]) -> Table:
    """Return the shares with their intervals; of several draws their mean and range."""
    one = len(draws) == 1
    columns = (
        Column("specimens", 0.9, numeric=False),
        Column("end", 1.6, numeric=False),
        Column("n", 0.7),
        Column("share", 2.4),
        Column("95 % interval" if one else "from – to, over draws", 1.4),
    )
    whole = together(draws)
    rows = [
        (Cell(end.kind), Cell(end.told), count_cell(_counts(whole, end.kind)[end.name]), *cells)
        for end in shown
        if (cells := _cells([draw.intervals(end.kind)[end.name] for draw in draws]))
    ]
    reading = "Shares of the specimens of each kind, with Wilson's interval."
    if not one:
        reading = (
            f"Mean share over {len(draws)} draws, and the range; n counts a specimen in every draw "
            "that it asked in. Draws share images, so their range is no interval."
        )
    return Table("", columns, rows, reading)


def _cells(found: Sequence[Interval]) -> tuple[Cell, Cell]:
    if len(found) == 1:
        return interval_cells(found[0])
    values = [each.estimate for each in found if each.estimate == each.estimate]
    bounds = (min(values), max(values))
    return share_cell(statistics.fmean(values), bar=True, interval=bounds), Cell(
        interval_text(*bounds)
    )


def _counts(whole: Outcomes, kind: str) -> dict[str, int]:
    return dict(whole.known if kind == "known" else whole.novel)


def _share(whole: Outcomes, end: End) -> float:
    counts = _counts(whole, end.kind)
    return counts[end.name] / sum(counts.values())
