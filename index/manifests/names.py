"""The names of a table: each is read once, all complete each other, and specimens have one each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..arrays import Codes
from ..taxonomy import (
    QUALIFIER,
    RANKS,
    VERBATIM,
    Identification,
    Lineage,
    Siblings,
    TaxonNameError,
    joined,
    lowest_name,
    lowest_rank,
    name_at,
    read_lineage,
    same_taxon,
)
from .problems import counted, some

Names = tuple[str, ...]

_NAMED = re.compile(  # an epithet that a qualifier names, or what stands for one
    r"(?:\b(?:cf|aff|nr|sp)\b\.?\s*)+(?!(?:nov|indet)\b)([^\W_][\w-]*)[\s?.]*", re.IGNORECASE
)


class RowError(ValueError):
    """A row that cannot be stored."""


class TableNames:
    """What the rows of a table say of taxa. Rows that say the same share a code.

    First every row is added, then they are completed, then each is asked for.
    """

    def __init__(self) -> None:
        self._codes: dict[Names, int] = {}
        self._read: list[Identification | TaxonNameError] = []
        self._count: list[int] = []
        self._first_row: list[int] = []
        self._siblings = Siblings([])

    def add(self, number: int, names: Names) -> int:
        """Read the names of a row, one a rank of `RANKS`, and return their code.

        Args:
            number: the row's, as `Problem.row` counts.
            names: as they are written.
        """
        code = self._codes.get(names)
        if code is None:
            code = self._codes[names] = len(self._read)
            self._read.append(_read(names))
            self._count.append(0)
            self._first_row.append(number)
        self._count[code] += 1
        return code

    def complete(self) -> None:
        """Fill what the rows leave empty and others tell, and give every name one spelling."""
        counted: Counter[Lineage] = Counter()
        for _, found, count in self._readable():
            counted[found.lineage] += count
        self._siblings = Siblings(counted)
        for code, found, _ in self._readable():
            completed = self._siblings.completed(found.lineage)
            self._read[code] = replace(found, lineage=completed)

    def _readable(self) -> Iterator[tuple[int, Identification, int]]:
        for code, (found, count) in enumerate(zip(self._read, self._count, strict=True)):
            if isinstance(found, Identification):
                yield code, found, count

    def code(self, names: Names) -> int:
        """Return the code of names that were added."""
        return self._codes[names]

    def at(self, code: int) -> Identification:
        """Return what the rows of a code say.

        Raises:
            TaxonNameError: their names contradict each other, or one is no name.
        """
        found = self._read[code]
        if isinstance(found, TaxonNameError):
            raise found
        return found

    def lineage(self, code: int) -> Lineage | None:
        """Return the lineage of a code; None where its names cannot be read."""
        found = self._read[code]
        return found.lineage if isinstance(found, Identification) else None

    def species(self) -> Codes:
        """Return the species of every code, int64 [codes]: equal for one species, -1 for none."""
        known: dict[tuple[str, str, str], int] = {}
        species = np.full(len(self._read), -1, np.int64)
        for code, found, _ in self._readable():
            category, kingdom, *_, name = found.lineage
            if name:
                species[code] = known.setdefault((category, kingdom, name), len(known))
        return species

    def remarks(self) -> list[tuple[int, str]]:
        """Return what the owner of the table should know of its names, with the row of each."""
        said = [self._on_spellings(), self._on_homonyms(), *self._on_parents()]
        return [remark for remark in said if remark]

    def _on_spellings(self) -> tuple[int, str] | None:
        """Tell which names are kept in another spelling than the table's."""
        other = [
            (code, found, count)
            for code, found, count in self._readable()
            if found.verbatim and found.note is None
        ]
        if not other:
            return None
        rows = counted(sum(count for _, _, count in other), "row is", "rows are")
        shown = some(f"'{found.verbatim}' as {_lowest(found.lineage)}" for _, found, _ in other)
        return self._first_row[other[0][0]], (
            f"{rows} read in one spelling of their names: {shown}; as they are written they stay "
            "in the column verbatimIdentification"
        )

    def _on_homonyms(self) -> tuple[int, str] | None:
        found = [one for one in self._siblings.contradictions() if one.is_homonym]
        if not found:
            return None
        others = len(found) - 1
        more = f" (as {counted(others, 'more name is', 'more names are')})" if others else ""
        return self._row_of(found[0].rank, found[0].name, found[0].above), f"{found[0]}{more}"

    def _on_parents(self) -> list[tuple[int, str]]:
        return [
            (self._row_of(one.rank, one.name, one.above), str(one))
            for one in self._siblings.contradictions()
            if not one.is_homonym
        ]

    def _row_of(self, rank: str, name: str, above: str) -> int:
        """Return the row that names a taxon in the second of two above it."""
        first: dict[str, int] = {}
        for code, found, _ in self._readable():
            parent = name_at(found.lineage, above)
            if parent and name_at(found.lineage, rank) == name:
                first[parent] = min(self._first_row[code], first.get(parent, 1 << 62))
        return sorted(first.values())[1] if len(first) > 1 else min(first.values(), default=2)


class SpecimenNames:
    """The names of specimens of which several rows speak.

    The rows of one may say more or less of it, but not two different taxa: then the first counts.

    Args:
        keys: int64 [n], the rows' specimens.
        codes: int64 [n], of `TableNames`, -1 where a row says nothing.
        names: completed.
    """

    def __init__(self, keys: Codes, codes: Codes, names: TableNames) -> None:
        self._names = names
        self._merged: dict[int, Lineage] = {}
        place = np.flatnonzero(np.isin(keys, disagreeing(keys, codes)))
        for key, code in dict.fromkeys(
            zip(keys[place].tolist(), codes[place].tolist(), strict=True)
        ):
            lineage = names.lineage(code) if code >= 0 else None
            before = self._merged.get(key)
            if before is None and lineage is not None:
                self._merged[key] = lineage
            elif before is not None and lineage is not None and same_taxon(before, lineage):
                self._merged[key] = joined(before, lineage)

    def agreed(self, key: int, specimen_id: str, code: int) -> tuple[Lineage, str | None]:
        """Return the lineage of a specimen, and a note where another row names it more closely.

        Raises:
            RowError: this row says that it is another taxon than an earlier one does.
        """
        own = self._names.at(code).lineage
        merged = self._merged.get(key)
        if merged is None:
            return own, None
        if not same_taxon(merged, own):
            raise RowError(
                f"specimen '{specimen_id}' has another name in an earlier row ('{_lowest(merged)}' "
                f"there, '{_lowest(own)}' here); give both the same"
            )
        if _finer(merged, own) or merged[-1] != own[-1]:
            return merged, f"specimen '{specimen_id}' is named '{_lowest(merged)}' by another row"
        return merged, None


def fits(qualifier: str, *names: str) -> bool:
    """Return whether a qualifier can be one of a specimen's names: it names no other epithet.

    >>> fits("cf. baja", "Xestia baja"), fits("cf. baja", "Xestia xanthographa")
    (True, False)
    >>> fits("sp. 1", "Xestia baja"), fits("sp. nov.", "Xestia baja"), fits("cf. baja", "", "")
    (False, True, True)
    """
    named = _NAMED.fullmatch(qualifier.strip())
    words = set(re.split(r"[\s_/]+", " ".join(names).casefold())) - {""}
    return named is None or not words or named[1].casefold() in words


def with_identification(metadata: dict[str, str], said: Identification) -> dict[str, str]:
    """Return metadata with how a name was written and qualified, unless a column says it."""
    there = {name.casefold() for name in metadata}
    told = {VERBATIM: said.verbatim, QUALIFIER: said.qualifier}
    more = {name: text for name, text in told.items() if text and name.casefold() not in there}
    return {**metadata, **more} if more else metadata


def _read(names: Names) -> Identification | TaxonNameError:
    try:
        return read_lineage(dict(zip(RANKS, names, strict=True)))
    except TaxonNameError as error:
        return error


def _finer(one: Lineage, other: Lineage) -> bool:
    ranks = [lowest_rank(one), lowest_rank(other)]
    first, second = (RANKS.index(rank) if rank else -1 for rank in ranks)
    return first > second


def _lowest(lineage: Lineage) -> str:
    return lowest_name(lineage) or "no taxon"


def disagreeing(keys: Codes, values: Codes) -> Codes:
    """Return the keys that come with more than one value."""
    order = np.lexsort((values, keys))
    keys, values = keys[order], values[order]
    again = (keys[1:] == keys[:-1]) & (values[1:] != values[:-1])
    return np.unique(keys[1:][again])
