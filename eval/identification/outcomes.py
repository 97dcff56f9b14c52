"""What becomes of the specimens that ask: every one counts once, known and novel apart."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Flags

from ..measures.intervals import Interval, wilson
from .asking import Identified

KNOWN = ("finest_right", "finest_wrong", "higher_right", "higher_wrong", "unanswered")
NOVEL = ("named_wrongly", "higher_right", "unknown")


@dataclass(frozen=True)
class Outcomes:
    """How many specimens came to which end; the ends of each kind add up to all of it.

    Attributes:
        known: of specimens whose taxon the gallery holds. `finest_right` and `finest_wrong`: named
            at the finest rank; `higher_right` and `higher_wrong`: named at a higher one;
            `unanswered`.
        novel: of the others. `named_wrongly` at any rank, a name at the finest always is;
            `higher_right`; `unknown`.
        higher: for each rank above the finest, the known specimens that are named there.
    """

    known: Mapping[str, int]
    novel: Mapping[str, int]
    higher: Mapping[str, int]

    @property
    def n_known(self) -> int:
        """How many are known."""
        return sum(self.known.values())

    @property
    def n_novel(self) -> int:
        """How many are novel."""
        return sum(self.novel.values())

    def intervals(self, kind: str) -> dict[str, Interval]:
        """Return the share of each end with Wilson's 95 % interval; kind is `known` or `novel`."""
        counts = self.known if kind == "known" else self.novel
        n = sum(counts.values())
        return {end: wilson(count, n) for end, count in counts.items()}

    def to_dict(self) -> dict[str, Any]:
        """Return the shares as JSON knows them."""
        return {
            kind: {end: share.to_dict() for end, share in self.intervals(kind).items()}
            for kind in ("known", "novel")
        }


def outcomes_of(found: Identified) -> Outcomes:
    """Count what became of the specimens of one draw."""
    known, finest = ~found.novel, found.answers.rank == len(found.ranks) - 1
    given, right = found.given, found.given_right
    ends = (
        finest & right,
        finest & ~right,
        given & ~finest & right,
        given & ~finest & ~right,
        ~given,
    )
    of_novel = (given & ~right, given & right, ~given)
    return Outcomes(
        {end: _count(known & flags) for end, flags in zip(KNOWN, ends, strict=True)},
        {end: _count(found.novel & flags) for end, flags in zip(NOVEL, of_novel, strict=True)},
        {
            rank: _count(known & (found.answers.rank == place))
            for place, rank in enumerate(found.ranks[:-1])
        },
    )


def together(every: Iterable[Outcomes]) -> Outcomes:
    """Add up several draws; one specimen may be in several of them."""
    parts = list(every)

    def total(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
        sums: dict[str, int] = {}
        for one in counts:
            for name, count in one.items():
                sums[name] = sums.get(name, 0) + count
        return sums

    return Outcomes(
        total(part.known for part in parts),
        total(part.novel for part in parts),
        total(part.higher for part in parts),
    )


def _count(flags: Flags) -> int:
    return int(np.count_nonzero(flags))
