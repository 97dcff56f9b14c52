"""What a report on answers is about, and what is derived from it once for all sections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from holotype.index.collection import Collection

from ...identification.details import DrawDetails, accuracy_interval, auroc_interval, describe
from ...identification.draws import AnswerEvaluation, Draw
from ...measures.intervals import Interval


@dataclass(frozen=True)
class AnswerSubject:
    """An evaluation of answers and the collection that it is of.

    Of several draws the headline tells all; curves, tables and pictures are of the first.
    """

    found: AnswerEvaluation
    collection: Collection

    @property
    def draw(self) -> Draw:
        """The first draw."""
        return self.found.draws[0]

    @cached_property
    def details(self) -> DrawDetails:
        """The details of the first draw."""
        return describe(self.found.images, self.draw, self.found.prior)

    @property
    def ranks(self) -> tuple[str, ...]:
        """The ranks that have names, coarse to fine."""
        return self.draw.found.ranks

    @property
    def rank(self) -> str:
        """The finest rank."""
        return self.ranks[-1]

    def names(self, rank: str) -> list[str]:
        """Return the taxa of a rank; a code is a position among them."""
        return self.found.images.labels(rank).names

    @property
    def has_novel(self) -> bool:
        """Whether a specimen of the first draw is novel."""
        return bool(self.draw.found.novel.any())

    @cached_property
    def headlines(self) -> tuple[tuple[str, tuple[Interval, ...]], ...]:
        """The figures to remember, each with its interval in every draw."""
        draws, prior = self.found.draws, self.found.prior
        return (
            (f"Known, right at {self.rank}", self._ends("known", "finest_right")),
            (f"Known, wrong at {self.rank}", self._ends("known", "finest_wrong")),
            ("Known, right at a higher rank", self._ends("known", "higher_right")),
            ("Novel, named wrongly", self._ends("novel", "named_wrongly")),
            ("Given answers that are right", tuple(accuracy_interval(d, prior) for d in draws)),
            ("Known against novel, AUROC", tuple(auroc_interval(d) for d in draws)),
        )

    def _ends(self, kind: str, end: str) -> tuple[Interval, ...]:
        return tuple(draw.figures.outcomes.intervals(kind)[end] for draw in self.found.draws)

    def to_dict(self) -> dict[str, Any]:
        """Return the figures of the first draw beyond `AnswerEvaluation`'s, as JSON knows them."""
        accuracy, auroc = (self.headlines[place][1][0] for place in (-2, -1))
        return {
            "seed": self.draw.seed,
            "given_answers_right": accuracy.to_dict(),
            "auroc": auroc.to_dict(),
            **self.details.to_dict(),
        }

    @cached_property
    def telling(self) -> tuple[str, ...]:
        """The ranks at which gallery taxa differ: at others a name is no answer."""
        held = self.draw.split.gallery
        codes = {rank: self.found.images.labels(rank).codes[held] for rank in self.ranks}
        return tuple(r for r, of in codes.items() if len(np.unique(of[of >= 0])) > 1)
