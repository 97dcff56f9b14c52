"""Whether what was trained is offered: only where it beats its start."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...tuning.recipes import Recipe
from ...tuning.scoring import Hits
from .candidates import SURE, Candidate, paired_error, settled

_RESAMPLES = 1000


@dataclass(frozen=True)
class Verdict:
    """Whether something beats what training started from, and what it is.

    Attributes:
        reasons: why it is not offered; empty where it is.
        features, kind, arguments, exponent: of the map over what was trained; see `settled`.
        value: its recall@1 and mAP@R together, on the stated mixture.
        start, trained: figures with 95 % intervals, as JSON-ready values.
        done: how far the run was.
        side: of the pictures that the trained network sees, in pixels; 0 for the encoder's own.
    """

    reasons: tuple[str, ...]
    features: str
    kind: str
    arguments: dict[str, float]
    exponent: float
    value: float
    start: dict[str, Any]
    trained: dict[str, Any]
    done: float = 1.0
    side: int = 0

    @property
    def is_better(self) -> bool:
        """Whether it is offered."""
        return not self.reasons

    @property
    def recipe(self) -> Recipe:
        """The map over the features."""
        return Recipe(self.kind, self.arguments)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "better": self.is_better,
            "reasons": list(self.reasons),
            "features": self.features,
            "recipe": str(self.recipe),
            "exponent": self.exponent,
            "side": self.side,
            "start": self.start,
            "trained": self.trained,
        }


def judge(
    start: Candidate,
    others: Sequence[Candidate],
    categories: Sequence[str],
    done: float = 1.0,
) -> Verdict:
    """Compare what was trained with its start.

    It is offered where recall@1 and mAP@R together, on the stated mixture of known and unseen
    species, are higher by more than 1.645 standard errors of the paired difference (McNemar's),
    and where recall@1 of neither known species, nor unseen ones, nor any category falls by more.

    Args:
        start: the map over the start's features that was settled on.
        others: maps over what was trained, the default first.
        categories: of each row that judges, empty where not known.
        done: how far the run is, 0 to 1.
    """
    best = settled(others)
    reasons = []
    if best.value - start.value <= SURE * best.error_to(start):
        reasons.append(
            f"on pictures that were kept back, recall@1 and mAP@R together went from "
            f"{start.value:.3f} to {best.value:.3f}, which is not surely more"
        )
    for what, before, after in _parts(start, best, np.array(categories)):
        if before.recall - after.recall > SURE * paired_error(before, after):
            reasons.append(
                f"recall@1 of {what} fell from {before.recall:.3f} to {after.recall:.3f}"
            )
    return Verdict(
        tuple(reasons),
        best.features,
        best.recipe.kind,
        best.recipe.arguments,
        best.exponent,
        best.value,
        _figures(start),
        _figures(best),
        done,
        best.side,
    )


def _parts(
    before: Candidate, after: Candidate, categories: NDArray[np.str_]
) -> Iterator[tuple[str, Hits, Hits]]:
    """Yield the parts whose recall may not fall: what, before, after."""
    for (kind, old), (_, new) in zip(before.kinds(), after.kinds(), strict=True):
        yield f"{kind} species", old.recall, new.recall
        of_query = categories[new.recall.queries]
        for category in np.unique(of_query):
            rows = of_query == category
            if not rows.all():
                of = f"of category '{category}'" if category else "without a category"
                name = f"{kind} species {of}"
                yield name, old.some(rows).recall, new.some(rows).recall


def _figures(found: Candidate) -> dict[str, Any]:
    said: dict[str, Any] = {"value": round(found.value, 4)}
    for kind, measured in found.kinds():
        said[f"{kind}_recall_at_1"] = round(measured.recall.recall, 4)
        said[f"{kind}_interval"] = _interval(measured.recall)
        said[f"{kind}_map_at_r"] = round(measured.ranking.recall, 4)
        said[f"{kind}_queries"] = len(measured.recall.right)
    return said


def _interval(hits: Hits) -> list[float]:
    """Return the 95 % interval of a recall, by resampling queries."""
    generator = np.random.default_rng(0)
    drawn = generator.integers(0, len(hits.right), (_RESAMPLES, len(hits.right)))
    low, high = np.quantile(hits.right[drawn].mean(1), [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]
