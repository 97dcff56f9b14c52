"""An evaluation in which every image asks once, pooled and fold by fold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import pandas as pd

from ..measures.arrays import Codes, Floats, mean_by, number
from ..measures.jsonable import told_as
from .evaluate import Evaluation


@dataclass(frozen=True)
class FoldedEvaluation(Evaluation):
    """An evaluation that is pooled over folds, and its figures in every fold.

    Attributes:
        column: what stays whole in a fold.
        folds: the names of the folds.
        fold: int64 [q], the fold of every query, a position in `folds`.
        n_united: images that stay together with a copy under another specimen's name.
    """

    column: str
    folds: Sequence[str]
    fold: Codes
    n_united: int

    def by_fold(self, rank: str) -> pd.DataFrame:
        """Return one row a fold: fold, n_queries, n_answerable, recall@k … (NaN without any)."""
        found, n = self.recall[rank], len(self.folds)
        counted = found.answerable
        table = {
            "fold": list(self.folds),
            "n_queries": np.bincount(self.fold, minlength=n),
            "n_answerable": np.bincount(self.fold[counted], minlength=n),
        }
        for place, k in enumerate(found.ks):
            hits = found.hits[counted, place].astype(np.float64)
            table[f"recall@{k}"] = mean_by(hits, self.fold[counted], n)
        return pd.DataFrame(table)

    def to_dict(self) -> dict[str, Any]:
        """Return the pooled figures, those of every fold, and mean and sd over folds."""
        tables = {rank: self.by_fold(rank) for rank in self.recall}
        return {
            **super().to_dict(),
            "kept_whole": self.column,
            "n_united": self.n_united,
            "folds": told_as(tables),
            "over_folds": {rank: _spread(table) for rank, table in tables.items()},
        }


def folded(
    found: Evaluation, column: str, names: Sequence[str], fold: Codes, united: int
) -> FoldedEvaluation:
    """Return a pooled evaluation with what is needed to tell its folds apart again."""
    pooled = {each.name: getattr(found, each.name) for each in fields(found)}
    return FoldedEvaluation(**pooled, column=column, folds=names, fold=fold, n_united=united)


def _spread(table: pd.DataFrame) -> dict[str, dict[str, float | None]]:
    """Return mean and standard deviation (of a sample) over the folds that have a figure."""
    figures = [str(name) for name in table.columns if str(name).startswith("recall@")]
    spread = {}
    for name in figures:
        values: Floats = table[name].dropna().to_numpy(np.float64)
        sd = float(values.std(ddof=1)) if len(values) > 1 else float("nan")
        average = float(values.mean()) if len(values) else float("nan")
        spread[name] = {"mean": number(average), "sd": number(sd)}
    return spread
