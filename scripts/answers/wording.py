"""How an answer's figures are put into words."""

from __future__ import annotations

from holotype.index.identification.answers import Answer, percent


def sure(answer: Answer) -> str:
    """Return how sure an answer is of its taxon, and what that rests on; empty without one."""
    found = answer.determination
    if found is None:
        return ""
    figure = percent(answer.ranks[found.rank][0][1])
    words = {"none": " of the votes, not calibrated", "stale": " by a stale calibration"}
    return figure + words.get(answer.calibration, "")
