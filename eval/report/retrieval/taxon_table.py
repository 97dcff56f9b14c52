"""The table of all taxa of one rank: counts, recall, and what each is mistaken for."""

from __future__ import annotations

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags
from holotype.index.taxonomy import name_at

from ...measures.intervals import wilson_bounds
from ...measures.precision import recall_at_precision_of_answers
from ...retrieval.evaluate import Evaluation
from ...retrieval.two_spaces import SpaceComparison
from ..mistakes import Answered


def taxon_table(evaluation: Evaluation, rank: str) -> pd.DataFrame:
    """Return one row a taxon, worst first; taxa without an answerable query come last.

    The index holds the taxa's codes. Columns: the coarser ranks that are named; `taxon`;
    `n_queries`, `n_answerable`, `n_gallery`; `recall@k`; `recall@1_low` and `recall@1_high`,
    Wilson's 95 % interval; `recall_at_95_precision`, queries sorted by the cosine of their nearest
    image, and the same by Wilson's bound, `…_wilson`; `mistaken_for`, the taxon that wrong nearest
    images of its queries are most often of, and how many of them are: `n_mistaken`.
    """
    table = evaluation.recall[rank].per_taxon.copy()
    codes = _codes_of_rows(evaluation, rank)
    lineages = [evaluation.images.labels(rank).lineages[code] for code in codes]
    ranks = list(evaluation.recall)
    for column, coarser in enumerate(ranks[: ranks.index(rank)]):
        table.insert(column, coarser, [name_at(lineage, coarser) for lineage in lineages])
    answerable = table["n_answerable"].to_numpy(np.float64)
    hits = np.nan_to_num(table["recall@1"].to_numpy(np.float64)) * answerable
    table["recall@1_low"], table["recall@1_high"] = wilson_bounds(hits, answerable)
    precise = _recall_at_precision(evaluation, rank)
    for kind in ("", "_wilson"):
        held = precise[f"recall{kind}"].reindex(codes)
        table[f"recall_at_95_precision{kind}"] = held.to_numpy()
    mistakes = _mostly_mistaken_for(answered_at(evaluation, rank))
    table["mistaken_for"] = [mistakes.get(int(code), ("", 0))[0] for code in codes]
    table["n_mistaken"] = [mistakes.get(int(code), ("", 0))[1] for code in codes]
    order = [f"recall@{k}" for k in evaluation.recall[rank].ks]
    return table.set_axis(codes).sort_values([*order, "taxon"], kind="stable")


def _recall_at_precision(evaluation: Evaluation, rank: str) -> pd.DataFrame:
    """Return how much of each taxon is found by nearest images that are right 19 times in 20."""
    asked = answered_at(evaluation, rank)
    scores = evaluation.neighbours.scores[evaluation.recall[rank].answerable, 0]
    return recall_at_precision_of_answers(scores.astype(np.float64), asked.answers, asked.truth)


def taxon_changes(comparison: SpaceComparison, rank: str) -> pd.DataFrame:
    """Return the table of gains of a rank with the taxa's codes as its index.

    Names cannot join tables: two genera of different categories may share one.
    """
    both = (comparison.before, comparison.after)
    finest = [list(side.recall.values())[-1].answerable for side in both]
    codes = comparison.after.taxa[rank].query[finest[0] & finest[1]]
    return comparison.by_rank[rank].per_taxon.set_axis(np.unique(codes[codes >= 0]))


def _mostly_mistaken_for(asked: Answered) -> dict[int, tuple[str, int]]:
    """Return, for each taxon with mistakes, what it is mostly taken for and how often."""
    found: dict[int, tuple[str, int]] = {}
    for (truth, answer), times in asked.mistakes().items():
        found.setdefault(truth, (asked.labels.names[answer], times))
    return found


def answered_at(evaluation: Evaluation, rank: str) -> Answered:
    """Return what the nearest images answer to the queries that can be answered at a rank."""
    asked = evaluation.recall[rank].answerable
    truth, answers = evaluation.taxa[rank].query[asked], nearest_taxon(evaluation, rank)[asked]
    return Answered(rank, evaluation.images.labels(rank), truth, answers)


def nearest_taxon(evaluation: Evaluation, rank: str) -> Codes:
    """Return the taxon of every query's nearest gallery image: int64 [q], -1 for none."""
    named = np.append(evaluation.taxa[rank].gallery, -1)  # row -1, the padding, reads the last
    found: Codes = named[evaluation.neighbours.rows[:, 0]]
    return found


def wrong_at_first(evaluation: Evaluation, rank: str) -> Flags:
    """Return which answerable queries have a nearest image of another taxon: bool [q]."""
    recall = evaluation.recall[rank]
    return recall.answerable & ~recall.hits[:, 0]


def _codes_of_rows(evaluation: Evaluation, rank: str) -> Codes:
    """Return the taxon code of every row of `per_taxon`, which leaves out absent taxa."""
    taxa = evaluation.taxa[rank]
    named = np.concatenate([taxa.query, taxa.gallery])
    return np.unique(named[named >= 0])
