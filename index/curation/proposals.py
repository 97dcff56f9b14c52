"""The queue of specimens without a name that a name of the collection fits, together by name.

Whole groups are settled by one look: those come first of which one name settles most specimens, by
expectation. Of a specimen that fits no name as those that have one do, nothing is proposed.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from ..arrays import Codes, Flags, Floats, Ids
from ..manifests.problems import counted
from .doubts import Doubts
from .listing import Listing, Told
from .named import Named

_SHOWN = 3  # pictures of the name, as evidence


def how_usual(usual: Floats, fits: Floats) -> Floats:
    """Return which share of specimens fit their own names no better, float64 in [0, 1].

    Args:
        usual: float64, ascending: how specimens fit their names where these are known.
        fits: float64 [n], how others fit a name.
    """
    shares: Floats = np.searchsorted(usual, fits, side="right") / max(len(usual), 1)
    return shares


def by_name(codes: Codes, shares: Floats, rows: Ids) -> list[Ids]:
    """Return specimens in groups of one name, the most saving group and the surest member first.

    Args:
        codes: int64 [n], the name that fits each.
        shares: float64 [n] in [0, 1], how well it does; see `how_usual`.
        rows: int64, those that are asked about.
    """
    if not len(rows):
        return []
    order = rows[np.lexsort((rows, -shares[rows], codes[rows]))]
    groups = np.split(order, np.flatnonzero(np.diff(codes[order])) + 1)
    return sorted(groups, key=lambda group: -float(shares[group].sum()))


def unnamed(named: Named, usual: Floats, proposals: Doubts) -> Listing:
    """List specimens without a name that fit one as specimens that have it do.

    Args:
        usual: see `how_usual`.
        proposals: of the specimens without a name.
    """
    codes, places = proposals.ratios.other, proposals.places
    shares = how_usual(usual, proposals.ratios.best)
    nameless = ~named.looked_at & ~_named_below(named)
    asked, agrees = nameless[places], _agrees(named, places, codes)
    fits = agrees & (shares > 0)
    groups = by_name(codes, shares, np.flatnonzero(asked & fits))
    order = np.concatenate([*groups, np.zeros(0, np.int64)]).astype(np.int64)
    gains = np.repeat([float(shares[g].sum()) for g in groups], [len(g) for g in groups])
    alike = np.repeat([len(g) - 1 for g in groups], [len(g) for g in groups])

    def tell(entry: int) -> Told:
        judged = order[entry]
        place, code = int(places[judged]), int(codes[judged])
        percent = min(99, max(1, round(100 * float(shares[judged]))))
        theirs = counted(int(named.specimens[code]), "specimen")
        reason = (
            f"It fits the {theirs} of {named.name(code)} better than {percent} % of the specimens "
            "with a name fit theirs"
        )
        if alike[entry]:
            reason += f"; {alike[entry]} more without a name {_fit(int(alike[entry]))} it best too"
        return Told(f"{reason}.", named.lineage(code), partial(named.nearest, place, code, _SHOWN))

    without = named.firsts[(named.codes[named.firsts] < 0) & nameless[named.firsts]]
    left_out = {
        "fit no name as well as others fit theirs": int((asked & agrees & ~fits).sum()),
        "fit best what their genus or family does not have": int((asked & ~agrees).sum()),
        "added since names were compared": len(np.setdiff1d(without, places, assume_unique=True)),
        f"have no name below {named.rank}, at which names are compared": _no_further(named),
        f"have a name below {named.rank}, and none at it": int(
            _named_below(named)[named.firsts].sum()
        ),
    }
    left_out = {reason: count for reason, count in left_out.items() if count}
    return Listing(list(places[order][:, None]), gains / (1 + gains), tell, left_out)


def _no_further(named: Named) -> int:
    """Return how many specimens are named at the rank that is compared, where others have more."""
    at_it, finer = (named.codes >= 0)[named.firsts], _has_finer(named)[named.firsts]
    return int((at_it & ~finer).sum()) if finer.any() else 0


def _named_below(named: Named) -> Flags:
    """Return which images have a finer name than is compared and none there, bool [n].

    Hybrids of two genera have none of one, and groups that were named under a family.
    """
    return (named.codes < 0) & _has_finer(named)


def _has_finer(named: Named) -> Flags:
    ranks = named.gallery.ranks
    finer = np.zeros(len(named.codes), np.bool_)
    for rank in ranks[ranks.index(named.rank) + 1 :]:
        finer |= named.gallery.labels(rank).codes >= 0
    return finer


def _agrees(named: Named, places: Ids, codes: Codes) -> Flags:
    """Return which names lie within what the specimens are called already, bool [n]."""
    there = np.flatnonzero(named.codes >= 0)
    some = np.zeros(int(named.codes.max(initial=0)) + 1, np.int64)  # an image of every name
    some[named.codes[there]] = there
    agrees = codes >= 0
    for rank in named.gallery.ranks[: named.gallery.ranks.index(named.rank)]:
        taxa = named.gallery.labels(rank).codes
        own, theirs = taxa[places], taxa[some[codes]]
        agrees &= (own < 0) | (theirs < 0) | (own == theirs)
    return agrees


def _fit(count: int) -> str:
    return "fits" if count == 1 else "fit"
