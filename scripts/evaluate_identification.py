"""`holotype eval --identification`: how honest are this collection's answers?"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .console import err, out, require_report


def run_identification(folder: Path, *, to: Path | None = None, **asked: Any) -> dict[str, Any]:
    """Measure the answers, write the report where a folder is given, and return the figures."""
    from holotype.eval.identification.evaluate import evaluate_honesty
    from holotype.eval.report import write_report
    from holotype.index.collection import Collection

    if to is not None:
        require_report(to)
    with Collection.open(folder) as opened:
        with err.status("Calibrating and identifying …"):
            found = evaluate_honesty(opened, **asked)
        if to is not None:
            with err.status("Drawing the report …"):
                write_report(found, opened, to)
        return found.to_dict()


def show_identification(found: dict[str, Any], to: Path | None = None) -> None:
    """Print how honest the answers are over all draws, and where the report is."""
    mean = found["mean"]
    rows = (
        ("known specimens with a right answer at some rank", mean["known_right_at_some_rank"]),
        ("given answers that are right, at the stated prior", mean["given_answers_right"]),
        ("novel specimens given a species", mean["over_commitment"]),
        ("AUROC of known against novel", mean["novelty"]["auroc"]),
        ("coverage at the threshold for kappa .974", mean["selective"]["coverage"]),
        ("kappa there", mean["selective"]["kappa"]),
        ("95 % sets that hold the species", mean["set_coverage"]),
        ("species in a set", mean["set_size"]),
    )
    for what, value in rows:
        out.print(f"{figure_text(value):>8}  {what}", highlight=False)
    for rank, error in found["pooled"]["ece_known"].items():
        mixed = found["pooled"]["ece_open"].get(rank)
        out.print(
            f"{figure_text(error):>8}  calibration error at {rank}, known specimens"
            f" ({figure_text(mixed)} with novel ones at the stated prior)",
            highlight=False,
        )
    out.print(f"{len(found['runs'])} draw(s); --json has each, with intervals", highlight=False)
    if to is not None:
        out.print(f"Report: {to / 'report.html'}", highlight=False, soft_wrap=True)


def figure_text(value: float | None) -> str:
    """Return a figure to three digits, a dash where it is not known."""
    return "–" if value is None else f"{value:.3f}"
