"""Classifiers beside nearest neighbours: fitted on each gallery anew, asked with the same queries.

The tables of published classifiers (METHODS 4.3, 4.4): accuracy, macro F1, Cohen's kappa, every
class's sensitivity and fall-out, and coverage and kappa above a threshold. The threshold is chosen
on a part of the gallery, by what was fitted on the rest of it: nothing is chosen on queries.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags, Floats
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification.kept_calibration import source_vectors
from holotype.index.ways import option

from ..measures.averages import number
from ..measures.bootstrap import bootstrap_share
from ..measures.classification import ClassCounts
from ..measures.comparison import mcnemar
from ..measures.intervals import Interval
from ..measures.jsonable import jsonable
from ..measures.selective import (
    KAPPA,
    SelectivePoint,
    choose_threshold,
    selective_curve,
    selective_point,
)
from ..splits.splits import Split, grouped_kfold
from .methods import TITLES, Labelled, name_all, require_methods
from .resampled import figures_with_intervals

_PARTS = 4  # of a gallery; thresholds are chosen on one of them


@dataclass(frozen=True, eq=False)
class ClassifierFigures:
    """What one method does.

    Attributes:
        method: its name.
        counts: of every class.
        figures: accuracy, macro_f1, kappa and balanced_accuracy, see `figures_with_intervals`.
        differences: the same figures less those of the first method, paired.
        fixes: queries that it names rightly and the first method does not.
        breaks: the other way round.
        thresholds: float64 [splits], the one that each gallery chose, infinity where none reaches
            the kappa that is asked for.
        above: what is left above the thresholds.
        coverage: with its interval over specimens.
    """

    method: str
    counts: ClassCounts
    figures: Mapping[str, Interval]
    differences: Mapping[str, Interval]
    fixes: int
    breaks: int
    thresholds: Floats
    above: SelectivePoint
    coverage: Interval

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON-ready values."""
        above = self.above.to_dict()
        del above["threshold"]
        return {
            "method": self.method,
            "title": TITLES[self.method],
            "figures": jsonable(self.figures),
            "differences": jsonable(self.differences),
            "fixes": self.fixes,
            "breaks": self.breaks,
            "p": mcnemar(self.fixes, self.breaks),
            "thresholds": [number(at) for at in self.thresholds],
            "above_threshold": {**above, "coverage_interval": self.coverage.to_dict()},
        }


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Several methods on the same queries.

    Attributes:
        rank: the taxa that are told apart.
        names: of the classes that occur.
        n: queries that were asked, all of taxa that their gallery holds.
        n_unanswerable: named queries that were not, their taxon being in no gallery image.
        n_unused: images of galleries that were not learned from, since they share a specimen or a
            copy with a query, or have no name.
        kappa: what a threshold is chosen to reach.
        methods: the first is what the others are compared with.
    """

    rank: str
    names: tuple[str, ...]
    n: int
    n_unanswerable: int
    n_unused: int
    kappa: float
    methods: tuple[ClassifierFigures, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return all figures as JSON-ready values; those of every class are in `by_taxon`."""
        return {
            "rank": self.rank,
            "n": self.n,
            "n_unanswerable": self.n_unanswerable,
            "n_unused": self.n_unused,
            "compared_with": self.methods[0].method,
            "kappa_asked_for": self.kappa,
            "methods": [each.to_dict() for each in self.methods],
        }

    def table(self) -> pd.DataFrame:
        """Return one row a method: every figure with its bounds, and what a threshold does."""
        return pd.DataFrame([_row(each) for each in self.methods])

    def by_taxon(self) -> pd.DataFrame:
        """Return one row a method and class: method, and what `ClassCounts.table` gives."""
        tables = []
        for each in self.methods:
            table = each.counts.table(self.names)
            table.insert(0, "method", each.method)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)


def side_by_side(
    collection: Collection,
    images: Gallery,
    splits: Sequence[Split],
    groups: Codes,
    methods: Sequence[str],
    *,
    seed: int = 0,
) -> SideBySide:
    """Fit methods on the gallery of every split, and ask them with its queries.

    They are fitted on what the encoder gives, never on a tuned space, which may have seen queries.

    Args:
        images: the gallery that the rows of the splits point into.
        splits: each query in one of them.
        groups: int64 [n], specimens with their copies: of a group that asks, nothing is learned.
        methods: names, see `methods.METHODS`.
        seed: of what is drawn in a fit.

    Raises:
        UsageError: a method that there is not, no query that can be answered, or a gallery that is
            too small.
    """
    methods, rank = require_methods(methods), images.ranks[-1]
    labels = images.labels(rank)
    table = Labelled(source_vectors(collection, images), labels.codes, groups)
    parts = [_part(table, split) for split in splits]
    asked = np.concatenate([part.asked for part in parts])
    if not len(asked):
        raise UsageError(
            f"No query is of a {rank} that the gallery holds; name other sides by "
            f"{option('query')} and {option('gallery')}"
        )
    answers = [_answers(name, table, parts, seed) for name in methods]
    sides = [labels.codes[asked], *(each.taxa for each in answers)]
    present, codes = np.unique(np.concatenate(sides), return_inverse=True)
    truth, *given = codes.reshape(len(sides), -1)
    specimens = images.specimens[asked]
    figures, differences = figures_with_intervals(truth, given, specimens)
    right = [taxa == truth for taxa in given]
    return SideBySide(
        rank,
        tuple(labels.names[code] for code in present),
        len(asked),
        sum(part.n_unanswerable for part in parts),
        sum(part.n_unused for part in parts),
        KAPPA,
        tuple(
            ClassifierFigures(
                name,
                ClassCounts.count(truth, given[place], len(present)),
                figures[place],
                differences[place],
                int((right[place] & ~right[0]).sum()),
                int((right[0] & ~right[place]).sum()),
                answers[place].thresholds,
                # Each split has its own threshold: what is above it is accepted.
                selective_point(answers[place].above.astype(np.float64), truth, given[place], 1),
                bootstrap_share(answers[place].above.astype(np.float64), specimens),
            )
            for place, name in enumerate(methods)
        ),
    )


class _Part(NamedTuple):
    """One split as classifiers are measured on it.

    Attributes:
        name: of the split.
        asked: int64 [q], rows that ask; their taxa are in the gallery.
        held: int64 [g], rows that are learned from.
    """

    name: str
    asked: Codes
    held: Codes
    n_unanswerable: int
    n_unused: int


class _Answers(NamedTuple):
    """What one method answered over all splits.

    Attributes:
        taxa: int64 [q].
        above: bool [q], the answer is at least as sure as its split's threshold.
        thresholds: float64 [splits].
    """

    taxa: Codes
    above: Flags
    thresholds: Floats


def _part(table: Labelled, split: Split) -> _Part:
    apart = ~np.isin(table.groups[split.gallery], table.groups[split.query])
    held = split.gallery[apart & (table.labels[split.gallery] >= 0)]
    named = split.query[table.labels[split.query] >= 0]
    asked = named[np.isin(table.labels[named], table.labels[held])]
    unused = len(split.gallery) - len(held)
    return _Part(split.name, asked, held, len(named) - len(asked), unused)


def _answers(method: str, table: Labelled, parts: Sequence[_Part], seed: int) -> _Answers:
    taxa, above, thresholds = [], [], []
    for part in parts:
        known = table.at(part.held)
        at = _threshold(method, known, part.name, seed)
        where = f"the gallery of {part.name}"
        found = name_all(method, known, table.vectors[part.asked], where=where, seed=seed)
        taxa.append(found.taxa)
        above.append(found.scores >= at)
        thresholds.append(at)
    return _Answers(np.concatenate(taxa), np.concatenate(above), np.array(thresholds))


def _threshold(method: str, known: Labelled, name: str, seed: int) -> float:
    """Return the score of largest coverage that reaches `KAPPA` on a part of a gallery.

    The method is fitted on the rest of it.

    Raises:
        UsageError: the gallery is too small to be parted.
    """
    try:
        split = grouped_kfold(known.labels, known.groups, _PARTS, seed)[0]
    except ValueError as error:
        raise UsageError(
            f"The gallery of {name} is too small to choose a threshold on a part of it ({error}); "
            f"leave out {option('classifiers')}, or measure with a larger one"
        ) from error
    rest, part = known.at(split.gallery), known.at(split.query)
    part = part.at(np.flatnonzero(np.isin(part.labels, rest.labels)))
    where = f"three quarters of the gallery of {name}"
    found = name_all(method, rest, part.vectors, where=where, seed=seed)
    return choose_threshold(selective_curve(found.scores, part.labels, found.taxa), KAPPA, "kappa")


def _row(each: ClassifierFigures) -> dict[str, Any]:
    """Return the figures of a method as a row of a table."""
    intervals = {
        **each.figures,
        "coverage": each.coverage,
        "accuracy_above": each.above.accuracy,
        **{f"{name}_gain": found for name, found in each.differences.items()},
    }
    row: dict[str, Any] = {"method": each.method, "n": each.above.n}
    for name, found in intervals.items():
        row |= {name: found.estimate, f"{name}_low": found.low, f"{name}_high": found.high}
    row |= {"kappa_above": each.above.kappa, "n_above": each.above.n_accepted}
    return row | {"fixes": each.fixes, "breaks": each.breaks}
