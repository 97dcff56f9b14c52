"""What a report is about, and what is derived from it once for all sections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import pandas as pd

from holotype.index.collection import Collection

from ...measures.recall import RankRecall
from ...retrieval.evaluate import Evaluation
from ...retrieval.two_spaces import SpaceComparison
from ..cells import plural
from .taxon_table import taxon_changes, taxon_table

_CHANGE = ("before", "after", "gain", "shrunk_gain")


@dataclass(frozen=True)
class Subject:
    """An evaluation and the collection that it is of.

    Attributes:
        comparison: where two spaces are compared, with `evaluation` as the one after.
    """

    evaluation: Evaluation
    collection: Collection
    comparison: SpaceComparison | None = None

    @classmethod
    def of(cls, found: Evaluation | SpaceComparison, collection: Collection) -> Self:
        """Return the subject of a report on one space or on two."""
        if isinstance(found, SpaceComparison):
            return cls(found.after, collection, found)
        return cls(found, collection)

    @cached_property
    def ranks(self) -> tuple[str, ...]:
        """The ranks that have names, coarse to fine."""
        return tuple(self.evaluation.recall)

    @property
    def rank(self) -> str:
        """The finest rank, which most of the report is about."""
        return self.ranks[-1]

    @property
    def space(self) -> str:
        """The name of the space; of two, the one after."""
        return self.evaluation.images.space.name

    @property
    def recall(self) -> RankRecall:
        """Recall at the finest rank."""
        return self.evaluation.recall[self.rank]

    @cached_property
    def taxa(self) -> pd.DataFrame:
        """One row a taxon of the finest rank; see `taxon_table`.

        Where spaces are compared, with `before`, `after`, `gain` and `shrunk_gain`, NaN for taxa
        without an answerable query.
        """
        table = taxon_table(self.evaluation, self.rank)
        if self.comparison is None:
            return table
        return table.join(taxon_changes(self.comparison, self.rank)[list(_CHANGE)])

    @property
    def measured(self) -> pd.DataFrame:
        """The taxa that have an answerable query."""
        return self.taxa[self.taxa["n_answerable"] > 0]

    @cached_property
    def grouping(self) -> str | None:
        """The rank by which taxa are drawn in groups: the coarsest that tells them apart."""
        for rank in self.ranks[:-1]:
            if self.taxa[rank].nunique() > 1:
                return rank
        return self.ranks[0] if len(self.ranks) > 1 else None

    def groups(self) -> list[tuple[str, pd.DataFrame]]:
        """Return the measured taxa by `grouping`, the largest group first; one group without."""
        if self.grouping is None:
            return [(f"all {plural(self.rank)}", self.measured)]
        parts = [
            (str(name) or "not named", part) for name, part in self.measured.groupby(self.grouping)
        ]
        return sorted(parts, key=lambda part: (-len(part[1]), part[0]))
