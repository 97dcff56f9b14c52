"""Another imaging set-up in one sentence: what is lost, and what the best remedy wins back."""

from __future__ import annotations

import math

from ...set_ups.transfer import Transfer
from .out_of import OutOf


def transfer_in_words(found: Transfer) -> str:
    """Return how many pictures of each set-up are named rightly, and with the best remedy."""
    figures, gap = found.figures, found.figures.gap
    remedies = [one for one in figures.remedies[1:] if math.isfinite(one.accuracy_target)]
    best = max(remedies, key=lambda one: one.accuracy_target, default=None)
    shares = [gap.accuracy_source, gap.accuracy_target]
    shares += [best.accuracy_target] if best else []
    of = OutOf.all_of(figures.n_target, *filter(math.isfinite, shares))
    text = (
        f"Of {of} pictures of the other set-up, {of.count(gap.accuracy_target)} find the right "
        f"{found.rank} first"
    )
    if math.isfinite(gap.accuracy_source):
        text += f", of {of} of the gallery's own {of.count(gap.accuracy_source)}"
    if best is None:
        return text + "."
    if best.accuracy_target <= gap.accuracy_target:
        return f"{text}; none of {len(remedies)} remedies helps."
    won = of.count(best.accuracy_target)
    return f"{text}; the best of {len(remedies)} remedies, {best.remedy}, makes it {won}."
