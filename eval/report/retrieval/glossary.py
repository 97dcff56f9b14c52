"""The section that explains every term of the report."""

from __future__ import annotations

from ..blocks import Section, Terms
from .subject import Subject

_TERMS = (
    (
        "Query, gallery",
        "A query is an image whose name we pretend not to know; the gallery is the set of named "
        "images that answer. The answer is the name of the most similar gallery images.",
    ),
    (
        "Specimen",
        "One individual. It may have several images, which resemble each other more than those of "
        "two individuals do; so a query never finds images of its own specimen.",
    ),
    (
        "Recall@k",
        "The share of answerable queries with at least one image of their own taxon among the k "
        "most similar gallery images.",
    ),
    (
        "Answerable",
        "The gallery holds at least one image of the query's taxon that is of another specimen.",
    ),
    (
        "As misses",
        "Recall over all named queries, where those that cannot be answered count as wrong; for "
        "comparison with published scripts that do so.",
    ),
    (
        "Macro",
        "The mean over taxa of each taxon's own figure, so that rare and common taxa weigh the "
        "same. Without the word, every query weighs the same (micro).",
    ),
    (
        "95 % interval",
        "Specimens were drawn again at random, with replacement, 1,000 times; 95 % of the figures "
        "so obtained lie in the interval. In the tables of single taxa it is Wilson's interval for "
        "a share.",
    ),
    (
        "Leakage",
        "A specimen with images among queries and gallery alike, or a gallery image that is a copy "
        "of a query (near copy: encoded again, resized or slightly cropped), gives the answer "
        "away.",
    ),
    (
        "Cosine",
        "How alike two embeddings are: 1 the same direction, 0 unrelated. An embedding is the "
        "list of numbers that the encoder makes of a picture.",
    ),
    (
        "Space",
        "The embeddings of all images by one encoder, in which neighbours are searched.",
    ),
    (
        "R-precision, mAP@R",
        "R is the number of gallery images that are right for a query. R-precision is the share of "
        "right ones among the first R; mAP@R also rewards those that come early.",
    ),
    (
        "MRR",
        "Mean reciprocal rank: 1 divided by the place of the first right image, averaged.",
    ),
    (
        "Ties",
        "Two gallery images exactly as similar to a query: the one that was added first is listed "
        "first.",
    ),
)


_TERMS_OF_TWO_SPACES = (
    (
        "Gain",
        "Recall@1 after less recall@1 before, on the same queries. Its interval comes from taxa "
        "that were drawn again at random, with replacement, 1,000 times.",
    ),
    (
        "Fixed, broken",
        "Queries that were wrong before and are right after, and the other way round. McNemar's "
        "exact p is the chance of sides so unequal if neither space were better.",
    ),
    (
        "Shrunken gain",
        "The gain of a taxon drawn towards the mean gain of all, the more so the fewer queries "
        "it has; with few queries a large gain is often luck.",
    ),
    (
        "Fewer errors",
        "The share of the wrong answers before that is gone after.",
    ),
)


def glossary(subject: Subject) -> Section:
    """The terms, in the order in which a reader meets them."""
    terms = _TERMS if subject.comparison is None else (*_TERMS, *_TERMS_OF_TWO_SPACES)
    return Section("terms", "Terms", (Terms(terms),))
