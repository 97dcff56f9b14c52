"""The section that explains every term of a report on answers."""

from __future__ import annotations

from ..blocks import Section, Terms
from .subject import AnswerSubject

_TERMS = (
    (
        "Specimen",
        "One individual. All its images are asked about together, and it gets one answer.",
    ),
    (
        "Known, novel",
        "The gallery holds the specimen's species, or not. Near novel: a new species of a category "
        "that the gallery has. Far novel: of another category, or named as far beforehand.",
    ),
    (
        "Answer, rank given",
        "The finest taxon whose probability of being right reaches what was asked for; where no "
        "rank does, the answer is “unknown”.",
    ),
    (
        "Over-commitment",
        "A novel specimen is given a species: always wrong, however alike it is.",
    ),
    (
        "Prior",
        "The share of novel specimens to be expected, as the user states it; it is never learned. "
        "Known and novel specimens are weighed by it where they are mixed.",
    ),
    (
        "P(known), P(right)",
        "The probability that the gallery holds the species, and that the taxon of a rank is "
        "right, from models fitted on the gallery alone.",
    ),
    (
        "Coverage",
        "The share of specimens that is answered; the others are discarded.",
    ),
    (
        "Kappa",
        "Cohen's kappa: agreement beyond what the frequencies of the taxa would give by chance; 1 "
        "is perfect, 0 chance.",
    ),
    (
        "Prediction set",
        "The taxa that cannot be ruled out. For 95 % of known specimens it holds the true one.",
    ),
    (
        "95 % interval",
        "Wilson's for shares of specimens; for other figures specimens were drawn again at random, "
        "with replacement, and 95 % of the figures so obtained lie in the interval.",
    ),
)


def glossary(subject: AnswerSubject) -> Section:
    """The terms, in the order in which a reader meets them."""
    return Section("terms", "Terms", (Terms(_TERMS),))
