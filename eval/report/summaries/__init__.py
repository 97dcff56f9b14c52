"""What was measured in one sentence that anybody understands, its weak spots included."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from holotype.index.collection import Collection
from holotype.index.storage.images import names_specimens

from ...classifiers.grid import Grid
from ...identification.draws import AnswerEvaluation
from ...retrieval.evaluate import Evaluation
from ...retrieval.learning_curve import Curve
from ...retrieval.two_spaces import SpaceComparison
from ...retrieval.unseen_species import UnseenSpecies
from ...set_ups.transfer import Transfer
from .of_answers import answers_in_words
from .of_classifiers import grid_in_words
from .of_recall import comparison_in_words, curve_in_words, recall_in_words, unseen_in_words
from .of_set_ups import transfer_in_words

__all__ = ["Measured", "figures_of", "summary_of"]

_ALONE = (
    "No picture has a specimen_id, so each counts as a specimen of its own: where several show one "
    "specimen, they give its name away, and these figures are too high."
)
_IN_WORDS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (AnswerEvaluation, answers_in_words),
    (SpaceComparison, comparison_in_words),
    (Transfer, transfer_in_words),
    (Curve, curve_in_words),
    (Grid, grid_in_words),
    (UnseenSpecies, unseen_in_words),
    (Evaluation, recall_in_words),
)


class Measured(Protocol):
    """What a protocol of `holotype.eval` returns."""

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as JSON-ready values."""
        ...


def summary_of(found: Measured) -> str:
    """Return what a protocol measured, in one sentence; empty where none is written for it."""
    return next((told(found) for kind, told in _IN_WORDS if isinstance(found, kind)), "")


def figures_of(found: Measured, collection: Collection) -> dict[str, Any]:
    """Return the figures as `report.json` has them: the sentence first (`summary`), then all.

    Args:
        collection: where it was measured; a second sentence tells where its specimens are unknown.
    """
    said = summary_of(found)
    if said and not names_specimens(collection.database):
        said += f" {_ALONE}"
    return {"summary": said, **found.to_dict()} if said else found.to_dict()
