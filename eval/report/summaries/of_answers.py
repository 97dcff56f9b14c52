"""Answers in one sentence: how many are named, how many rightly, and what is passed over."""

from __future__ import annotations

from ...identification.draws import AnswerEvaluation
from ...identification.outcomes import Outcomes, together
from .out_of import OutOf


def answers_in_words(found: AnswerEvaluation) -> str:
    """Return what became of known and of novel specimens, over all draws."""
    ends = together(draw.figures.outcomes for draw in found.draws)
    rank = found.draws[0].found.ranks[-1]
    parts = [_known(ends, rank), _novel(ends, rank), _short_of_asked(found), _elsewhere(found)]
    return " ".join(filter(None, parts))


def _known(ends: Outcomes, rank: str) -> str:
    n = ends.n_known
    if not n:
        return f"No specimen that asked is of a {rank} that is in the collection."
    share = {end: count / n for end, count in ends.known.items()}
    of = OutOf.all_of(n)
    if share["unanswered"] == 1:
        return f"Of {of} specimens whose {rank} is in the collection, none gets a name."
    named = share["finest_right"] + share["finest_wrong"]
    higher = share["higher_right"] + share["higher_wrong"]
    text = f"Of {of} specimens whose {rank} is in the collection, {of.count(named)} are named to "
    text += rank
    if named:
        text += f" and {_of_these(of, share['finest_right'], named)} of these names are right"
    if higher:
        most = max(ends.higher, key=lambda name: ends.higher[name])
        mostly = f", most at {most}" if len(ends.higher) > 1 else ""
        text += (
            f"; {of.count(higher)} are named at a higher rank only{mostly}, "
            f"{_of_these(of, share['higher_right'], higher)} of them rightly"
        )
    silent = of.count(share["unanswered"]) + " get no name"
    return f"{text}; {silent if ends.known['unanswered'] else 'every one gets a name'}."


def _novel(ends: Outcomes, rank: str) -> str:
    n = ends.n_novel
    if not n:
        return f"No new {rank} was asked about, so nothing is known of how such are answered."
    share = {end: count / n for end, count in ends.novel.items()}
    of = OutOf.all_of(n)
    return (
        f"Of {of} whose {rank} it lacks, {of.count(share['named_wrongly'])} are named wrongly, "
        f"{of.count(share['higher_right'])} at a right higher rank, and "
        f"{of.count(share['unknown'])} are called unknown."
    )


def _of_these(of: OutOf, part: float, whole: float) -> str:
    """Return a part of some as a count, "all" where it is all of them."""
    return "all" if part >= whole else of.count(part)


def _short_of_asked(found: AnswerEvaluation) -> str:
    """Say where fewer names are right than were asked for, at the stated prior."""
    rights = [draw.figures.accuracy for draw in found.draws]
    right, asked = sum(rights) / len(rights), 1 - found.risk
    if not right < asked:
        return ""
    of = OutOf.all_of(10**9, right, asked)
    return (
        f"Of {of} names that are given, {of.count(right)} are right, fewer than the "
        f"{of.count(asked)} that were asked for."
    )


def _elsewhere(found: AnswerEvaluation) -> str:
    """Say where who asked was taken under other conditions than what was calibrated on."""
    shares = [draw.figures.unusual.estimate for draw in found.draws]
    if not all(draw.figures.elsewhere for draw in found.draws):
        return ""
    of = OutOf.all_of(10**9)
    return (
        f"The calibration is of other conditions: {of.count(sum(shares) / len(shares))} of {of} "
        "specimens that asked lie further away than 95 % of those that it was fitted on, and its "
        "figures are less sure than they say."
    )
