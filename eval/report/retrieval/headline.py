"""The first sections: the figure to remember, and what was asked of what."""

from __future__ import annotations

import numpy as np

from holotype.index.storage.records import Space

from ..blocks import Facts, Section, Text, Tiles, interval_tile
from ..cells import plural, share_text
from ..facts import encoder_text, fitted_text, made_fact, today
from .leak_notice import leakage_text
from .subject import Subject


def summary(subject: Subject) -> str:
    """Return what the report is about in one line."""
    made, space = subject.evaluation.protocol, f"space {subject.space}"
    if subject.comparison is not None:
        space += f" compared with {subject.comparison.before.images.space.name}"
    return (
        f"{len(made.query_rows):,} queries against {len(made.gallery_rows):,} gallery images, "
        f"{made.name} · {space} · {today()}"
    )


def headline(subject: Subject) -> Section:
    """Recall@1 at the finest rank with its interval, then the longer lists and coarser ranks."""
    rank, intervals = subject.rank, subject.evaluation.intervals[subject.rank]
    first = interval_tile(f"{rank.capitalize()} recall@1", intervals[1])
    lists = [
        interval_tile(f"{rank.capitalize()} recall@{k}", intervals[k])
        for k in subject.recall.ks[1:]
    ]
    coarser = [
        interval_tile(f"{name.capitalize()} recall@1", subject.evaluation.intervals[name][1])
        for name in reversed(subject.ranks[:-1])
    ]
    blocks = (Tiles((first, *lists, *coarser), lead=True), Text((_in_words(subject),)))
    return Section("headline", "In short", blocks)


def _in_words(subject: Subject) -> str:
    recall, rank = subject.recall, subject.rank
    n = int(recall.answerable.sum())
    if not n:
        return f"No query has a {rank} that the gallery holds, so recall cannot be measured."
    right = int(recall.hits[recall.answerable, 0].sum())
    last = max(recall.ks)
    within = int(recall.hits[recall.answerable, recall.ks.index(last)].sum())
    return (
        f"For {right:,} of {n:,} queries the most similar gallery image is of the right {rank}; "
        f"for {within:,} at least one of the {last} most similar is. For {n - within:,} none of "
        f"the {last} is."
    )


def protocol(subject: Subject) -> Section:
    """Who asked, who answered, and with which embeddings."""
    space = subject.evaluation.images.space
    ties = ", ".join(
        f"{share_text(share)} at k = {k}" for k, share in subject.evaluation.ties.items()
    )
    facts = (
        ("Collection", subject.collection.folder.resolve().name),
        ("Protocol", _protocol_text(subject)),
        ("Queries", _side(subject, "query")),
        ("Gallery", _side(subject, "gallery")),
        ("Left out", "Images of the query's own specimen are never among its neighbours"),
        ("Leakage", leakage_text(subject.evaluation)),
        ("Similarity", f"Cosine of embeddings of {space.dim} dimensions; exact search"),
        ("Encoder", encoder_text(space)),
        ("Space", _space_text(space)),
        ("Fitted on", fitted_text(subject.evaluation.fitting)),
        *_compared_with(subject),
        ("Ties", f"Share of lists that only the order of the gallery decided: {ties}"),
        made_fact(),
    )
    return Section("protocol", "What was asked of what", (Facts(facts),))


def _space_text(space: Space) -> str:
    return f"{space.name} (encoder's fingerprint {space.fingerprint[:12]})"


def _compared_with(subject: Subject) -> tuple[tuple[str, str], ...]:
    if subject.comparison is None:
        return ()
    before = subject.comparison.before
    return (
        ("Compared with", _space_text(before.images.space)),
        ("That fitted on", fitted_text(before.fitting)),
    )


def _protocol_text(subject: Subject) -> str:
    made = subject.evaluation.protocol
    if not made.query:
        return "Leave-one-out: every image asks once, all others answer"
    name = made.name[0].upper() + made.name[1:]
    return f"{name}: {' and '.join(made.query)} asks, {' and '.join(made.gallery)} answers"


def _side(subject: Subject, side: str) -> str:
    made, rank = subject.evaluation.protocol, subject.rank
    rows = made.query_rows if side == "query" else made.gallery_rows
    taxa = subject.evaluation.taxa[rank]
    codes = taxa.query if side == "query" else taxa.gallery
    named = codes[codes >= 0]
    specimens = len(np.unique(subject.evaluation.images.specimens[rows]))
    text = f"{len(rows):,} images of {specimens:,} specimens, "
    text += f"{len(np.unique(named)):,} {plural(rank)}"
    unnamed = len(codes) - len(named)
    return text + (f"; {unnamed:,} images have no {rank} name" if unnamed else "")
