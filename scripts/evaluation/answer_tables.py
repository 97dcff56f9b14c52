"""How honest answers are, as lines on the terminal."""

from __future__ import annotations

from typing import Any

from .tables import figure_text, say

_ENDS = {
    "known": {
        "finest_right": "named at the finest rank, rightly",
        "finest_wrong": "named at the finest rank, wrongly",
        "higher_right": "named at a higher rank, rightly",
        "higher_wrong": "named at a higher rank, wrongly",
        "unanswered": "not named",
    },
    "novel": {
        "named_wrongly": "named wrongly",
        "higher_right": "named at a right higher rank",
        "unknown": "called unknown",
    },
}


def show_answers(found: dict[str, Any]) -> None:
    """Print how honest the answers are over all draws."""
    mean = found["mean"]
    for kind, ends in _ENDS.items():
        for end, told in ends.items():
            say(f"{figure_text(mean['outcomes'][kind][end]):>8}  {kind} specimens, {told}")
    rows = (
        ("given answers that are right, at the stated prior", mean["given_answers_right"]),
        ("AUROC of known against novel", mean["novelty"]["auroc"]),
        ("coverage at the threshold for kappa .974", mean["selective"]["coverage"]),
        ("kappa there", mean["selective"]["kappa"]),
        ("95 % sets that hold the species", mean["set_coverage"]),
        ("species in a set", mean["set_size"]),
        ("lie further away than 95 % of those it was calibrated on", mean["unusually_far"]),
    )
    for what, value in rows:
        say(f"{figure_text(value):>8}  {what}")
    for rank, error in found["pooled"]["ece_known"].items():
        mixed = found["pooled"]["ece_open"].get(rank)
        say(
            f"{figure_text(error):>8}  calibration error at {rank}, known specimens"
            f" ({figure_text(mixed)} with novel ones at the stated prior)"
        )
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
