"""Why an answer is what it is, in one sentence."""

from __future__ import annotations

from ...search.search import Hit
from .answer import Determination, Judgement
from .percentages import percent, stated
from .unnamed import Unnamed

_FEW_P = 0.01  # what "lie that far from theirs" is told from, by as many digits as it takes
_LIKELY = 0.5


def explain(
    determination: Determination | None,
    judged: Judgement,
    neighbours: list[Hit],
    risk: float,
    unnamed: Unnamed | None = None,
) -> str:
    """Explain an answer in one sentence.

    Args:
        neighbours: at least one, best first.
        risk: that was accepted.
        unnamed: specimens without a name that it is like; None without.
    """
    best = neighbours[0]
    nearest = f"{best.image.lineage[-1] or best.image.image_id} at cosine {best.score:.2f}"
    if unnamed is not None:
        reason = _reason(determination, judged, risk)
        return f"Like {unnamed}, the nearest {nearest}; {reason}."
    if judged.far:
        return f"Unlike anything in the gallery: the nearest is {nearest}, and {_rare(judged)}."
    if not judged.ranks:
        return f"None of the neighbours has a determination; the nearest is {nearest}."
    reason = _reason(determination, judged, risk)
    return f"{reason[0].upper()}{reason[1:]}; the nearest is {nearest}."


def _reason(determination: Determination | None, judged: Judgement, risk: float) -> str:
    """Say why the determination is that, or why there is none."""
    if judged.far:
        return f"unlike anything in the gallery that has a name: {_rare(judged)}"
    if not judged.ranks:
        return "none of the neighbours has a determination"
    if determination is None:
        return _undecided(judged, risk)
    of_votes = judged.calibration == "none"
    if of_votes:
        votes = _figure(judged, determination.rank, risk)
        reason = f"{_called(determination)} has {votes} of the neighbours' votes"
    else:
        reason = (
            f"the neighbours agree on {_called(determination)} "
            f"({_figure(judged, determination.rank, risk)})"
        )
    finer = list(judged.ranks)[list(judged.ranks).index(determination.rank) + 1 :]
    doubtful = [rank for rank in finer if judged.tells(rank)]
    if not doubtful:
        return reason
    rank = doubtful[-1]
    but = f"{rank} {judged.ranks[rank][0][0]}"
    return f"{reason}, but {but} {'' if of_votes else 'has '}only {_figure(judged, rank, risk)}"


def _undecided(judged: Judgement, risk: float) -> str:
    """Say why no rank is given."""
    telling = [rank for rank in judged.ranks if judged.tells(rank)]
    if not telling:
        taxon = judged.ranks[list(judged.ranks)[-1]][0][0]
        return (
            f"the gallery names nothing but {taxon}, so that its neighbours decide nothing"
            f"{_doubt(judged)}"
        )
    rank = telling[-1]
    taxon, figure = judged.ranks[rank][0][0], _figure(judged, rank, risk)
    wanted = stated(1 - risk)
    # A rank at which all that may be compared has one name is sure and says nothing.
    which = " at which the gallery offers a choice" if len(telling) < len(judged.ranks) else ""
    if judged.calibration == "none":
        return f"no rank{which} has {wanted} of the neighbours' votes: {rank} {taxon} has {figure}"
    return f"no rank{which} reaches {wanted}: {rank} {taxon} has {figure}{_doubt(judged)}"


def _doubt(judged: Judgement) -> str:
    """Say that its species is probably new, where it is."""
    if judged.known is None or judged.known >= _LIKELY:
        return ""
    new = percent(1 - judged.known, _LIKELY)
    return f", and its species is probably not in the gallery ({new})"


def _rare(judged: Judgement) -> str:
    rare = percent(judged.novelty_p or 0.0, _FEW_P)
    return f"no more than {rare} of the gallery's own specimens lie that far from theirs"


def _called(determination: Determination) -> str:
    """Return a taxon with its rank; a name of two words needs none."""
    if determination.rank == "species":
        return determination.taxon
    return f"{determination.rank} {determination.taxon}"


def _figure(judged: Judgement, rank: str, risk: float) -> str:
    return judged.figure(judged.ranks[rank][0][1], risk)
