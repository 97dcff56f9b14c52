"""What a split gives away: pictures and specimens that stand on both sides (METHODS 4.14)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Embeddings
from holotype.index.pictures.copies import Thumbnails

from .duplicates import (
    Hashes,
    Pairs,
    confirmed,
    cosine_pairs,
    duplicate_groups,
    equal_pairs,
    hash_pairs,
    nearest_pairs,
)
from .splits import Split

_NONE: Codes = np.empty((0, 2), np.int64)


@dataclass(frozen=True)
class Leaks:
    """What crosses from the gallery (and calibration) to the queries, as rows of the table.

    Each query is listed once a kind, with the first row that it matches. Images of one specimen
    are listed under specimens, not as duplicates.

    Attributes:
        n_queries: queries of the split.
        exact: int64 [m, 2], query and row with the same content.
        near: int64 [m, 2], query and row that are near duplicates, and not exact ones.
        specimens: int64 [m, 2], query and row of one specimen; empty for leave-one-out, which
            leaves the own specimen out.
        content: int64 [n], rows of the table with one code have the same content.
        near_pairs: int64 [m, 2], every near duplicate, not only the first of a query.
    """

    n_queries: int
    exact: Codes
    near: Codes
    specimens: Codes
    content: Codes
    near_pairs: Codes

    @classmethod
    def none(cls, split: Split, n: int) -> Leaks:
        """Return that nothing crosses a split of n rows, where all was kept apart beforehand."""
        return cls(len(split.query), _NONE, _NONE, _NONE, np.arange(n), _NONE)

    def unite(self, groups: Codes) -> Codes:
        """Return groups, specimens at least, that hold all copies of their pictures.

        With the groups as specimens, no picture is answered by its copy.
        """
        _, first, member = np.unique(self.content, return_index=True, return_inverse=True)
        copies = (first[member], np.arange(len(member)))
        near = (self.near_pairs[:, 0], self.near_pairs[:, 1])
        return duplicate_groups(len(groups), iter([copies, near]), groups=groups)

    @property
    def clean(self) -> bool:
        """Whether nothing crosses."""
        return not len(self.queries)

    @property
    def queries(self) -> Codes:
        """The rows of the queries that something gives away, int64, ascending."""
        return np.unique(np.concatenate([self.exact, self.near, self.specimens])[:, 0])

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON knows them."""
        return {
            "clean": self.clean,
            "n_queries": self.n_queries,
            "n_leaking": len(self.queries),
            "n_exact": len(self.exact),
            "n_near": len(self.near),
            "n_specimens": len(self.specimens),
        }


def find_leaks(
    split: Split,
    specimens: Codes,
    sha256: Sequence[str],
    *,
    phash: Hashes | None = None,
    embeddings: Embeddings | None = None,
    thumbnails: Callable[[Codes], Thumbnails] | None = None,
) -> Leaks:
    """Return what crosses a split.

    With thumbnails, hashes and nearest embeddings only propose near duplicates, and the pictures
    themselves decide; without, hashes within 4 bits and cosines from 0.98 count as such.

    Args:
        split: of the table.
        specimens: int64 [n], of every row of the table.
        sha256: [n], content hashes.
        phash: uint64 [n], perceptual hashes; None does not look for near duplicates by hash.
        embeddings: float32 [n, dim], unit rows of un-augmented pictures, before any projection;
            None does not look for near duplicates by embedding.
        thumbnails: takes rows of the table, int64 [m], and returns their pictures as
            `grey_thumbnail` makes them, uint8 [m, 64, 64].

    Raises:
        ValueError: embeddings that are not unit rows.
    """
    asked, held = split.query, np.concatenate([split.gallery, split.calibration])
    content = np.unique(np.array(sha256, dtype=str), return_inverse=True)[1].astype(np.int64)
    copies = equal_pairs(content[asked], content[held])
    exact = _first_matches(_rows(copies, asked, held, specimens))
    proposed: list[Pairs] = []
    if phash is not None:
        proposed.append(hash_pairs(phash[asked], phash[held]))
    if embeddings is not None:
        proposed.append(_similar(embeddings, asked, held, specimens, thumbnails is not None))
    pairs = chain.from_iterable(_rows(source, asked, held, specimens) for source in proposed)
    near_pairs = _all(pairs if thumbnails is None else confirmed(pairs, thumbnails))
    near = _first_matches(iter([(near_pairs[:, 0], near_pairs[:, 1])]))
    shared = _NONE
    if not split.leave_one_out:
        shared = _first_matches(_rows(equal_pairs(specimens[asked], specimens[held]), asked, held))
    fresh = near[~np.isin(near[:, 0], exact[:, 0])]
    return Leaks(len(asked), exact, fresh, shared, content, near_pairs)


def leaks_between(sides: Codes, specimens: Codes, copies: Leaks) -> Leaks:
    """Return what stands on two sides, as pairs of an image and the first one on another side.

    Args:
        sides: int64 [n], the side of every image; images of side -1 answer and never ask.
        specimens: int64 [n].
        copies: among all images, on whichever side.
    """
    united = copies.unite(specimens)
    pairs = np.unique(np.stack([united, sides]), axis=1)
    groups, n_sides = np.unique(pairs[0], return_counts=True)
    torn = np.isin(united, groups[n_sides > 1])
    shared, alike = [_NONE], [_NONE]
    for row in np.flatnonzero(torn & (sides >= 0)):
        others = np.flatnonzero((united == united[row]) & (sides != sides[row]))
        own = others[specimens[others] == specimens[row]]
        (shared if len(own) else alike).append(np.array([[row, (own if len(own) else others)[0]]]))
    near, same = np.concatenate(alike), np.concatenate(shared)
    n_queries = int((sides >= 0).sum())
    return Leaks(n_queries, _NONE, near, same, copies.content, copies.near_pairs)


def _similar(
    embeddings: Embeddings, asked: Codes, held: Codes, specimens: Codes, widely: bool
) -> Pairs:
    """Return pairs of similar rows: the nearest of each query, or only those nearly the same."""
    if widely:
        sides = specimens[asked], specimens[held]
        return nearest_pairs(embeddings[asked], embeddings[held], *sides)
    return cosine_pairs(embeddings[asked], embeddings[held])


def _rows(pairs: Pairs, asked: Codes, held: Codes, specimens: Codes | None = None) -> Pairs:
    """Yield pairs of places as rows of the table; with specimens, those of two specimens only."""
    for query, place in pairs:
        left, right = asked[query], held[place]
        if specimens is not None:
            other = specimens[left] != specimens[right]
            left, right = left[other], right[other]
        yield left, right


def _all(pairs: Pairs) -> Codes:
    """Return every pair, int64 [m, 2]."""
    return np.concatenate([_NONE, *(np.column_stack(block) for block in pairs)])


def _first_matches(pairs: Pairs) -> Codes:
    """Return the first match of each left row, int64 [m, 2]."""
    found = [_NONE]
    for left, right in pairs:
        _, first = np.unique(left, return_index=True)
        found.append(np.column_stack([left[first], right[first]]))
    matches = np.concatenate(found)
    return matches[np.unique(matches[:, 0], return_index=True)[1]]
