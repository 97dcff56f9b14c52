"""The section of wrong answers, as pictures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes

from ..blocks import Section
from ..examples import Query, examples, legend
from .subject import Subject
from .taxon_table import nearest_taxon, wrong_at_first

_EXAMPLES = 24
_ANSWERS = 5


def failures(subject: Subject) -> Section | None:
    """The most confident wrong answers with what was found instead; None without any."""
    wrong = _most_confident_wrong(subject)
    if not len(wrong):
        return None
    found = subject.evaluation
    asked = [_query(subject, int(query)) for query in wrong]
    block = examples(found.images, subject.collection, asked, _reading(subject))
    return Section("failures", "Most confident mistakes", (block,))


def _reading(subject: Subject) -> str:
    turns = "; every category in turn" if _takes_turns(subject) else ""
    return (
        "The query stands at the left, its nearest gallery images follow, most similar first, "
        f"with the cosine. {legend(subject.ranks)} Shown are the mistakes with the "
        "highest cosine of the wrong nearest image, one for any two taxa that are mixed up"
        f"{turns}. A mistake that looks right may be a wrong label."
    )


def _takes_turns(subject: Subject) -> bool:
    """Cosines of two categories cannot be compared: silhouettes are alike, photographs less."""
    return subject.grouping == "category"


def _most_confident_wrong(subject: Subject) -> Codes:
    """Return queries by falling cosine, one for any two taxa, the categories in turn."""
    found = subject.evaluation
    wrong = np.flatnonzero(wrong_at_first(found, subject.rank) & (found.neighbours.rows[:, 0] >= 0))
    wrong = wrong[np.argsort(-found.neighbours.scores[wrong, 0], kind="stable")]
    truths = found.taxa[subject.rank].query[wrong]
    answers = nearest_taxon(found, subject.rank)[wrong]
    two = np.sort(np.column_stack([truths, answers]), axis=1)
    _, first = np.unique(two, axis=0, return_index=True)
    chosen = wrong[np.sort(first)]
    if _takes_turns(subject):
        category = pd.Series(found.taxa["category"].query[chosen])
        turn = category.groupby(category).cumcount().to_numpy()
        chosen = chosen[np.argsort(turn, kind="stable")]
    return chosen[:_EXAMPLES]


def _query(subject: Subject, query: int) -> Query:
    found, protocol = subject.evaluation.neighbours, subject.evaluation.protocol
    rows = found.rows[query, :_ANSWERS]
    places = np.where(rows >= 0, protocol.gallery_rows[rows], -1)
    nearest = zip(places.tolist(), found.scores[query, :_ANSWERS].tolist(), strict=True)
    return Query(int(protocol.query_rows[query]), "query", tuple(nearest))
