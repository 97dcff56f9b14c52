"""What the tables of all protocols are made with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from holotype.notebook.figures import figure_text

from ..console import out


def say(text: str) -> None:
    """Print a line as it is."""
    out.print(text, highlight=False, soft_wrap=True)


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows without lines, the first column at the left, all others at the right."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for place, name in enumerate(columns):
        table.add_column(name, justify="right" if place else "left", no_wrap=place > 0)
    for row in rows:
        table.add_row(*row)
    out.print(table)


def interval_text(found: dict[str, float | None]) -> str:
    """Return an estimate with its interval, such as `0.400 (0.332 to 0.469)`."""
    low, high = figure_text(found["low"]), figure_text(found["high"])
    return f"{figure_text(found['estimate'])} ({low} to {high})"
