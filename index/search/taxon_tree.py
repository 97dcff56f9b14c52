"""The taxa of a gallery as a tree, each with the number of its images and specimens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Codes, Flags, Ids
from ..errors import NotFoundError, UsageError
from ..gallery.gallery import Gallery
from ..gallery.taxon_counts import Counts, counts_of
from ..taxonomy import RANKS, Lineage
from ..ways import way
from .column_values import MOST_COMPARED, nearest
from .conditions import shortened


@dataclass(frozen=True)
class Child:
    """A taxon right below another: at the next rank that is named.

    Attributes:
        code: among the taxa of its rank.
        children: how many taxa are right below it.
    """

    rank: str
    taxon: str
    code: int
    images: int
    specimens: int
    children: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {name: value for name, value in vars(self).items() if name != "code"}

    @property
    def cursor(self) -> str:
        """What tells it from every other below the same taxon, in their order."""
        return f"{self.rank}:{self.code}:{self.taxon}"


@dataclass(frozen=True, eq=False)
class Branch:
    """A taxon with what is right below it; of all taxa where it has no rank.

    Attributes:
        lineage: cut off at its rank.
        images, specimens: of it and everything below.
        here: of these, the images and the specimens that are named no further.
        children: coarse to fine, by name.
    """

    rank: str | None
    taxon: str | None
    lineage: Lineage
    images: int
    specimens: int
    here: tuple[int, int]
    children: list[Child]

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values, without its children."""
        return {
            "rank": self.rank,
            "taxon": self.taxon,
            "lineage": {r: n for r, n in zip(RANKS, self.lineage, strict=True) if n},
            "images": self.images,
            "specimens": self.specimens,
            "here": {"images": self.here[0], "specimens": self.here[1]},
        }

    def after(self, cursor: str | None) -> list[Child]:
        """Return the children that follow one, given its cursor; all without.

        Raises:
            UsageError: a cursor that no child has.
        """
        if cursor is None:
            return self.children
        rank, _, rest = cursor.partition(":")
        code, _, name = rest.partition(":")
        if rank not in RANKS or not code.isdecimal() or len(code) > 10:
            raise UsageError(
                f"after is '{shortened(cursor)}', which no page gave; send the 'next' of the page "
                "before"
            )
        last = _order(rank, name, int(code))
        return [one for one in self.children if _order(one.rank, one.taxon, one.code) > last]


def code_of(
    gallery: Gallery, rank: str, name: str, *, category: str = "", kingdom: str = ""
) -> int:
    """Return the code of a taxon of a gallery among those of its rank.

    Args:
        category, kingdom: tell taxa of one name apart.

    Raises:
        NotFoundError: the gallery has none.
        UsageError: there is no such rank, or several taxa are called so.
    """
    if rank not in RANKS:
        raise UsageError(f"rank is '{shortened(rank)}'; it must be one of {', '.join(RANKS)}")
    names = gallery.names(rank)
    images = counts_of(gallery).images
    found = [
        stem
        for stem in names.known.get(name, [])
        if category in ("", stem[0]) and kingdom in ("", stem[1])
        if images[:-1][names.of_taxon[:-1] == stem[2]].any()
    ]
    if not found:
        near = nearest(name, names.names) if _comparable(name, names.names) else []
        there = f"{way('collection info')} lists what is there"
        meant = f"did you mean {' or '.join(near)}?" if near else there
        raise NotFoundError(f"The gallery has no {rank} '{shortened(name)}'; {meant}")
    if len(found) > 1:
        told = "; ".join(" ".join(filter(None, stem[:2])) or "neither" for stem in found)
        raise UsageError(
            f"Several taxa are called '{shortened(name)}', by category and kingdom: {told}; give "
            "category or kingdom, too"
        )
    return found[0][2]


def branch_of(gallery: Gallery, rank: str | None = None, code: int = -1) -> Branch:
    """Return a taxon of a gallery with what is right below it, worked out once for each state.

    Args:
        rank: None for the top of the tree.
        code: of the taxon among those of its rank.
    """
    return gallery.answered(("branch", rank, code), None, lambda: _branch(gallery, rank, code))


def _branch(gallery: Gallery, rank: str | None, code: int) -> Branch:
    counts = counts_of(gallery)
    inside = counts.images > 0
    lineage: Lineage = ("",) * len(RANKS)
    if rank is not None:
        names = gallery.names(rank)
        inside &= names.of_taxon == code
        lineage = names.lineages[code]
    taxa = np.flatnonzero(inside)
    level = -1 if rank is None else RANKS.index(rank)
    next_rank, next_code = _below(gallery, taxa, np.full(len(taxa), level))
    stays = next_rank < 0
    images, specimens = counts.images[taxa], counts.specimens[taxa]
    return Branch(
        rank,
        None if rank is None else gallery.names(rank).names[code],
        lineage,
        int(images.sum()),
        int(specimens.sum()),
        (int(images[stays].sum()), int(specimens[stays].sum())),
        _children(gallery, taxa[~stays], next_rank[~stays], next_code[~stays], counts),
    )


def _below(gallery: Gallery, taxa: Ids, levels: Codes) -> tuple[Codes, Codes]:
    """Return the next rank below a level that each taxon is named at, -1 for none, and its code."""
    found, code = np.full(len(taxa), -1, np.int64), np.full(len(taxa), -1, np.int64)
    for level, rank in enumerate(RANKS):
        codes = gallery.names(rank).of_taxon[taxa]
        new: Flags = (found < 0) & (level > levels) & (codes >= 0)
        found[new], code[new] = level, codes[new]
    return found, code


def _children(
    gallery: Gallery, taxa: Ids, levels: Codes, codes: Codes, counts: Counts
) -> list[Child]:
    most = int(codes.max(initial=0)) + 1
    keys, member = np.unique(levels * most + codes, return_inverse=True)
    images = np.bincount(member, counts.images[taxa], len(keys))
    specimens = np.bincount(member, counts.specimens[taxa], len(keys))
    finer, finer_codes = _below(gallery, taxa, levels)
    named = finer >= 0
    below = np.stack([member[named], finer[named], finer_codes[named]])
    children = np.bincount(np.unique(below, axis=1)[0], minlength=len(keys))
    found = []
    for place, key in enumerate(keys.tolist()):
        rank = RANKS[key // most]
        number = key % most
        name = gallery.names(rank).names[number]
        many = (int(images[place]), int(specimens[place]), int(children[place]))
        found.append(Child(rank, name, number, *many))
    return sorted(found, key=lambda one: _order(one.rank, one.taxon, one.code))


def _order(rank: str, name: str, code: int) -> tuple[int, str, str, int]:
    return RANKS.index(rank), name.casefold(), name, code


def _comparable(name: str, names: list[str]) -> bool:
    return len(names) <= MOST_COMPARED and name == shortened(name)
