"""The section of wrong answers, as pictures."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from holotype.index.storage.records import Image

from ...measures.arrays import Codes
from ..blocks import Example, Examples, Picture, Section
from ..examples import images_by_place, picture_of
from .subject import Subject
from .taxon_table import nearest_taxon, wrong_at_first

_EXAMPLES = 24
_ANSWERS = 5


def failures(subject: Subject) -> Section | None:
    """The most confident wrong answers with what was found instead; None without any."""
    asked = _most_confident_wrong(subject)
    if not len(asked):
        return None
    stored = _images(subject, asked)
    examples = tuple(_example(subject, int(query), stored) for query in asked)
    return Section("failures", "Most confident mistakes", (Examples(examples, _reading(subject)),))


def _reading(subject: Subject) -> str:
    knows_genus = subject.rank != "genus" and "genus" in subject.ranks
    near = ", ≈ another one of the right genus, ✗ neither" if knows_genus else ", ✗ not"
    turns = "; every category in turn" if _takes_turns(subject) else ""
    return (
        "The query stands at the left, its nearest gallery images follow, most similar first, "
        f"with the cosine. ✓ is the right {subject.rank}{near}. Shown are the mistakes with the "
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


def _images(subject: Subject, asked: Codes) -> dict[int, Image]:
    """Return the images of queries and answers by their place in the gallery snapshot."""
    found = subject.evaluation
    answers = found.neighbours.rows[asked, :_ANSWERS]
    places = np.union1d(
        found.protocol.query_rows[asked], found.protocol.gallery_rows[answers[answers >= 0]]
    )
    return images_by_place(found.images, subject.collection, places)


def _example(subject: Subject, query: int, stored: Mapping[int, Image]) -> Example:
    found = subject.evaluation
    own = stored.get(int(found.protocol.query_rows[query]))
    code = int(found.taxa[subject.rank].query[query])
    answers = tuple(
        _answer(subject, query, place, stored)
        for place in range(_ANSWERS)
        if found.neighbours.rows[query, place] >= 0
    )
    return Example(_picture(subject, own, "", "query", code), answers)


def _answer(subject: Subject, query: int, place: int, stored: Mapping[int, Image]) -> Picture:
    found = subject.evaluation
    row = int(found.neighbours.rows[query, place])
    image = stored.get(int(found.protocol.gallery_rows[row]))
    label = f"{found.neighbours.scores[query, place]:.3f}"
    code = int(found.taxa[subject.rank].gallery[row])
    return _picture(subject, image, _mark(subject, query, row), label, code)


def _mark(subject: Subject, query: int, row: int) -> str:
    for mark, rank in (("right", subject.rank), ("near", "genus")):
        taxa = subject.evaluation.taxa.get(rank)
        if taxa is not None and taxa.query[query] == taxa.gallery[row] >= 0:
            return mark
    return "wrong"


def _picture(subject: Subject, image: Image | None, mark: str, label: str, code: int) -> Picture:
    names = subject.evaluation.taxa[subject.rank].names
    name = names[code] if code >= 0 else ""
    return picture_of(subject.collection, image, mark, label, name, subject.rank)
