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
    named = [each for each in pictures if each.rank]
    ranks = dict.fromkeys(rank for each in named for rank in each.lineage)
    for rank in ranks:
        if len({each.lineage[rank] for each in named if rank in each.lineage}) > 1:
            told = ", ".join(_told(each, judged, risk) for each in named)
            return f"The pictures disagree on the {rank}. By themselves they look like: {told}."
    return ""


def _told(seen: PictureTaxon, judged: Judgement, risk: float) -> str:
    rank = "" if seen.rank == "species" else f"{seen.rank} "
    return f"{seen.picture}: {rank}{seen.taxon} ({judged.figure(seen.p, risk)})"
