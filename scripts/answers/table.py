"""Answers as a CSV file, one row a specimen, written as they come."""

from __future__ import annotations

import csv
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from holotype.index.identification.answers import in_words
from holotype.index.identification.many.outcomes import Outcome, Refusal
from holotype.index.taxonomy import lowest_name
from holotype.index.visible import guarded

from .files import opened_new

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
    "nearest",
    "nearest_image_id",
    "nearest_cosine",
    "calibration",
    "reason",
    "notes",
    "pictures",
    "error",
)


class AnswerTable:
    """A CSV file in UTF-8 to which answers are added; what was added stays after an interruption.

    Args:
        path: of the file.
        overwrite: replace a file that is there.

    Raises:
        UsageError: it is there already.
    """

    def __init__(self, path: Path, *, overwrite: bool = False) -> None:
        self._file = opened_new(path, overwrite=overwrite)
        self._rows = csv.DictWriter(self._file, COLUMNS, restval="", lineterminator="\n")
        self._rows.writeheader()

    def add(self, outcome: Outcome) -> None:
        """Add a row for a specimen with an answer, and one for every refused picture."""
        if outcome.answer is not None:
            self._write(_answer_row(outcome))
        for refusal in outcome.refused:
            self._write(_refusal_row(outcome, refusal))
        self._file.flush()

    def _write(self, row: dict[str, Any]) -> None:
        self._rows.writerow({name: guarded(value) for name, value in row.items()})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()


def _answer_row(outcome: Outcome) -> dict[str, Any]:
    answer = outcome.answer
    assert answer is not None  # the caller has asked
    found, nearest, said = answer.determination, answer.neighbours[:1], in_words(answer)
    row: dict[str, Any] = {
        "path": answer.image,
        "specimen_id": outcome.specimen.specimen_id,
        "determination": said.name,
        "rank": said.rank,
        "confidence": _figure(found.confidence) if found else "",
        "novelty": _figure(answer.novelty),
        "calibration": answer.calibration,
        "reason": said.why,
        "notes": " ".join((*said.notes, *said.about_figures)),
        "pictures": len(outcome.used),
    }
    for rank in ("species", "genus", "family"):
        if answer.ranks.get(rank):
            taxon, p = answer.ranks[rank][0]
            row |= {rank: taxon, f"{rank}_p": _figure(p)}
    for hit in nearest:
        row["nearest"] = lowest_name(hit.image.lineage)
        row |= {"nearest_image_id": hit.image.image_id, "nearest_cosine": _figure(hit.score)}
    return row


def _refusal_row(outcome: Outcome, refusal: Refusal) -> dict[str, Any]:
    return {
        "path": refusal.path,
        "specimen_id": outcome.specimen.specimen_id,
        "error": refusal.reason,
    }


def _figure(value: float | None) -> float | str:
    """Return a figure as a table holds it: five digits behind the point, empty where not known."""
    return "" if value is None else round(float(value), 5)
