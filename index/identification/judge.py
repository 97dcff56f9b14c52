"""Judging specimens by a stored calibration, or by leave-one-out where none is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..gallery.gallery import Codes, Gallery
from ..taxonomy import RANKS
from ..vectors import Selection
from ..vectors.brute_force import Embeddings
from .answers import Judgement, Taxa, share_out
from .calibration import FAR, Answers
from .confidence import NEIGHBOURS, Calibration, Votes, calibrate, count_votes
from .evidence import Evidence, look_up
from .gallery_reference import reference_of
from .kept_calibration import KeptCalibration
from .reference import Reference
from .votes import Floats

_SHOWN = 5  # taxa listed at every rank
_NOVEL = 0.01  # p-value below which a specimen is unlike anything in the gallery


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


def judge_calibrated(
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
        source: the gallery of the encoder's own vectors.
        vectors: float32 [q, dim], the encoder's unit vectors, before any projection.
        own: int64 [·] for each, the places of its own specimens, which are no evidence.
        chosen: the part of the gallery that may be evidence; None for all of it.
        prior: the share of specimens expected to be of species that the gallery lacks.
        proposed: int64 [q, m], places that a search of that gallery has found; None without one.
    """
    reference = reference_of(source, kept.calibration)
    part = None if reference is None else reference.part(chosen)
    if part is None or not len(part.classes):  # a filter may leave nothing that is named
        return [_nothing(kept)] * len(vectors)
    whole = reference is not None and reference.usable is None  # what was found has names
    evidence = look_up(part, vectors, own, proposed if whole else None)
    judged = _Judged(
        source,
        kept,
        part,
        evidence,
        kept.calibration.answer(part, evidence, prior=prior),
        kept.calibration.class_probabilities(evidence),
        kept.calibration.prediction_sets(evidence),
    )
    return [_judgement(judged, query) for query in range(len(vectors))]


def _nothing(kept: KeptCalibration) -> Judgement:
    return Judgement({}, 1.0, far=False, calibration=kept.state)


def _judgement(judged: _Judged, query: int) -> Judgement:
    if not (judged.evidence.candidates[query] >= 0).any():  # nothing but its own specimen is named
        return _nothing(judged.kept)
    nearness = float(judged.answers.nearness_p[query])
    return Judgement(
        ranks={
            rank: _taxa(judged, query, place)
            for place, rank in enumerate(judged.kept.ranks)
            if judged.answers.taxa[query, place] >= 0
        },
        novelty_p=nearness,
        far=nearness < FAR,
        known=float(judged.answers.known[query]),
        species_set=_finest_names(judged.source, judged.reference.classes[judged.sets[query]]),
        calibration=judged.kept.state,
    )


def _taxa(judged: _Judged, query: int, place: int) -> Taxa:
    """Return the likeliest taxa of one rank: the answer, then the others by their chances."""
    names = judged.source.names(judged.source.ranks[place]).names
    top, p = int(judged.answers.taxa[query, place]), float(judged.answers.p[query, place])
    codes = judged.evidence.candidate_taxa[query, :, place]
    known = (codes >= 0) & (codes != top)
    found, member = np.unique(codes[known], return_inverse=True)
    weights = np.bincount(member, judged.chances[query, known], minlength=len(found))
    order = np.argsort(-weights, kind="stable")[: _SHOWN - 1]
    others = [(names[found[code]], float(weights[code])) for code in order if weights[code] > 0]
    return [(names[top], p), *share_out(p, others)]


def _finest_names(gallery: Gallery, classes: Codes) -> tuple[str, ...]:
    """Return the names of classes at the finest rank that has one."""
    finest = gallery.names(gallery.ranks[-1]).names
    return tuple(dict.fromkeys(finest[code] for code in classes[:, -1] if code >= 0))


def judge_by_votes(gallery: Gallery, scores: Embeddings, places: Codes) -> Judgement:
    """Judge a specimen by its neighbours' votes, calibrated by leave-one-out over the gallery.

    Args:
        scores: float32 [k], cosines of the neighbours, best first.
        places: int64 [k], their places in the gallery.
    """
    scores, places = scores[:NEIGHBOURS], places[:NEIGHBOURS]
    votes = count_votes(gallery, scores, places)
    calibration = calibrate(gallery)
    novelty = calibration.novelty(float(scores[0]))
    ranks = _vote_probabilities(gallery, votes, _consistent(gallery, votes, calibration, scores))
    return Judgement(ranks=ranks, novelty_p=novelty, far=novelty < _NOVEL)


def _consistent(
    gallery: Gallery, votes: dict[str, Votes], calibration: Calibration, scores: Embeddings
) -> dict[str, float]:
    """Return each rank's confidence, a taxon at least as probable as the one it contains."""
    raised: dict[str, float] = {}
    finer: str | None = None
    for rank in reversed(list(votes)):
        raised[rank] = calibration.confidence(rank, votes[rank].shares[0], scores)
        if finer is not None:
            inside = gallery.labels(finer).lineages[votes[finer].taxa[0]]
            top = gallery.labels(rank).names[votes[rank].taxa[0]]
            if inside[RANKS.index(rank)] == top:
                raised[rank] = max(raised[rank], raised[finer])
        finer = rank
    return raised


def _vote_probabilities(
    gallery: Gallery, votes: dict[str, Votes], sure: dict[str, float]
) -> dict[str, Taxa]:
    """Return taxa and probabilities of every rank, coarse to fine."""
    found = {}
    for rank, counted in votes.items():
        names = [gallery.labels(rank).names[code] for code in counted.taxa]
        weighed = list(zip(names, counted.shares, strict=True))
        found[rank] = [(names[0], sure[rank]), *share_out(sure[rank], weighed[1:])][:_SHOWN]
    return found
