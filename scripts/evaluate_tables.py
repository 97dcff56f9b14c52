"""The figures of `holotype eval` as tables on the terminal."""

from __future__ import annotations

from typing import Any

from .console import out
from .evaluate_identification import figure_text as _figure


def show_leaks(found: dict[str, Any]) -> None:
    """Print recall@1 with and without what crosses the split."""
    for rank, inflated in found["recall_at_1_with_leaks"].items():
        clean = found["ranks"][rank]["recall"]["1"]["micro"]
        out.print(
            f"{rank}: recall@1 {_figure(clean)}; it would have seemed {_figure(inflated)} with the "
            "specimens and copies that cross the split",
            highlight=False,
            soft_wrap=True,
        )


def show_comparison(found: dict[str, Any]) -> None:
    """Print what the second space gains over the first."""
    if "comparison" not in found:
        return
    before, after = (each["space"]["name"] for each in found["spaces"])
    rank, change = list(found["comparison"].items())[-1]
    gain = change["gain_over_taxa"]
    out.print(
        f"{rank}: {before} {_figure(change['before']['micro'])} → {after} "
        f"{_figure(change['after']['micro'])}, gain {_figure(gain['estimate'])} "
        f"({_figure(gain['low'])}–{_figure(gain['high'])} over taxa), "
        f"{change['fewer_errors'] or 0:.0%} fewer errors, {change['fixes']} fixed, "
        f"{change['breaks']} broken (McNemar p = {change['p']:.2g})",
        highlight=False,
        soft_wrap=True,
    )
    for title, key in (("most improved", "most_improved"), ("most worsened", "most_worsened")):
        named = ", ".join(f"{row['taxon']} {row['gain']:+.2f}" for row in change[key][:5])
        out.print(f"  {title}: {named or 'none'}", highlight=False, soft_wrap=True)


def show_recall(found: dict[str, Any]) -> None:
    """Print recall at every rank as a table."""
    from rich.table import Table

    protocol = found["protocol"]
    out.print(
        f"{found['n']} queries against {protocol['n_gallery']} gallery images, "
        f"{protocol['name']}, own specimens excluded",
        highlight=False,
    )
    table = Table(box=None, padding=(0, 2))
    for name in ("rank", "recall@1", "95 % interval", "@5", "@10", "macro @1", "n"):
        table.add_column(name, justify="left" if name == "rank" else "right", no_wrap=True)
    for rank, row in found["ranks"].items():
        recall, interval = row["recall"], row["recall_at_1_interval"]
        table.add_row(
            rank,
            _figure(recall["1"]["micro"]),
            f"{_figure(interval['low'])}–{_figure(interval['high'])}",
            _figure(recall["5"]["micro"]),
            _figure(recall["10"]["micro"]),
            _figure(recall["1"]["macro"]),
            str(row["n_answerable"]),
        )
    out.print(table)
