"""The figures of an evaluation as rows of texts, for a notebook and for a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

Figures = Mapping[str, Any]  # as JSON has them

RECALL = ("rank", "recall@1", "95 % interval", "@5", "@10", "macro @1", "n")
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


def figure_text(value: float | None) -> str:
    """Return a figure to three digits, a dash where it is not known."""
    return "–" if value is None else f"{value:.3f}"


def figure_texts(values: Iterable[float | None]) -> list[str]:
    """Return figures as the cells of a row."""
    return [figure_text(value) for value in values]


def bounds_text(found: Mapping[str, float | None]) -> str:
    """Return the bounds of an interval, such as `0.332–0.469`."""
    return "–".join(figure_texts((found["low"], found["high"])))


def recall_row(rank: str, found: Figures) -> list[str]:
    """Return recall at a rank as a row of `RECALL`; all but `macro` are shares of pictures."""
    recall, interval = found["recall"], found["recall_at_1_interval"]
    shares = [recall["5"]["micro"], recall["10"]["micro"], recall["1"]["macro"]]
    first = figure_text(recall["1"]["micro"])
    return [rank, first, bounds_text(interval), *figure_texts(shares), str(found["n_answerable"])]


def answer_rows(found: Figures) -> Iterator[tuple[str, str]]:
    """Yield how honest answers are over all draws: a figure, and what it is of."""
    mean = found["mean"]
    for kind, ends in _ENDS.items():
        for end, told in ends.items():
            yield figure_text(mean["outcomes"][kind][end]), f"{kind} specimens, {told}"
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
        yield figure_text(value), what
    for rank, error in found["pooled"]["ece_known"].items():
        mixed = figure_text(found["pooled"]["ece_open"].get(rank))
        about = f"calibration error at {rank}, known specimens"
        yield figure_text(error), f"{about} ({mixed} with novel ones at the stated prior)"
