"""Answers as the rows of a table, one a specimen, and a row for every picture that is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...taxonomy import lowest_name
from ...visible import guarded
from ..answers import Answer, in_words
from .outcomes import Outcome

COLUMNS = (
    "path",
    "specimen_id",
    "determination",
    "rank",
    "confidence",
    "species",
    "species_p",
    "genus",
    "genus_p",
    "family",
    "family_p",
    "novelty",
    "novelty_in_words",
    "nearest",
    "nearest_image_id",
    "nearest_cosine",
    "calibration",
    "reason",
    "notes",
    "pictures",
    "error",
)


def rows_of(outcome: Outcome) -> Iterator[dict[str, Any]]:
    """Yield the row of a specimen with an answer, and one for every refused picture."""
    own = outcome.specimen.specimen_id
    if outcome.answer is not None:
        yield answer_row(outcome.answer, own, len(outcome.used))
    for refusal in outcome.refused:
        yield refusal_row(refusal.path, own, refusal.reason)


def answer_row(answer: Answer, specimen_id: str, pictures: int) -> dict[str, Any]:
    """Return a row of `COLUMNS`; what is not known is left out.

    Args:
        specimen_id: what its owner calls it; empty where nobody has said.
        pictures: how many the answer rests on.
    """
    found, nearest, said = answer.determination, answer.neighbours[:1], in_words(answer)
    row: dict[str, Any] = {
        "path": answer.image,
        "specimen_id": specimen_id,
        "determination": said.name,
        "rank": said.rank,
        "confidence": _figure(found.confidence) if found else "",
        "novelty": _figure(answer.novelty),
        "novelty_in_words": answer.judgement.novelty_in_words,
        "calibration": answer.calibration,
        "reason": said.why,
        "notes": " ".join((*said.notes, *said.about_figures)),
        "pictures": pictures,
    }
    for rank in ("species", "genus", "family"):
        if answer.ranks.get(rank):
            taxon, p = answer.ranks[rank][0]
            row |= {rank: taxon, f"{rank}_p": _figure(p)}
    for hit in nearest:
        row["nearest"] = lowest_name(hit.image.lineage)
        row |= {"nearest_image_id": hit.image.image_id, "nearest_cosine": _figure(hit.score)}
    return _guarded(row)


def refusal_row(path: str, specimen_id: str, reason: str) -> dict[str, Any]:
    """Return the row of a picture that cannot be used."""
    return _guarded({"path": path, "specimen_id": specimen_id, "error": reason})


def _guarded(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row that no spreadsheet takes for formulas."""
    return {name: guarded(value) for name, value in row.items()}


def _figure(value: float | None) -> float | str:
    """Return a figure as a table holds it: five digits behind the point, empty where not known."""
    return "" if value is None else round(float(value), 5)
