"""The names of a collection's taxa, at every rank."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..arrays import Codes, Ids
from ..errors import CorruptError
from ..taxonomy import RANKS, Lineage

Stem = tuple[str, str, int]

_SPARSE = 16  # times as many numbers as taxa; no memory is taken for more


@dataclass(frozen=True, eq=False)
class RankNames:
    """The taxa of one rank.

    Attributes:
        of_taxon: int64 [largest id + 2], each taxon's code, a position in `names`, by its id; -1
            where it is not named at the rank, and in the last place.
        names: two taxa of one name in different categories or kingdoms are different taxa.
        lineages: one lineage of each, cut off below this rank.
        known: {name: [(category, kingdom, code)]}, an empty one where no lineage tells it.
    """

    of_taxon: Codes
    names: list[str]
    lineages: list[Lineage]
    known: dict[str, list[Stem]]


@dataclass(frozen=True, eq=False)
class TaxonNames:
    """The lineages of all taxa, which never change; more may be appended.

    Attributes:
        most: the largest id, 0 where there is none; they count from 1.
        count: how many there are.
        ranks: the names of each rank.
    """

    most: int = 0
    count: int = 0
    ranks: Mapping[str, RankNames] = field(
        default_factory=lambda: {
            rank: RankNames(np.full(2, -1, np.int64), [], [], {}) for rank in RANKS
        }
    )

    def called(self, rank: str, code: int) -> Ids:
        """Return the ids of all lineages that have a taxon, int64 [m]."""
        return np.flatnonzero(self.ranks[rank].of_taxon[:-1] == code)

    def lineage(self, rank: str, code: int, used: Codes) -> Lineage:
        """Return the lineage of a taxon that most of what is called so has, cut off below its rank.

        Higher names are corrected, and taken back; what nobody has any more tells nothing.

        Args:
            used: int64 [largest id + 1], how many images or specimens each taxon has, by its id.
        """
        taxa = self.called(rank, code)
        taxa = taxa[used[taxa] > 0]
        lineage = list(self.ranks[rank].lineages[code])
        if not len(taxa):
            return tuple(lineage)
        for place in range(RANKS.index(rank)):
            above = self.ranks[RANKS[place]]
            codes = above.of_taxon[taxa]
            counts = np.bincount(codes[codes >= 0], used[taxa[codes >= 0]])
            lineage[place] = above.names[int(counts.argmax())] if len(counts) else ""
        return tuple(lineage)

    def extended(self, lineages: Mapping[int, Lineage], folder: object) -> TaxonNames:
        """Return these taxa with more; the codes of those that were there stay.

        Args:
            lineages: by ids that are larger than `most`, ascending.
            folder: the collection, for the message.

        Raises:
            CorruptError: they are not named and numbered as a collection does it.
        """
        if not lineages:
            return self
        most, count = max(lineages), self.count + len(lineages)
        numbered = min(lineages) > self.most and most <= 1000 + _SPARSE * count
        named = all(isinstance(name, str) for lineage in lineages.values() for name in lineage)
        if not (numbered and named):
            raise CorruptError(
                f"The taxa of {folder} are not named and numbered as a collection does it; "
                "restore a snapshot"
            )
        ranks = {rank: _extended(names, rank, most, lineages) for rank, names in self.ranks.items()}
        return TaxonNames(most, count, ranks)


def _extended(
    before: RankNames, rank: str, most: int, lineages: Mapping[int, Lineage]
) -> RankNames:
    place = RANKS.index(rank)
    names, cut, known = list(before.names), list(before.lineages), dict(before.known)
    of_taxon = np.full(most + 2, -1, np.int64)
    of_taxon[: len(before.of_taxon) - 1] = before.of_taxon[:-1]
    for number, lineage in lineages.items():
        name = lineage[place]
        if not name:
            continue
        stems, code = _placed(known.get(name, []), lineage[0], lineage[1] if place else "", names)
        if code == len(names):
            names.append(name)
            cut.append(lineage[: place + 1] + ("",) * (len(RANKS) - place - 1))
        known[name] = stems
        of_taxon[number] = code
    return RankNames(of_taxon, names, cut, known)


def _placed(
    stems: list[Stem], category: str, kingdom: str, names: list[str]
) -> tuple[list[Stem], int]:
    """Return which of the taxa of one name a lineage names, and those taxa with it.

    A category or kingdom that is not given contradicts none; where several taxa fit, only one of
    the very same does.
    """
    fitting = [
        (there, land, code)
        for there, land, code in stems
        if _fits(there, category) and _fits(land, kingdom)
    ]
    same = [stem for stem in fitting if stem[:2] == (category, kingdom)]
    if same:
        return stems, same[0][2]
    if len(fitting) != 1:
        return [*stems, (category, kingdom, len(names))], len(names)
    there, land, code = fitting[0]
    told = (there or category, land or kingdom, code)
    return [told if stem[2] == code else stem for stem in stems], code


def _fits(one: str, other: str) -> bool:
    return not one or not other or one == other
