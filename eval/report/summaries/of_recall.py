"""Retrieval in one sentence: how many pictures find their taxon, and where that fails."""

from __future__ import annotations

import pandas as pd

from ...retrieval.evaluate import Evaluation
from ...retrieval.learning_curve import Curve
from ...retrieval.two_spaces import SpaceComparison
from ...retrieval.unseen_species import UnseenSpecies
from ..cells import plural
from .out_of import OutOf

_BY_CHANCE = 0.05  # p from which a difference may be chance


def recall_in_words(found: Evaluation) -> str:
    """Return for how many pictures the most similar one is right, and the weakest spots."""
    rank = list(found.recall)[-1]
    side = found.recall[rank]
    n = int(side.answerable.sum())
    if not n:
        return f"No picture has a {rank} that another specimen has, so nothing can be measured."
    first, last = side.recall[1].micro, max(side.ks)
    of, interval = OutOf.all_of(n), found.intervals[rank][1]
    text = (
        f"For {of.count(first)} of {of} pictures the most similar picture of another specimen "
        f"shows the right {rank}"
    )
    if interval.low < interval.high:
        text += f" (95 % interval {_range(of, interval.low, interval.high)})"
    text += f", for {of.count(side.recall[last].micro)} one of the {last} most similar does"
    text += f"; {_weak(found, rank)}" if _weak(found, rank) else ""
    passed_over = int((side.labelled & ~side.answerable).sum())
    if passed_over:
        text += (
            f"; {passed_over:,} pictures of {plural(rank)} without another specimen are not counted"
        )
    return text + "."


def _range(of: OutOf, low: float, high: float) -> str:
    return f"{of.count(low)} to {of.count(high)}"


def _weak(found: Evaluation, rank: str) -> str:
    """Return the category that fares worst, and how many taxa are never right."""
    spots = []
    table = found.by_category
    if table is not None and len(table) > 1:
        spots += _weakest(table)
    taxa = found.recall[rank].per_taxon
    measured = taxa[taxa["n_answerable"] > 0]
    never = int((measured["recall@1"] == 0).sum())
    if never:
        many = plural(rank) if never > 1 else rank
        spots.append(f"{never:,} of {len(measured):,} {many} never find their own first")
    return "; ".join(spots)


def _weakest(table: pd.DataFrame) -> list[str]:
    measured = table[table["n_answerable"] > 0]
    if len(measured) < 2:
        return []
    row = measured.sort_values("recall@1", kind="stable").to_dict("records")[0]
    if row["recall@1"] == 1:
        return []
    of = OutOf.all_of(int(row["n_answerable"]))
    return [f"the weakest category is {row['taxon']}, {of.count(float(row['recall@1']))} of {of}"]


def comparison_in_words(found: SpaceComparison) -> str:
    """Return how many pictures each space gets right, what is mended and what is broken."""
    before, after = (side.images.space.name for side in (found.before, found.after))
    rank = list(found.after.recall)[-1]
    change = found.by_rank[rank]
    if not change.n:
        return f"No picture can be answered in both spaces {before} and {after}."
    shares = change.before.micro, change.after.micro
    of = OutOf.all_of(change.n, *shares)
    worse = int((change.per_taxon["gain"] < 0).sum())
    text = (
        f"Of {of} pictures, {of.count(shares[1])} find the right {rank} first in space {after}, "
        f"{of.count(shares[0])} in space {before}: of {change.n:,} that asked, {change.fixes:,} "
        f"became right and {change.breaks:,} became wrong"
    )
    if change.p >= _BY_CHANCE:
        text += f", which may be chance (p = {change.p:.2f})"
    if worse:
        text += f"; {worse:,} of {len(change.per_taxon):,} {plural(rank)} fare worse"
    return text + "."


def curve_in_words(found: Curve) -> str:
    """Return what the whole gallery gives, and what half of it would."""
    sizes = found.by_size().to_dict("records")
    whole, of = sizes[-1], OutOf.all_of(10**9, *(row["mean"] for row in sizes[-2:]))
    text = (
        f"With all {whole['images']:,.0f} gallery images, {of.count(whole['mean'])} of {of} "
        f"pictures find the right {found.rank} first"
    )
    if len(sizes) > 1:
        half = sizes[-2]
        text += f"; with {half['images']:,.0f} of them {of.count(half['mean'])} do"
    return text + "."


def unseen_in_words(found: UnseenSpecies) -> str:
    """Return what tuning does for species that it was not fitted on."""
    told = found.to_dict()
    of = OutOf.all_of(10**9, told["before"], told["after"])
    worse = sum(half["after"] < half["before"] for half in told["halves"])
    text = (
        f"Of {of} pictures of {plural(found.rank)} that nothing was fitted on, "
        f"{of.count(told['after'])} find theirs first in the tuned space, "
        f"{of.count(told['before'])} before tuning"
    )
    n = len(told["halves"])
    return f"{text}; in {worse} of {n} draws tuning makes it worse." if worse else f"{text}."
