"""What the report tells of one draw beyond its figures: intervals, curves and classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from holotype.index.arrays import Codes, Flags, Floats
from holotype.index.gallery.gallery import Gallery

from ..measures.averages import number, numbers, ratio
from ..measures.bootstrap import bootstrap_rows, percentile_interval, resampled_sums
from ..measures.calibration_error import reliability
from ..measures.classification import ClassCounts
from ..measures.intervals import Interval, wilson_bounds
from ..measures.novelty import Novelty, auroc, measure_novelty
from ..measures.selective import aurc, knee, selective_curve
from .asking import Identified
from .draws import Draw
from .figures import mixture_weights
from .species import class_counts, given_finest, likeliest, species_table

_RESAMPLES = 300  # of a calibration error, which is binned anew for each


@dataclass(frozen=True, eq=False)
class DrawDetails:
    """Further figures of one draw.

    Attributes:
        given: how often an answer is given at each rank and how often it is right, see
            `ranks_given`.
        curve: accuracy and kappa of species answers of known specimens above every threshold.
        knee: the threshold where more accuracy begins to cost much coverage.
        aurc, e_aurc: area under the risk-coverage curve, and its excess over the best order.
        ece_known, ece_open: equal-mass calibration error by rank with its bootstrap interval.
        by_kind: novelty for near and far novel specimens, where there are any.
        auroc_by_kind: the AUROC of each with its bootstrap interval.
        always: known specimens, each given its likeliest species.
        when_sure: known specimens, given a species only where it is sure enough.
        species: see `species_table`.
    """

    given: pd.DataFrame
    curve: pd.DataFrame
    knee: float
    aurc: float
    e_aurc: float
    ece_known: Mapping[str, Interval]
    ece_open: Mapping[str, Interval]
    by_kind: Mapping[str, Novelty]
    auroc_by_kind: Mapping[str, Interval]
    always: ClassCounts
    when_sure: ClassCounts
    species: pd.DataFrame

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as JSON knows them; the table of species is a file of its own."""
        return {
            "answers_given": self.given.to_dict("records"),
            **numbers({"knee": self.knee, "aurc": self.aurc, "e_aurc": self.e_aurc}),
            "ece_known": {rank: each.to_dict() for rank, each in self.ece_known.items()},
            "ece_open": {rank: each.to_dict() for rank, each in self.ece_open.items()},
            "novelty_by_kind": {
                kind: {**each.to_dict(), "auroc_interval": self.auroc_by_kind[kind].to_dict()}
                for kind, each in self.by_kind.items()
            },
            "species_always_answered": self.always.to_dict(),
            "species_when_sure": self.when_sure.to_dict(),
            "median_recall_at_95_precision": number(
                float(self.species["recall_at_95_precision"].median())
            ),
        }


def describe(images: Gallery, draw: Draw, prior: float) -> DrawDetails:
    """Work out the details of a draw.

    Args:
        images: the snapshot that it is of.
        draw: what was answered.
        prior: stated share of novel specimens.
    """
    known, truth = draw.known, draw.found.truth[:, -1]
    p, answers = draw.closed.answers.p[known, -1], likeliest(draw)
    curve = selective_curve(p, truth[known], answers[known])
    area, excess = aurc(p, draw.found.right[known, -1])
    n_taxa = len(images.labels(draw.found.ranks[-1]).names)
    mixed = mixture_weights(draw.found.novel, prior) if draw.figures.open_calibration else None
    return DrawDetails(
        given=ranks_given(draw),
        curve=curve,
        knee=knee(curve),
        aurc=area,
        e_aurc=excess,
        ece_known=_calibration_errors(draw.closed, known, None),
        ece_open={} if mixed is None else _calibration_errors(draw.found, known | True, mixed),
        by_kind=_by_kind(draw),
        auroc_by_kind={
            kind: auroc_interval(draw, members) for kind, members in novel_kinds(draw).items()
        },
        always=class_counts(draw, answers, n_taxa),
        when_sure=class_counts(draw, given_finest(draw), n_taxa),
        species=species_table(images, draw),
    )


def kinds_of(draw: Draw) -> dict[str, Flags]:
    """Return who is known, near novel and far novel, the kinds that have a specimen."""
    kinds = {"known": draw.known, "near novel": draw.near, "far novel": draw.far}
    return {name: members for name, members in kinds.items() if members.any()}


def novel_kinds(draw: Draw) -> dict[str, Flags]:
    """Return who is near novel and far novel, the kinds that have a specimen."""
    return {kind: members for kind, members in kinds_of(draw).items() if kind != "known"}


def ranks_given(draw: Draw) -> pd.DataFrame:
    """Return how often each kind of specimen gets its answer at each rank, and how often rightly.

    Returns:
        one row a kind and rank, finest first, `unknown` last: kind, rank, n (specimens of the
        kind), n_given, n_right (0 for unknown).
    """
    ranks, answers = draw.found.ranks, draw.found.answers
    rows = []
    for kind, members in kinds_of(draw).items():
        for place in range(len(ranks) - 1, -2, -1):
            here = members & (answers.rank == place)
            rows.append(
                {
                    "kind": kind,
                    "rank": ranks[place] if place >= 0 else "unknown",
                    "n": int(members.sum()),
                    "n_given": int(here.sum()),
                    "n_right": int((here & draw.found.given_right).sum()),
                }
            )
    return pd.DataFrame(rows, columns=["kind", "rank", "n", "n_given", "n_right"])


def accuracy_interval(draw: Draw, prior: float) -> Interval:
    """Return the share of given answers that are right at the stated prior, with its interval.

    Specimens are drawn again, known and novel together; each keeps its weight. Where all answers
    are right, or all wrong, no draw can differ: it is Wilson's interval then, of as many answers
    as say as much with equal weights (Kish).
    """
    weights = mixture_weights(draw.found.novel, prior)
    if draw.figures.accuracy in (0, 1):
        own = weights[draw.found.given]
        trials = np.array([own.sum() ** 2 / (own**2).sum()])
        (low,), (high,) = wilson_bounds(draw.figures.accuracy * trials, trials)
        return Interval(draw.figures.accuracy, float(low), float(high))
    totals = np.column_stack([weights * draw.found.given_right, weights * draw.found.given])
    sums = resampled_sums(totals)
    return percentile_interval(draw.figures.accuracy, ratio(sums[:, 0], sums[:, 1]))


def auroc_interval(draw: Draw, novel: Flags | None = None) -> Interval:
    """Return the AUROC of known against novel by P(known), with its interval over specimens.

    Args:
        draw: what was answered.
        novel: bool [q], the novel specimens that count; None counts all.
    """
    counted = np.ones(len(draw.known), np.bool_) if novel is None else draw.known | novel
    scores, known = draw.found.answers.known[counted], draw.known[counted]
    return bootstrap_rows(lambda rows: auroc(scores[rows], known[rows]), np.arange(len(scores)))


def _calibration_errors(
    found: Identified, counted: Flags, weights: Floats | None
) -> dict[str, Interval]:
    """Return the equal-mass error of every rank, specimens being drawn again."""
    rows = np.flatnonzero(counted)
    mass = None if weights is None else weights[rows]
    return {
        rank: bootstrap_rows(
            partial(
                _calibration_error, found.answers.p[rows, place], found.right[rows, place], mass
            ),
            rows,
            resamples=_RESAMPLES,
        )
        for place, rank in enumerate(found.ranks)
    }


def _calibration_error(p: Floats, right: Flags, mass: Floats | None, drawn: Codes) -> float:
    return reliability(
        p[drawn], right[drawn], "mass", weights=None if mass is None else mass[drawn]
    ).ece


def _by_kind(draw: Draw) -> dict[str, Novelty]:
    p, right = draw.found.answers.known, draw.found.right[draw.known, -1]
    return {
        kind: measure_novelty(p[draw.known], right, p[members])
        for kind, members in novel_kinds(draw).items()
    }
