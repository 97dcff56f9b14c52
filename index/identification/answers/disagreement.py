"""Pictures of one specimen that do not look like the same taxon."""

from __future__ import annotations

from collections.abc import Sequence

from .answer import Judgement, PictureTaxon


def disagreement(pictures: Sequence[PictureTaxon], judged: Judgement, risk: float) -> str:
    """Say at which rank pictures of one specimen part, and what each looks like; empty if none do.

    Args:
        pictures: what each would be called by itself.
        judged: the specimen as a whole.
        risk: that was accepted.
    """
    where = _parting([each for each in pictures if each.rank])
    apart = {each.far for each in pictures} == {True, False}
    if not where and not apart:
        return ""
    on = f" on the {where}" if where else ""
    told = ", ".join(_told(each, judged, risk) for each in pictures if each.rank or each.far)
    return f"The pictures disagree{on}. By themselves they look like: {told}."


def _parting(named: Sequence[PictureTaxon]) -> str:
    """Return the coarsest rank at which pictures look like different taxa; empty without one."""
    for rank in dict.fromkeys(rank for each in named for rank in each.lineage):
        if len({each.lineage[rank] for each in named if rank in each.lineage}) > 1:
            return rank
    return ""


def _told(seen: PictureTaxon, judged: Judgement, risk: float) -> str:
    if seen.far:
        return f"{seen.picture}: nothing that is known"
    rank = "" if seen.rank == "species" else f"{seen.rank} "
    return f"{seen.picture}: {rank}{seen.taxon} ({judged.figure(seen.p, risk)})"
