"""What the answers of one draw say about every species (METHODS 4.3, 4.5)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes
from holotype.index.gallery.gallery import Gallery
from holotype.index.taxonomy import name_at

from ..measures.classification import ClassCounts
from ..measures.precision import recall_at_precision_of_answers
from .draws import Draw


def likeliest(draw: Draw) -> Codes:
    """Return the likeliest taxon of the finest rank for every specimen, int64 [q]."""
    taxa: Codes = draw.found.answers.taxa[:, -1]
    return taxa


def given_finest(draw: Draw) -> Codes:
    """Return the answers that are given at the finest rank, int64 [q], -1 for none."""
    return given_at(draw, len(draw.found.ranks) - 1)


def given_at(draw: Draw, place: int) -> Codes:
    """Return the taxon of a rank where an answer at it or at a finer one is given, -1 for none."""
    answers = draw.found.answers
    return np.where(answers.rank >= place, answers.taxa[:, place], -1)


def class_counts(draw: Draw, answers: Codes, n_classes: int) -> ClassCounts:
    """Count answers of the finest rank for known specimens; -1 is a rejection.

    The confusion matrix itself would not fit into memory for ten thousand species.
    """
    counted = draw.known & (draw.found.truth[:, -1] >= 0)
    truth, given = draw.found.truth[counted, -1], answers[counted]
    hit, missed = truth == given, (truth != given) & (given >= 0)
    sides = (truth, truth[hit], given[missed])
    return ClassCounts(*(np.bincount(side, minlength=n_classes) for side in sides))


def species_table(images: Gallery, draw: Draw) -> pd.DataFrame:
    """Return one row a taxon of the finest rank that asks or is answered, least recall first.

    The index holds the taxa's codes. Columns: the coarser ranks; `taxon`; `n_gallery`; `n_novel`,
    specimens of the taxon where it was left out, and `n_novel_given_finest`, how many of them
    were given another; `n_given_to_novel`, how many novel specimens were given this taxon; those
    of `ClassCounts.table`, for known specimens, an answer that is not given at the finest rank
    being a rejection; `recall_at_95_precision`, the threshold on P(right) that gives it, and the
    same by Wilson's bound, `…_wilson`.
    """
    labels = images.labels(draw.found.ranks[-1])
    given, novel, n = given_finest(draw), draw.found.novel, len(labels.names)
    table = class_counts(draw, given, n).table(labels.names)
    held = labels.codes[draw.split.gallery]
    left_out = draw.found.truth[novel, -1]
    for place, (name, codes) in enumerate(
        (
            ("n_gallery", held[held >= 0]),
            ("n_novel", left_out),
            ("n_novel_given_finest", left_out[given[novel] >= 0]),
            ("n_given_to_novel", given[novel & (given >= 0)]),
        )
    ):
        table.insert(1 + place, name, np.bincount(codes, minlength=n))
    for place, rank in enumerate(draw.found.ranks[:-1]):
        table.insert(place, rank, [name_at(lineage, rank) for lineage in labels.lineages])
    table = table.join(_at_precision(draw))
    used = (table[["n", "n_novel", "n_predicted", "n_given_to_novel"]] > 0).any(axis=1)
    order = ["recall_at_95_precision", "sensitivity", "taxon"]
    return table[used].sort_values(order, kind="stable")


def _at_precision(draw: Draw) -> pd.DataFrame:
    """Return recall at 95 % precision, the likeliest species being the only one considered."""
    counted = draw.known & (draw.found.truth[:, -1] >= 0)
    found = recall_at_precision_of_answers(
        draw.closed.answers.p[counted, -1], likeliest(draw)[counted], draw.found.truth[counted, -1]
    )
    return found.drop(columns="n").rename(
        columns={
            "recall": "recall_at_95_precision",
            "threshold": "threshold_at_95_precision",
            "recall_wilson": "recall_at_95_precision_wilson",
            "threshold_wilson": "threshold_at_95_precision_wilson",
        }
    )
