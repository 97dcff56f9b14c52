"""What a report is about, and what is derived from it once for all sections."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from holotype.index.collection import Collection

from ..evaluation import Evaluation
from ..recall import RankRecall
from .taxon_table import taxon_table


@dataclass(frozen=True)
class Subject:
    """An evaluation and the collection that it is of."""

    evaluation: Evaluation
    collection: Collection

    @cached_property
    def ranks(self) -> tuple[str, ...]:
        """The ranks that have names, coarse to fine."""
        return tuple(self.evaluation.recall)

    @property
    def rank(self) -> str:
        """The finest rank, which most of the report is about."""
        return self.ranks[-1]

    @property
    def recall(self) -> RankRecall:
        """Recall at the finest rank."""
        return self.evaluation.recall[self.rank]

    @cached_property
    def taxa(self) -> pd.DataFrame:
        """One row a taxon of the finest rank; see `taxon_table`."""
        return taxon_table(self.evaluation, self.rank)

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


PLURALS = {"genus": "genera", "species": "species", "phylum": "phyla", "class": "classes"}


def plural(rank: str) -> str:
    """Return the plural of a rank.

    >>> plural("family"), plural("genus"), plural("kingdom")
    ('families', 'genera', 'kingdoms')
    """
    return PLURALS.get(rank) or (f"{rank[:-1]}ies" if rank.endswith("y") else f"{rank}s")
