"""Judging specimens by a stored calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..arrays import Codes, Embeddings, Floats
from ..database.connection import Database
from ..gallery.gallery import Gallery
from ..vectors import Selection
from .answers import Judgement, Taxa, share_out
from .calibration import Answers
from .evidence import Evidence, look_up, nearness_to
from .gallery_reference import reference_of
from .kept_calibration import KeptCalibration
from .reference import Reference

_SHOWN = 5  # taxa listed at every rank


@dataclass(frozen=True, eq=False)
class _Judged:
    """The answers to all queries, and what they rest on."""

    source: Gallery
    kept: KeptCalibration
    reference: Reference
    evidence: Evidence
    answers: Answers
    chances: Floats
    sets: list[Codes]
    decisive: frozenset[str]


def judge_calibrated(
    database: Database,
    source: Gallery,
    kept: KeptCalibration,
    vectors: Embeddings,
    own: Sequence[Codes],
    chosen: Selection | None,
    prior: float,
    proposed: Codes | None,
) -> list[Judgement]:
    """Judge specimens by a calibration that was fitted on held-out specimens and species.

    Args:
        database: the collection's.
        source: the gallery of the encoder's own vectors.
        kept: the calibration.
        vectors: float32 [q, dim], the encoder's unit vectors, before any projection.
        own: int64 [·] for each, the places of its own specimens, which are no evidence.
        chosen: the part of the gallery that may be evidence; None for all of it.
        prior: the share of specimens expected to be of species that the gallery lacks.
        proposed: int64 [q, m], places that a search of that gallery has found; None without one.
    """
    reference = reference_of(source, kept.calibration, kept.ranks, database)
    part = None if reference is None else reference.part(chosen)
    # A filter may leave nothing that is named.
    if reference is None or part is None or not len(part.classes):
        return [_nothing(kept)] * len(vectors)
    whole = reference.usable is None  # what was found has names
    nearness = None if part is reference else nearness_to(reference, vectors, own)
    evidence = look_up(part, vectors, own, proposed if whole else None)
    judged = _Judged(
        source,
        kept,
        part,
        evidence,
        kept.calibration.answer(part, evidence, prior=prior, nearness=nearness),
        kept.calibration.class_probabilities(evidence),
        kept.calibration.prediction_sets(evidence),
        frozenset(rank for rank, tells in zip(kept.ranks, part.decisive, strict=True) if tells),
    )
    return [_judgement(judged, query) for query in range(len(vectors))]


def _nothing(kept: KeptCalibration) -> Judgement:
    return Judgement({}, None, far=False, calibration=kept.state, changes=kept.changes)


def _judgement(judged: _Judged, query: int) -> Judgement:
    if not (judged.evidence.candidates[query] >= 0).any():  # nothing but its own specimen is named
        return _nothing(judged.kept)
    chances = judged.chances[query].tolist()
    return Judgement(
        ranks={
            rank: _taxa(judged, query, place, chances)
            for place, rank in enumerate(judged.kept.ranks)
            if judged.answers.taxa[query, place] >= 0
        },
        novelty_p=float(judged.answers.nearness_p[query]),
        far=bool(judged.answers.far[query]),
        known=float(judged.answers.known[query]),
        species_set=_finest_names(judged, judged.reference.classes[judged.sets[query]]),
        calibration=judged.kept.state,
        changes=judged.kept.changes,
        decisive=judged.decisive,
        few_conditions=judged.kept.few_conditions,
        new_ranks=judged.kept.told_of_new_ranks,
    )


def _taxa(judged: _Judged, query: int, place: int, chances: list[float]) -> Taxa:
    """Return the likeliest taxa of one rank: the answer, then the others by their chances.

    Args:
        chances: of the query's candidates.
    """
    names = judged.source.names(judged.kept.ranks[place]).names
    top, p = int(judged.answers.taxa[query, place]), float(judged.answers.p[query, place])
    weights: dict[int, float] = {}  # of some 50 candidates: numpy would take longer
    codes = judged.evidence.candidate_taxa[query, :, place].tolist()
    for code, chance in zip(codes, chances, strict=True):
        weights[code] = weights.get(code, 0.0) + chance
    others = [code for code in weights if code not in (-1, top) and weights[code] > 0]
    order = sorted(others, key=lambda code: (-weights[code], code))[: _SHOWN - 1]
    return [(names[top], p), *share_out(p, [(names[code], weights[code]) for code in order])]


def _finest_names(judged: _Judged, classes: Codes) -> tuple[str, ...]:
    """Return the names of classes at the finest rank that is answered at."""
    finest = judged.source.names(judged.kept.ranks[-1]).names
    return tuple(dict.fromkeys(finest[code] for code in classes[:, -1] if code >= 0))
