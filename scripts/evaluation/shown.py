"""What the terminal shows of each protocol, while it is measured and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ..console import err, progress
from .answer_tables import show_answers
from .classifier_tables import show_grid
from .recall_tables import show_curve, show_folds, show_recall, show_unseen
from .transfer_tables import show_transfer

Show = Callable[[dict[str, Any]], None]

SHOWN: Mapping[str, Show] = {
    "leave-one-out": show_recall,
    "split": show_recall,
    "kfold": show_folds,
    "leave-site-out": show_folds,
    "transfer": show_transfer,
    "learning-curve": show_curve,
    "grid": show_grid,
    "unseen-species": show_unseen,
    "identification": show_answers,
}

_DOING = {
    "grid": "Fitting a perceptron at every learning rate and momentum",
    "unseen-species": "Tuning on half of the species, five times",
    "identification": "Calibrating and identifying",
}


@contextmanager
def watching(name: str, options: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Show what is being done; yields what the protocol tells how far it is."""
    if name != "transfer":
        with err.status(f"{_DOING.get(name, 'Measuring')} …"):
            yield {}
        return
    with progress("Degrading and embedding") as on_picture:
        if not options.get("networks"):
            yield {"on_picture": on_picture}
            return
        with progress("Training", "networks") as on_network:
            yield {"on_picture": on_picture, "on_network": on_network}
