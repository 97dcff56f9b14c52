"""Queues about names: probable mislabels, specimens far from their species, singletons.

All rest on `Doubts`: how likely each specimen is in its own species and in the likeliest other,
compared with a species never seen. Spaces show what they were not fitted on less tightly, so the
ratios of a gallery are told by its other specimens, not by zero.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ..arrays import Flags, Floats, Ids
from ..manifests.problems import counted
from .doubts import Doubts
from .listing import Listing, Told, score_of, told_apart
from .named import Named, Near

_SHOWN = 3  # pictures of a name, as evidence
_WHISKER = 1.5  # quartile ranges below the lower quartile from where on a value is far (Tukey 1977)


def mislabels(named: Named, doubts: Doubts, copies: dict[int, int]) -> Listing:
    """List specimens that another species of the gallery fits better than their own.

    A picture that stands under two names comes first, since one of the two is wrong for certain.
    Species of one genus count like any others: look-alikes are what is confused most.

    Args:
        copies: {first image: an image of the same content under another name}.
    """
    low, _ = _limits(named, doubts)
    own = np.where(_alone(named, doubts), low, doubts.ratios.own)
    margins = doubts.ratios.best - own
    copied = np.isin(doubts.places, list(copies))
    chosen = np.flatnonzero((margins > 0) | copied)
    scores = np.where(copied, 1.0, score_of(np.maximum(margins, 0)))
    order = chosen[np.lexsort((chosen, -margins[chosen], -scores[chosen]))]

    def tell(entry: int) -> Told:
        judged = order[entry]
        place = int(doubts.places[judged])
        if place in copies:
            return _told_of_copy(named, place, copies[place])
        poorly = bool(doubts.ratios.best[judged] <= low)
        return _told_of_better(named, place, int(doubts.ratios.other[judged]), poorly=poorly)

    return _listing(named, doubts, order, scores, tell)


def _told_of_copy(named: Named, place: int, copy: int) -> Told:
    own, other = int(named.codes[place]), named.whole_lineage(copy)
    called, _ = told_apart([other, named.whole_lineage(place)])
    reason = f"The same picture is called {called} under another specimen."
    return Told(reason, other, lambda: [Near(copy, 1.0), *named.nearest(place, own, _SHOWN - 1)])


def _told_of_better(named: Named, place: int, other: int, *, poorly: bool) -> Told:
    own = int(named.codes[place])
    alike = ", a species of the same genus," if named.same_genus(own, other) else ""
    fits = f"It fits the {counted(int(named.specimens[other]), 'specimen')} of {named.name(other)}"
    if named.specimens[own] < 2:
        than = f"{_as_usual(named)}, and is the only one of {named.name(own)}"
    else:
        rest = counted(int(named.specimens[own]) - 1, "other specimen")
        than = f"better than the {rest} of its own {named.name(own)}"
    but = f", but neither {_as_usual(named)}" if poorly else ""
    return Told(
        f"{fits}{alike} {than}{but}.",
        named.lineage(other),
        lambda: [*named.nearest(place, other, _SHOWN), *named.nearest(place, own, _SHOWN - 1)],
    )


def _as_usual(named: Named) -> str:
    return f"as well as is usual within {'an' if named.rank == 'order' else 'a'} {named.rank}"


def _alone(named: Named, doubts: Doubts) -> Flags:
    """Return which of the judged specimens are, or were then, the only ones of their species."""
    alone: Flags = (named.specimens[named.codes[doubts.places]] < 2) | (doubts.ratios.own == 0)
    return alone


def usual(named: Named, doubts: Doubts) -> Floats:
    """Return how specimens fit their species where it has others, float64, ascending."""
    return np.sort(doubts.ratios.own[~_alone(named, doubts)])


def _limits(named: Named, doubts: Doubts) -> tuple[float, float]:
    """Return the lower quartile of how specimens fit their species, and where "far" begins."""
    own = usual(named, doubts)
    if not len(own):
        return np.inf, -np.inf
    low, high = np.quantile(own, [0.25, 0.75])
    return float(low), float(low - _WHISKER * (high - low))


def far(named: Named, doubts: Doubts) -> Listing:
    """List specimens that fit the others of their species much worse than is usual here."""
    own = doubts.ratios.own
    low, fence = _limits(named, doubts)
    chosen = np.flatnonzero((own < fence) & ~_alone(named, doubts))
    order = chosen[np.lexsort((chosen, own[chosen]))]
    scores = score_of(np.maximum(fence - own, 0))

    def tell(entry: int) -> Told:
        judged = order[entry]
        place = int(doubts.places[judged])
        code, other = int(named.codes[place]), int(doubts.ratios.other[judged])
        rest = counted(int(named.specimens[code]) - 1, "other specimen")
        reason = f"It is unlike the {rest} of {named.name(code)}"
        if doubts.ratios.best[judged] <= low:
            return Told(
                f"{reason}, and no other {named.rank} here fits it well either.",
                None,
                lambda: named.nearest(place, code, _SHOWN),
            )
        fits = f"fits {named.name(other)} {_as_usual(named)}"
        return Told(
            f"{reason}, and {fits}.",
            named.lineage(other),
            lambda: [*named.nearest(place, code, _SHOWN), *named.nearest(place, other, _SHOWN - 1)],
        )

    return _listing(named, doubts, order, scores, tell)


def singletons(named: Named, doubts: Doubts | None) -> Listing:
    """List species with one specimen, first those whose specimen fits another species.

    Args:
        doubts: None where nothing can be compared; the order is then that of the collection.
    """
    codes = named.codes[named.firsts]
    alone = (codes >= 0) & (np.append(named.specimens, 0)[codes] == 1)  # the last is for no name
    places = named.firsts[alone]
    best, others = np.full(len(places), -np.inf), np.full(len(places), -1)
    if doubts is not None:
        judged = np.searchsorted(doubts.places, places).clip(max=max(len(doubts.places) - 1, 0))
        there = _at(doubts.places, judged, places)
        best[there] = doubts.ratios.best[judged[there]]
        others[there] = doubts.ratios.other[judged[there]]
    order = np.lexsort((places, -best))
    low = np.inf if doubts is None else _limits(named, doubts)[0]
    fits = best > low
    scores = np.where(fits, 0.5 + score_of(np.where(fits, best - low, 0)) / 2, 0.5)

    def tell(entry: int) -> Told:
        place, other = int(places[order[entry]]), int(others[order[entry]])
        own = named.name(int(named.codes[place]))
        reason = f"It is the only specimen of {own}"
        if other < 0:
            return Told(reason + ".")
        evidence = partial(named.nearest, place, other, _SHOWN)
        if fits[order[entry]]:
            reason += f" and fits {named.name(other)} {_as_usual(named)}."
            return Told(reason, named.lineage(other), evidence)
        return Told(reason + f"; the likeliest other is {named.name(other)}.", None, evidence)

    return Listing([places[[one]] for one in order], scores[order], tell, _unnamed(named))


def _at(ascending: Ids, place: Ids, wanted: Ids) -> Flags:
    there: Flags = ascending[place] == wanted if len(ascending) else np.zeros(len(wanted), bool)
    return there


def _listing(
    named: Named, doubts: Doubts, order: Ids, scores: Floats, tell: Callable[[int], Told]
) -> Listing:
    left_out = _unnamed(named)
    asked = (named.codes[named.firsts] >= 0) & ~named.looked_at[named.firsts]
    later = len(np.setdiff1d(named.firsts[asked], doubts.places, assume_unique=True))
    if later:
        left_out["added or named anew since names were compared"] = later
    members = [doubts.places[[one]] for one in order]
    return Listing(members, scores[order], tell, left_out)


def _unnamed(named: Named) -> dict[str, int]:
    count = int((named.codes[named.firsts] < 0).sum())
    return {f"without a name at rank {named.rank}": count} if count else {}
