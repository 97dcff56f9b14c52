"""Judging a specimen by a stored calibration."""

from __future__ import annotations

import numpy as np

from ..arrays import Allowed, Codes, Embeddings, Floats
from ..collection import Collection
from ..gallery.gallery import Gallery
from .answers import Judgement, Taxa, share_out
from .calibration import FAR, Answers
from .evidence import Evidence, gather_evidence
from .kept_calibration import KeptCalibration, reference_of
from .reference import Reference

_SHOWN = 5  # taxa listed at every rank


def judge_calibrated(
    collection: Collection,
    gallery: Gallery,
    kept: KeptCalibration,
    vector: Embeddings,
    allowed: Allowed | None,
    prior: float,
) -> Judgement:
    """Judge a specimen by a calibration that was fitted on held-out specimens and species.

    Args:
        vector: float32 [dim], the encoder's unit vector, before any projection.
        allowed: bool [n], the part of the gallery that may be evidence; None for all of it.
        prior: the share of specimens expected to be of species that the gallery lacks.
    """
    reference = reference_of(collection, gallery, kept.calibration)
    state = "stale" if kept.stale else "fitted"
    if allowed is not None:
        reference = reference.restricted(allowed)
        if not len(reference.classes):  # a filter may leave nothing that is named
            return Judgement({}, 1.0, far=False, calibration=state, changes=kept.changes)
    evidence = gather_evidence(reference, vector[None])
    answers = kept.calibration.answer(reference, evidence, prior=prior)
    chances = kept.calibration.class_probabilities(evidence)[0]
    ranks = {
        rank: _taxa(gallery, reference, answers, evidence, chances, place)
        for place, rank in enumerate(kept.ranks)
        if answers.taxa[0, place] >= 0
    }
    classes = kept.calibration.prediction_sets(evidence)[0]
    nearness = float(answers.nearness_p[0])
    return Judgement(
        ranks=ranks,
        novelty_p=nearness,
        far=nearness < FAR,
        known=float(answers.known[0]),
        species_set=_finest_names(gallery, reference.classes[classes]),
        calibration=state,
        changes=kept.changes,
    )


def _taxa(
    gallery: Gallery,
    reference: Reference,
    answers: Answers,
    evidence: Evidence,
    chances: Floats,
    place: int,
) -> Taxa:
    """Return the likeliest taxa of one rank: the answer, then the others by their chances."""
    names = gallery.labels(gallery.ranks[place]).names
    top, p = int(answers.taxa[0, place]), float(answers.p[0, place])
    codes = reference.classes[evidence.candidates[0], place]
    weights = np.bincount(codes[codes >= 0], chances[codes >= 0], minlength=len(names))
    weights[top] = 0
    order = np.argsort(-weights, kind="stable")[: _SHOWN - 1]
    others = [(names[code], float(weights[code])) for code in order if weights[code] > 0]
    return [(names[top], p), *share_out(p, others)]


def _finest_names(gallery: Gallery, classes: Codes) -> tuple[str, ...]:
    """Return the names of classes at the finest rank that has one."""
    finest = gallery.labels(gallery.ranks[-1]).names
    return tuple(dict.fromkeys(finest[code] for code in classes[:, -1] if code >= 0))
