"""Pictures that several specimens share, under one name or under two.

Hashes of the content find the same file. Nearest neighbours propose the same picture saved again,
resized or cropped, and the pictures themselves decide; one that is gone is taken by its hash.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import combinations
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ..arrays import Codes, Flags, Floats, Ids, connected
from ..collection import Collection
from ..errors import PictureError
from ..gallery.gallery import Gallery
from ..gallery.label_files import Change
from ..pictures.copies import Thumbnails, are_copies, grey_thumbnail
from ..pictures.reading import read_picture
from ..taxonomy import Lineage, is_open, joined, same_taxon
from .listing import Listing, Told, told_apart
from .named import Named, Near

_NEIGHBOURS = 4  # one of which is the picture itself
# Nearest neighbours that are compared: copies, cropped by up to a tenth, lie within both.
_LEAST_COSINE = 0.87
_MOST_BITS = 20  # of 64 that their hashes differ in
_MOST_PAIRS = 20_000  # those of fewest bits first; a minute's work
_MOST_ROWS = 50_000  # beyond them the nearest of every image are not looked for
_MOST_FITTED = 5_000  # pairs that a fit compares: some ten seconds
_SAME_BITS = 4  # where one of the pictures is gone
_BLOCK = 4096  # queries at once
_SHOWN = 5

_TWO_NAMES, _NO_NAME, _ONE_NAME = 2, 1, 0


class _OfImages:
    """What is made of images alone: it stays, however they are called, until some come or go.

    Attributes:
        is_whole: all that it is made of could be read; otherwise that is tried again.
    """

    is_whole = True

    def after(self, gallery: Gallery, change: Change) -> Self | None:
        """Return the same of a later gallery."""
        return self if self.is_whole and change.moved is None else None


@dataclass(frozen=True, eq=False)
class _Hashes(_OfImages):
    """What images look like.

    Attributes:
        content: int64 [n], images of one content share a code.
        phash: uint64 [n], their perceptual hashes.
    """

    content: Codes
    phash: NDArray[np.uint64]


@dataclass(frozen=True, eq=False)
class _Alike(_OfImages):
    """Pairs of images of two specimens.

    Attributes:
        same: int64 [m, 2], of one content.
        near: int64 [m, 2], one of which is the other, saved again, resized or cropped.
        skipped: specimens of pairs that are near and were not compared.
    """

    same: Ids
    near: Ids
    skipped: int
    is_whole: bool


def duplicates(collection: Collection, named: Named) -> Listing:
    """List groups of specimens that share a picture: first those under two names.

    A score above 2/3 tells two names, above 1/3 a name and none; within each the cosine decides.
    """
    alike = named.source.once("alike", None, lambda: _alike(collection, named))
    near, pairs = alike.near, np.concatenate([alike.same, alike.near])
    groups = _groups(len(named.codes), pairs)
    images = [np.unique(pairs[places]) for places in groups]
    cosines = [1.0 if not len(near) else _least_cosine(named, pairs[places]) for places in groups]
    called = [_called(named, members) for members in images]
    kinds = np.array([_kind(list(names)) for names in called], np.int64)
    scores = (kinds + np.clip(cosines, 0, 1)) / 3
    order = np.lexsort((np.arange(len(images)), -scores)) if len(images) else np.empty(0, np.int64)
    content = _hashes(collection, named).content

    def tell(entry: int) -> Told:
        place = order[entry]
        same_file = len(np.unique(content[images[place]])) == 1
        return _told(named, images[place], same_file, called[place])

    members = [_first_of_each(named, images[place]) for place in order]
    left_out = {"in pairs of similar pictures that were not compared": alike.skipped}
    return Listing(members, scores[order], tell, left_out if alike.skipped else {})


def _alike(collection: Collection, named: Named) -> _Alike:
    hashes = _hashes(collection, named)
    proposed = _proposed(named, hashes)
    near, is_whole = _confirmed(collection, named, hashes.phash, proposed[:_MOST_PAIRS])
    skipped = len(np.unique(named.gallery.specimens[proposed[_MOST_PAIRS:]]))
    return _Alike(_same_content(named, hashes.content), near, skipped, is_whole)


def copies_of_other_names(collection: Collection, named: Named) -> dict[int, int]:
    """Return {first image of a specimen: an image of the same content under another name}."""
    first, taxon = named.firsts[named.gallery.specimens], named.gallery.taxon
    found: dict[int, int] = {}
    for images in _of_several_taxa(_hashes(collection, named).content, taxon):
        _, ones = np.unique(taxon[images], return_index=True)
        called = {
            int(taxon[one]): (int(one), named.whole_lineage(int(one))) for one in images[ones]
        }
        for code, (_, lineage) in called.items():
            others = (one for one, other in called.values() if not same_taxon(lineage, other))
            if (other := next(others, None)) is not None:
                own = first[images[taxon[images] == code]]
                found |= {int(one): other for one in own if int(one) not in found}
    return found


def _of_several_taxa(content: Codes, taxon: Codes) -> list[Ids]:
    """Return the images of every content that is called in several ways, ascending."""
    many = int(taxon.max(initial=-1)) + 2
    ways = np.unique(content * many + taxon + 1) // many  # every content once for each of its taxa
    several = np.flatnonzero((np.bincount(ways) > 1)[content])
    order = several[np.argsort(content[several], kind="stable")]
    return np.split(order, np.flatnonzero(np.diff(content[order])) + 1) if len(order) else []


def united_by_copies(collection: Collection, named: Named) -> Codes:
    """Return the specimens of a gallery, those that share a picture made one: int64 [n].

    For folds, so that no picture is judged by its own copy. Pictures that are gone are copies where
    their content was one; of more than 50,000 images no others are looked for.
    """
    hashes = _hashes(collection, named)
    pairs = _same_content(named, hashes.content)
    if len(named.codes) <= _MOST_ROWS:
        proposed = _proposed(named, hashes)[:_MOST_FITTED]
        near, _ = _confirmed(collection, named, hashes.phash, proposed, gone=False)
        pairs = np.concatenate([pairs, near])
    of = named.gallery.specimens
    left, right = of[pairs].T
    return of if not len(pairs) else connected(int(of.max()) + 1, left, right)[of]


def _hashes(collection: Collection, named: Named) -> _Hashes:
    return named.source.once("hashes", None, lambda: _read_hashes(collection, named))


def _read_hashes(collection: Collection, named: Named) -> _Hashes:
    records = collection.database.read("SELECT row, sha256, phash FROM images ORDER BY row")
    rows = np.array([record[0] for record in records], np.int64)
    here = np.searchsorted(rows, named.gallery.rows).clip(max=len(rows) - 1)  # one may just be gone
    sha256 = np.array([record[1] for record in records])[here]
    phash = np.array([record[2] for record in records], np.int64).view(np.uint64)[here]
    return _Hashes(np.unique(sha256, return_inverse=True)[1], phash)


def _same_content(named: Named, content: Codes) -> Ids:
    """Return pairs of images of one content and two specimens, int64 [m, 2].

    An image is paired with the first of its content, so that a thousand copies make a thousand
    pairs.
    """
    first = np.unique(content, return_index=True)[1]
    return _of_two_specimens(named, np.stack([first[content], np.arange(len(content))], axis=1))


def _of_two_specimens(named: Named, pairs: Ids) -> Ids:
    of = named.gallery.specimens
    found: Ids = np.unique(np.sort(pairs[of[pairs[:, 0]] != of[pairs[:, 1]]], axis=1), axis=0)
    return found


def _proposed(named: Named, hashes: _Hashes) -> Ids:
    """Return pairs of near images of two specimens and different content, fewest bits first."""
    parts = [np.empty((0, 2), np.int64)]
    for start in range(0, len(named.codes), _BLOCK):
        asked = np.arange(start, min(start + _BLOCK, len(named.codes)))
        cosines, places = named.source.index.search(
            np.ascontiguousarray(named.source.index.rows(asked)), _NEIGHBOURS
        )
        line, rank = np.nonzero((cosines >= _LEAST_COSINE) & (places >= 0))
        parts.append(np.stack([asked[line], places[line, rank]], axis=1))
    pairs = _of_two_specimens(named, np.concatenate(parts))
    one, other = pairs.T
    bits = np.bitwise_count(hashes.phash[one] ^ hashes.phash[other])
    fits = (hashes.content[one] != hashes.content[other]) & (bits <= _MOST_BITS)
    chosen: Ids = pairs[fits][np.argsort(bits[fits], kind="stable")]
    return chosen


def _confirmed(
    collection: Collection,
    named: Named,
    phash: NDArray[np.uint64],
    pairs: Ids,
    *,
    gone: bool = True,
) -> tuple[Ids, bool]:
    """Return the pairs where one picture is the other, saved again, resized or cropped.

    Args:
        gone: take pictures that are gone by their hashes, which plain ones share.

    Returns:
        the pairs, int64 [m, 2], and whether every picture that was stored could be read.
    """
    parts, is_whole = [np.empty((0, 2), np.int64)], True
    for block in _blocks(pairs):
        there, small, all_read = _thumbnails(collection, named, np.unique(block))
        is_whole &= all_read
        known = there[block[:, 0]] & there[block[:, 1]] if small else np.zeros(len(block), bool)
        one, other = phash[block[:, 0]], phash[block[:, 1]]
        # Vectors that were made elsewhere may come without a hash, which is 0 then.
        same = (np.bitwise_count(one ^ other) <= _SAME_BITS) & (one != 0) & (other != 0) & gone
        if known.any():
            seen = block[known]
            same[known] = are_copies(
                np.stack([small[one] for one in seen[:, 0].tolist()]),
                np.stack([small[one] for one in seen[:, 1].tolist()]),
            )
        parts.append(block[same])
    return np.concatenate(parts), is_whole


def _blocks(pairs: Ids) -> Iterator[Ids]:
    for start in range(0, len(pairs), _BLOCK):
        yield pairs[start : start + _BLOCK]


def _thumbnails(
    collection: Collection, named: Named, places: Ids
) -> tuple[Flags, dict[int, Thumbnails], bool]:
    """Return which images have a picture, bool [n], these small and grey by place, and if all do.

    Images that were stored as vectors alone have none, and count as if they had.
    """
    there, all_read = np.zeros(len(named.codes), np.bool_), True
    images = collection.images_at(named.gallery.rows[places].tolist())
    small = {}
    for place in places.tolist():
        image = images.get(int(named.gallery.rows[place]))
        if image is None:  # it was just deleted
            continue
        try:
            small[place] = grey_thumbnail(read_picture(collection.thumbnail(image)))
            there[place] = True
        except (PictureError, OSError):
            all_read &= not image.path
    return there, small, all_read


def _groups(count: int, pairs: Ids) -> list[Ids]:
    """Return which pairs hang together, a group each."""
    if not len(pairs):
        return []
    group = connected(count, *pairs.T)[pairs[:, 0]]
    order = np.argsort(group, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(group[order])) + 1)


def _least_cosine(named: Named, pairs: Ids) -> float:
    index = named.source.index
    left, right = index.rows(pairs[:, 0]), index.rows(pairs[:, 1])
    return float(np.einsum("ij,ij->i", left, right).min())


def _called(named: Named, images: Ids) -> Counter[Lineage]:
    """Return what the specimens of images are called, and how many of them are."""
    specimens = _first_of_each(named, images).tolist()
    return Counter(named.whole_lineage(place) for place in specimens)


def _kind(names: Sequence[Lineage]) -> int:
    """Return whether one of several names is wrong; one that says less is not."""
    if any(not same_taxon(one, other) for one, other in combinations(names, 2)):
        return _TWO_NAMES
    return _NO_NAME if len(names) > 1 else _ONE_NAME


def _first_of_each(named: Named, images: Ids) -> Ids:
    """Return the first image of every specimen of a group, those without a look at first."""
    firsts = np.unique(named.firsts[named.gallery.specimens[images]])
    return firsts[np.argsort(named.looked_at[firsts], kind="stable")]


def _told(named: Named, images: Ids, same_file: bool, called: Counter[Lineage]) -> Told:
    specimens = len(np.unique(named.gallery.specimens[images]))
    what = "one and the same picture" if same_file else "one picture, saved again or cropped"
    names = [lineage for lineage in called if any(lineage)]
    of = f": {' and '.join(told_apart(names)[:3])}" if names else ""
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    reason = f"{specimens} specimens show {what} {_how(list(called))}{of}{more}."
    index = named.source.index
    cosines: Floats = index.rows(images[1:]) @ index.rows(images[:1])[0]
    near = [Near(int(one), float(value)) for one, value in zip(images[1:], cosines, strict=True)]
    firsts = _first_of_each(named, images)
    looked_at = {named.whole_lineage(place) for place in firsts[named.looked_at[firsts]].tolist()}
    return Told(reason, _better(called, looked_at), lambda: near[:_SHOWN])


def _how(names: Sequence[Lineage]) -> str:
    """Say how pictures are called that show the same."""
    if _kind(names) == _TWO_NAMES:
        return "under two names"
    if all(map(any, names)):
        return "under one name" if len(names) == 1 else "under a name and one that says less"
    return "with a name and without" if len(names) > 1 else "without a name"


def _better(called: Counter[Lineage], looked_at: Set[Lineage]) -> Lineage | None:
    """Return the name that is proposed, with the higher names of others that share one with it.

    That of most specimens, of those of which none says more; or that of those a person looked at.

    Args:
        looked_at: what a person called some of them.

    Returns:
        None where two are of as many, people disagree or want less said, or all have one name.
    """
    names = [name for name in called if not any(_says_more(other, name) for other in called)]
    if len(called) < 2 or not looked_at <= set(names):
        return None
    confirmed = [name for name in names if name in looked_at]
    most = max(called[name] for name in names)
    best = confirmed or [name for name in names if called[name] == most]
    if len(best) != 1:
        return None
    whole = best[0]
    for name, _ in called.most_common():
        if same_taxon(whole, name) and any(map(_both, best[0], name)):
            whole = joined(whole, name)
    return whole


def _both(one: str, other: str) -> bool:
    return bool(one and other)


def _says_more(one: Lineage, other: Lineage) -> bool:
    """Return whether a name is of a finer rank than another of the same taxon, or more complete."""
    return same_taxon(one, other) and _detail(one) > _detail(other)


def _detail(lineage: Lineage) -> tuple[int, int]:
    finest = max((place for place, name in enumerate(lineage) if name), default=-1)
    return finest - is_open(lineage), sum(map(bool, lineage))
