"""What the other specimens of a space say about the name of each: worked out once, then kept.

A specimen is judged by spaces and classes that were fitted without it, so that a wrong name cannot
speak for itself. The fits are `training.doubts`'; here is what is compared, and what is kept.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from ..arrays import Codes, Embeddings, Flags, Floats, Ids
from ..collection import Collection
from ..gallery.array_files import KeptArrays, keep_arrays, load_arrays
from ..gallery.gallery import Gallery
from ..identification.likelihood import Likelihood
from ..taxonomy import RANKS, SPECIES
from ..vectors.base import Parts

_CELLS = 1 << 21  # ratios that are in memory at once
_MANY_CHANGED = 0.05  # share of the specimens from which on all are judged anew
_FEW_CHANGED = 2  # which never are too many
_MOST = 0.5  # share of the named specimens

Kept = Literal["doubts", "proposals"]  # of specimens with a name, and of those without


class Ratios(NamedTuple):
    """How likely s specimens are in classes, as logarithms of ratios to a class never seen.

    Attributes:
        own: float64 [s], in their own class; 0 where it has no other specimen.
        best: float64 [s], in the likeliest other class.
        other: int64 [s], which class that is.
    """

    own: Floats
    best: Floats
    other: Codes


@dataclass(frozen=True, eq=False)
class Doubts:
    """Specimens of a gallery, judged under the name that they have, or compared with all names.

    Attributes:
        source: the gallery of the encoder's own vectors, at the state that the others are of.
        places: int64 [s], the first image of each, ascending.
        ratios: of each; `other` is a code of `compared_rank`; `own` is 0 without a name.
        kind: of which specimens.
    """

    source: Gallery
    places: Ids
    ratios: Ratios
    kind: Kept = "doubts"

    def at(self, source: Gallery, *, grown: bool = False) -> Doubts | None:
        """Return the same of another state of the gallery; None where too much has changed.

        Args:
            grown: see `kept_doubts`.
        """
        if source is self.source:
            return self
        if compared_rank(source) != compared_rank(self.source):
            return None
        return _followed(_by_sequence(self), len(self.places), source, self.kind, grown)


def compare(likelihood: Likelihood, vectors: Embeddings, own: Codes) -> Ratios:
    """Compare specimens with classes that they are no part of.

    Args:
        likelihood: of at least two classes.
        vectors: float32 [s, dim], the encoder's unit rows, one a specimen.
        own: int64 [s], the place of each one's class, -1 where no other specimen is in it.
    """
    step = max(1, _CELLS // len(likelihood.heights))
    parts = [
        _compared(likelihood.log_ratios_to_all(vectors[start : start + step]), own[start:][:step])
        for start in range(0, max(len(vectors), 1), step)
    ]
    return joined(parts)


def _compared(ratios: Floats, own: Codes) -> Ratios:
    line, there = np.arange(len(own)), own >= 0
    mine = np.where(there, ratios[line, own], 0.0)
    ratios[line[there], own[there]] = -np.inf
    other = ratios.argmax(axis=1)
    return Ratios(mine, ratios[line, other], other)


def joined(parts: list[Ratios]) -> Ratios:
    """Return the ratios of several groups of specimens, one after the other."""
    return Ratios(*(np.concatenate(values) for values in zip(*parts, strict=True)))


def first_images(gallery: Gallery) -> Ids:
    """Return the place of every specimen's first image, int64 [specimens], by specimen."""
    return np.unique(gallery.specimens, return_index=True)[1]


def compared_rank(gallery: Gallery) -> str:
    """Return the rank at which names are compared.

    It is the finest that half of the named specimens have a name at, so that the first species do
    not end what genera tell; where names cannot be compared there, the finest at which they can,
    and where they cannot at all, the finest that the gallery has.
    """
    return gallery.once("compared_rank", None, lambda: _compared_rank(gallery))


def _compared_rank(gallery: Gallery) -> str:
    firsts = first_images(gallery)
    named = int((gallery.taxon[firsts] >= 0).sum())
    ranks = gallery.ranks[::-1]
    counts = {rank: specimens_by_taxon(gallery.labels(rank).codes[firsts]) for rank in ranks}
    able = [rank for rank in ranks if are_comparable(counts[rank])]
    usual = [rank for rank in able if counts[rank].sum() >= _MOST * named]
    return [*usual, *able, finest_rank(gallery)][0]


def finest_rank(gallery: Gallery) -> str:
    """Return the finest rank that the gallery has a name at, `species` where it has none."""
    return [*gallery.ranks[::-1], RANKS[SPECIES]][0]


def specimens_by_taxon(codes: Codes) -> Codes:
    """Return how many specimens are of each taxon that has any, given their taxa, -1 for none."""
    counts: Codes = np.bincount(codes + 1)[1:]
    return counts[counts > 0]


def are_comparable(specimens: Codes) -> bool:
    """Return whether names can be compared: of two taxa, one of which has three specimens.

    Of these, two stay to tell what varies within a taxon, whichever fold is left out.

    Args:
        specimens: int64 [taxa], of each.
    """
    return len(specimens) >= 2 and int(specimens.max()) >= 3


def compared_codes(gallery: Gallery) -> Codes:
    """Return the taxon of every image at the rank at which names are compared, -1 for none."""
    return gallery.labels(compared_rank(gallery)).codes


def keep_doubts(collection: Collection, doubts: Doubts) -> None:
    """Keep what was found beside the index, unless somebody else is writing there."""
    source = doubts.source
    said = {
        "specimens": len(doubts.places),
        "names": _all_names(source),
        "rank": compared_rank(source),
    }
    kept = KeptArrays(said, _by_sequence(doubts))
    keep_arrays(
        collection.database, source.space, source.state, doubts.kind, {}, kept, followed=True
    )


def kept_doubts(
    collection: Collection,
    source: Gallery,
    kind: Kept = "doubts",
    *,
    exact: bool = False,
    grown: bool = False,
) -> Doubts | None:
    """Return what is kept of a gallery, less the specimens that were named anew since.

    Args:
        kind: of which specimens.
        exact: only what rests on the names that all specimens have now.
        grown: of those with a name also where many got theirs since, of whom nothing is known
            then; that is enough to tell how specimens fit their names as a rule.

    Returns:
        None where nothing is kept, more than a twentieth of the specimens has changed, or names
        are compared at another rank by now; of no specimens nothing needs to be kept.
    """
    if kind == "proposals" and source.ranks and not len(_judged(source, kind)):
        return Doubts(source, np.zeros(0, np.int64), no_ratios(), kind)
    kept = load_arrays(collection.database, source.space, kind, {})
    if kept is None or (exact and kept.said.get("names") != _all_names(source)):
        return None
    if kept.said.get("rank", finest_rank(source)) != compared_rank(source):
        return None  # formerly it was always the finest
    return _followed(kept.arrays, int(kept.said["specimens"]), source, kind, grown)


def no_ratios() -> Ratios:
    """Return the ratios of no specimens."""
    return Ratios(np.zeros(0), np.zeros(0), np.zeros(0, np.int64))


def _judged(source: Gallery, kind: Kept) -> Ids:
    """Return the first images of all specimens that are judged."""
    firsts = first_images(source)
    judged: Ids = firsts[(compared_codes(source)[firsts] >= 0) == (kind == "doubts")]
    return judged


def _by_sequence(doubts: Doubts) -> Parts:
    """Return the arrays in which every state of the gallery finds its specimens and taxa.

    A row for every image: a specimen is known by any that is left of it.
    """
    source, codes = doubts.source, compared_codes(doubts.source)
    some_taxon = np.zeros(int(codes.max(initial=-1)) + 1, np.int64)
    some_taxon[codes[codes >= 0]] = source.taxon[codes >= 0]
    specimens = source.specimens[doubts.places]
    judged, there = _found(specimens, source.specimens)
    judged = judged[there]
    return {
        "sequence": source.sequence[there],
        "taxon": source.taxon[there],
        "other": some_taxon[doubts.ratios.other[judged]],
        "own": doubts.ratios.own[judged],
        "best": doubts.ratios.best[judged],
    }


def _followed(arrays: Parts, count: int, source: Gallery, kind: Kept, grown: bool) -> Doubts | None:
    """Return what arrays say of a gallery; None where more has changed than they can say.

    Args:
        arrays: see `_by_sequence`; older ones have a row for the first image of a specimen only.
        count: of the specimens that were judged.
    """
    if not source.ranks:
        return None
    firsts, codes = _judged(source, kind), compared_codes(source)
    if len(firsts) and not len(arrays["sequence"]):
        return None
    known = _known_images(arrays["sequence"], source)[source.specimens[firsts]]
    place, there = _found(arrays["sequence"], source.sequence[known])
    of_taxon = source.names(compared_rank(source)).of_taxon
    other = of_taxon[arrays["other"][place]]
    # What was likeliest for a specimen may have lost its last images.
    stands = np.isin(other, codes[codes >= 0])
    same = there & stands
    if kind == "doubts":  # of the others only what they are called at other ranks may differ
        same &= of_taxon[arrays["taxon"][place]] == codes[firsts]
    gone = count - int(there.sum())
    lost = gone if kind == "doubts" else 0  # those without a name are there to be named
    changed = ~same & there if grown and kind == "doubts" else ~same
    if int(changed.sum()) + lost > max(_FEW_CHANGED, _MANY_CHANGED * len(firsts)):
        return None
    found = place[same]
    ratios = Ratios(arrays["own"][found], arrays["best"][found], other[same])
    return Doubts(source, firsts[same], ratios, kind)


def _all_names(source: Gallery) -> str:
    """Return a digest of which specimens there are and what each is called."""
    firsts = first_images(source)
    digest = hashlib.sha256(source.sequence[firsts].tobytes())
    digest.update(source.taxon[firsts].tobytes())
    return digest.hexdigest()


def _known_images(kept: Ids, source: Gallery) -> Ids:
    """Return the place of an image of every specimen, one that is kept where it has such a one.

    Args:
        kept: int64, sequence numbers.
    """
    images = np.arange(len(source))[::-1]
    known = images[np.isin(source.sequence[images], kept)]
    place = np.zeros(int(source.specimens.max(initial=-1)) + 1, np.int64)
    for some in (images, known):  # of several places the last that is written stays
        place[source.specimens[some]] = some
    return place


def _found(kept: Ids, wanted: Ids) -> tuple[Ids, Flags]:
    """Return where each value lies in an array of any order, and whether it is there."""
    if not len(kept):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    order = np.argsort(kept)
    place = order[np.searchsorted(kept, wanted, sorter=order).clip(max=len(kept) - 1)]
    return place, kept[place] == wanted
