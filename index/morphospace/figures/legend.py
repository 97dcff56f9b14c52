"""The names of few groups, beside the map."""

from __future__ import annotations

from collections.abc import Sequence

from ...visible import visible
from .marks import Look
from .palette import UNNAMED, darker
from .plot import Plot
from .style import MUTED, Sheet


def legend(page: Sheet, plot: Plot, looks: Sequence[Look]) -> None:
    """Set the names beside the map, with how many images each has."""
    from matplotlib.lines import Line2D

    groups = plot.groups
    shown = [
        (f"{name} ({count})", colour, mark, colour)
        for name, count, (colour, mark) in zip(groups.names, groups.counts, looks, strict=True)
    ]
    unnamed = int((groups.codes < 0).sum())
    if unnamed:
        shown.append((f"no {groups.column} ({unnamed})", UNNAMED, "o", UNNAMED))
    shown += plot.placed_keys()
    lines = [
        Line2D([], [], ls="", marker=mark, mfc=fill, mec=darker(colour, 0.7), mew=0.4, ms=4.5)
        for _, colour, mark, fill in shown
    ]
    box = page.axes.get_position()
    legend = page.figure.legend(
        lines,
        [_wrapped(text) for text, *_ in shown],
        loc="center left",
        bbox_to_anchor=(box.x1 + 0.01, (box.y0 + box.y1) / 2),
        title=visible(groups.column),
        frameon=False,
        handletextpad=0.3,
        borderaxespad=0,
    )
    for text in legend.get_texts()[: len(groups.names)]:
        text.set_fontstyle("italic" if groups.italic else "normal")


def key_of_placed(page: Sheet, plot: Plot) -> None:
    """Say in a corner what hollow marks and crosses are."""
    words = {"o": "hollow", "x": "crossed"}
    text = "; ".join(f"{words[mark]}: {name}" for name, _, mark, _ in plot.placed_keys())
    page.axes.text(0.005, 0.005, text, transform=page.axes.transAxes, fontsize=5, color=MUTED)


def _wrapped(text: str) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(visible(text), 26)) or visible(text)
