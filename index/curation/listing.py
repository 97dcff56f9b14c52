"""An ordered list of what a person should look at, described only where it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..arrays import Flags, Floats, Ids
from ..taxonomy import Lineage, lowest_name
from .named import Near

_HALF = 10.0  # log-ratio whose score is a half


@dataclass(frozen=True)
class Told:
    """What is said of an entry.

    Attributes:
        reason: one sentence.
        proposed: a lineage, None where nothing better is known.
        evidence: pictures to compare with, the most telling first.
    """

    reason: str
    proposed: Lineage | None = None
    evidence: Callable[[], Sequence[Near]] = tuple


@dataclass(frozen=True, eq=False)
class Listing:
    """The entries of a queue, first those that deserve a look most.

    Attributes:
        members: of each entry int64 [m], the first image of each of its specimens.
        scores: float64 [entries], in (0, 1], descending.
        tell: describes the entry at a position.
        left_out: how many specimens could not be judged, by the reason.
    """

    members: Sequence[Ids]
    scores: Floats
    tell: Callable[[int], Told]
    left_out: dict[str, int] = field(default_factory=dict)

    def less(self, looked_at: Flags) -> Listing:
        """Return the listing without the entries all of whose specimens were looked at.

        Args:
            looked_at: bool [n], of every image.
        """
        if not len(self.members):
            return self
        sizes = np.fromiter(map(len, self.members), np.int64, len(self.members))
        seen = np.logical_and.reduceat(
            looked_at[np.concatenate(self.members)], np.cumsum(sizes) - sizes
        )
        stays = np.flatnonzero(~seen).tolist()
        return Listing(
            [self.members[place] for place in stays],
            self.scores[stays],
            lambda place: self.tell(stays[place]),
            self.left_out,
        )


def score_of(log_ratios: Floats) -> Floats:
    """Return scores in (0, 1) that order as log-ratios above 0 do, however large these are.

    >>> import numpy as np
    >>> score_of(np.array([10.0, 90.0])).tolist()
    [0.5, 0.9]
    """
    scores: Floats = log_ratios / (log_ratios + _HALF)
    return scores


def told_apart(lineages: Sequence[Lineage]) -> list[str]:
    """Return the lowest name of each, beside it the highest that differs where several have one.

    >>> bird = ("Bird", "", "", "", "", "", "Oenanthe", "Oenanthe oenanthe")
    >>> told_apart([bird, ("Moth", *bird[1:]), ("Moth", *bird[1:7], "Xestia baja")])
    ['Oenanthe oenanthe (Bird)', 'Oenanthe oenanthe (Moth)', 'Xestia baja']
    """
    names = [lowest_name(lineage) for lineage in lineages]
    told = []
    for lineage, name in zip(lineages, names, strict=True):
        alike = [other for other, its in zip(lineages, names, strict=True) if its == name]
        apart = (one for one, *rest in zip(lineage, *alike, strict=True) if len(set(rest)) > 1)
        above = next(apart, "")
        told.append(f"{name} ({above})" if above else name)
    return told
