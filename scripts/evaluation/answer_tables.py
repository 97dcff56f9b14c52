"""How honest answers are, as lines on the terminal."""

from __future__ import annotations

from typing import Any

from holotype.notebook.figures import answer_rows, figure_text

from .tables import say


def show_answers(found: dict[str, Any]) -> None:
    """Print how honest the answers are over all draws."""
    for figure, what in answer_rows(found):
        say(f"{figure:>8}  {what}")
    if found["with_leaks"]:
        _show_with_leaks(found["with_leaks"])
    say(f"{len(found['runs'])} draw(s); --json has each, with intervals")


def _show_with_leaks(with_leaks: dict[str, Any]) -> None:
    """Print what the split would have shown with what gives its answers away."""
    leaks, mean = with_leaks["leaks"], with_leaks["mean"]
    known = mean["outcomes"]["known"]["finest_right"]
    say(
        f"{leaks['n_leaking']} of {leaks['n_queries']} queries are given away by the gallery: "
        f"{with_leaks['left_out']} gallery images that cross are left out above. With them "
        f"{figure_text(known)} of known specimens would be right at the finest rank, and "
        f"{figure_text(mean['given_answers_right'])} of given answers right"
    )
