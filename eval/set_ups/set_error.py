"""Whether two sets of embeddings can be told apart, with what there is of them (METHODS 4.10)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..measures.jsonable import Figures
from ..measures.transfer import dataset_classification_error
from .remedies import Side

_TRAIN, _TEST = 200, 100
_TRAIN_SHARE, _TEST_SHARE = 0.6, 0.3


@dataclass(frozen=True)
class SetError(Figures):
    """How well a linear machine tells two sets apart: 0.5 not at all, 0 always.

    Attributes:
        error: mean over the repeats; NaN where the sets are too small or of too few specimens.
        train, test: images of each set.
        repeats: the error of each.
    """

    error: float
    train: int
    test: int
    repeats: tuple[float, ...]


def tell_apart(one: Side, other: Side, seed: int = 0) -> SetError:
    """Return the error of a linear support vector machine, with sizes that the sets allow.

    200 images of each set to learn from and 100 to test on, or 60 % and 30 % of the smaller set
    where that is less; specimens never stand in both.
    """
    least = min(len(one.labels), len(other.labels))
    train, test = min(_TRAIN, int(_TRAIN_SHARE * least)), min(_TEST, int(_TEST_SHARE * least))
    try:
        found = dataset_classification_error(
            one.vectors,
            other.vectors,
            source_groups=one.groups,
            target_groups=other.groups,
            train=train,
            test=test,
            seed=seed,
        )
    except ValueError:  # too few images, or too many of one specimen
        return SetError(math.nan, train, test, ())
    return SetError(found.error, train, test, found.repeats)
