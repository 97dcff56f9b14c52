"""What the lineages of a table tell of each other: what is above a taxon, in one spelling."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .ranks import GENUS, RANKS, SPECIES, Lineage

_MOST = 64  # different lineages above one taxon that are compared: more say nothing together
_STEM = 2  # category and kingdom, in which one name may be two taxa


@dataclass(frozen=True)
class Contradiction:
    """A taxon that a table puts in two taxa of one rank.

    Attributes:
        rank, name: the taxon.
        above: the rank that two names are given at.
        parents: those names, the first one first.
        lineages: the lineages that say so, one of each parent, in the same order.
    """

    rank: str
    name: str
    above: str
    parents: tuple[str, ...]
    lineages: tuple[Lineage, ...]

    @property
    def is_homonym(self) -> bool:
        """Whether it is two taxa of one name."""
        return RANKS.index(self.above) < _STEM

    def __str__(self) -> str:
        parents = " and ".join(f"'{name}'" for name in self.parents)
        if self.is_homonym:
            return (
                f"{self.rank} '{self.name}' is given in {self.above} {parents}: they are kept as "
                "different taxa; where they are one, correct the column"
            )
        return (
            f"{self.rank} '{self.name}' is given in {self.above} {parents}: each row is kept as it "
            "is written; correct one, or add the kingdom where they are two taxa of one name"
        )


class Siblings:
    """The different lineages of a table."""

    def __init__(self, lineages: Iterable[Lineage]) -> None:
        counted = lineages if isinstance(lineages, Counter) else Counter(lineages)
        self._spelling = _spellings(counted)
        self._above: dict[tuple[int, str], list[Lineage]] = {}
        for lineage in counted:
            self._add(self._spelled(lineage))

    def _add(self, lineage: Lineage) -> None:
        for place in range(1, len(RANKS)):
            if lineage[place]:
                known = self._above.setdefault((place, lineage[place]), [])
                if len(known) < _MOST and lineage[:place] not in known:
                    known.append(lineage[:place])

    def completed(self, lineage: Lineage) -> Lineage:
        """Return a lineage in the table's spelling, with the higher names that others tell.

        A rank that is empty is filled where all that name the taxon below it, and contradict the
        lineage nowhere, have one name for it.

        >>> rows = [("", "", "", "", "", "Noctuidae", "Xestia", "Xestia baja")]
        >>> rows += [("", "", "", "", "", "", "Xestia", "Xestia ditrapezium")]
        >>> Siblings(rows).completed(rows[1])[5]
        'Noctuidae'
        """
        names = list(self._spelled(lineage))
        for place in range(len(RANKS) - 1, 0, -1):
            if names[place] and not all(names[:place]):
                self._fill(names, place)
        return tuple(names)

    def _fill(self, names: list[str], place: int) -> None:
        fitting = [
            above
            for above in self._above.get((place, names[place]), [])
            if _clash(above, names[:place]) is None
        ]
        for rank in range(place):
            if not names[rank]:
                said = {above[rank] for above in fitting if above[rank]}
                if len(said) == 1:
                    names[rank] = said.pop()

    def _spelled(self, lineage: Lineage) -> Lineage:
        return tuple(
            name and self._spelling.get((place, _key(place, name)), name)
            for place, name in enumerate(lineage)
        )

    def contradictions(self) -> list[Contradiction]:
        """Return the taxa that are put in two places, the finest first, each once.

        Where the species of a genus tell it, the genus is not told again.
        """
        found: list[Contradiction] = []
        told: set[tuple[int, str, int, tuple[str, ...]]] = set()
        for (place, name), above in sorted(self._above.items(), key=lambda item: -item[0][0]):
            contradiction = _contradiction(place, name, above)
            if contradiction is None:
                continue
            rank = RANKS.index(contradiction.above)
            pair = tuple(sorted(contradiction.parents))
            if (place, name, rank, pair) not in told:
                found.append(contradiction)
            for lineage in contradiction.lineages:
                told |= {(p, lineage[p], rank, pair) for p in range(rank + 1, place) if lineage[p]}
        return found


def same_taxon(one: Lineage, other: Lineage) -> bool:
    """Return whether two lineages can be of one specimen; an empty name contradicts none.

    Decisive is the finest rank at which both are named, and that they are not homonyms. `Xestia
    sp.` leaves the species open. A species that is in no one genus (a hybrid, `Noctuidae gen. sp.
    1`) is not in a genus that the other names.
    """
    for first, second in ((one, other), (other, one)):
        if first[SPECIES] and not first[GENUS] and second[GENUS]:
            return first[SPECIES] == second[SPECIES]
    finest = SPECIES - (is_open(one) or is_open(other))
    for place in range(finest, -1, -1):
        if one[place] and other[place]:
            return one[place] == other[place] and _clash(one[:_STEM], other[:_STEM]) is None
    return True


def joined(first: Lineage, other: Lineage) -> Lineage:
    """Return a lineage with the names that it lacks and the other one has."""
    names = [name or more for name, more in zip(first, other, strict=True)]
    if is_open(first) and other[-1]:
        names[-1] = other[-1]
    return tuple(names)


def is_open(lineage: Lineage) -> bool:
    """Return whether a lineage ends with a genus whose species is left open: `Xestia sp.`."""
    return lineage[-1].endswith(" sp.")


def _key(place: int, name: str) -> str:
    folded = name.casefold()
    return folded.replace("-", "") if place >= GENUS else folded


def _spellings(counted: Mapping[Lineage, int]) -> dict[tuple[int, str], str]:
    """Return one spelling of each name: the most frequent one, the first of several."""
    counts: dict[tuple[int, str], Counter[str]] = {}
    for lineage, count in counted.items():
        for place, name in enumerate(lineage):
            if name:
                counts.setdefault((place, _key(place, name)), Counter())[name] += count
    return {key: found.most_common(1)[0][0] for key, found in counts.items() if len(found) > 1}


def _clash(one: Iterable[str], other: Iterable[str]) -> int | None:
    """Return the first rank at which two lineages have different names."""
    for place, (name, another) in enumerate(zip(one, other, strict=True)):
        if name and another and name != another:
            return place
    return None


def _contradiction(place: int, name: str, above: list[Lineage]) -> Contradiction | None:
    """Return what the lineages above a taxon contradict each other in.

    That is the category or the kingdom, else the finest of the ranks.
    """
    for rank in (*range(min(_STEM, place)), *range(place - 1, _STEM - 1, -1)):
        first: dict[str, Lineage] = {}
        for lineage in above:
            if lineage[rank]:
                first.setdefault(lineage[rank], lineage)
        if len(first) > 1:
            return Contradiction(
                RANKS[place], name, RANKS[rank], tuple(first), tuple(first.values())
            )
    return None
