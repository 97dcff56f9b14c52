"""Specimens of a gallery that belong to no named species, and what identification says of each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from ..arrays import Codes, Embeddings, Flags, Floats, Ids
from ..collection import Collection
from ..database.sql import run_over
from ..gallery.gallery import Gallery
from ..identification.answers import Judgement
from ..identification.judge import judge_calibrated
from ..identification.kept_calibration import KeptCalibration, kept_calibration
from ..identification.uncalibrated import decisive_ranks, judge_by_votes
from ..identification.votes import NEIGHBOURS
from ..vectors import Selection
from ..vectors.own_rows import search_others

Progress = Callable[[int, int], None]

_BATCH = 256  # specimens that are judged at once


@dataclass(frozen=True, eq=False)
class Pool:
    """Specimens with their images, specimen by specimen.

    Attributes:
        gallery: of the space that is looked at.
        source: of the space that holds the vectors; the same places are the same images.
        specimens: the ids of n specimens.
        places: int64 [m], the images' places in both galleries.
        member: int64 [m], the specimen of every image, ascending.
        images: the ids of the images.
    """

    gallery: Gallery
    source: Gallery
    specimens: Sequence[str]
    places: Ids
    member: Codes
    images: Sequence[str]

    @cached_property
    def starts(self) -> Ids:
        """The first image of every specimen, int64 [n]."""
        return np.flatnonzero(np.diff(self.member, prepend=-1))

    def vectors(self, gallery: Gallery) -> Embeddings:
        """Return the unit mean of every specimen's images, float32 [n, dim]."""
        sums = np.add.reduceat(gallery.index.rows(self.places), self.starts, axis=0)
        lengths = np.linalg.norm(sums, axis=1, keepdims=True)
        found: Embeddings = (sums / np.maximum(lengths, 1e-12)).astype(np.float32)
        return found

    def own(self) -> list[Ids]:
        """Return the places of every specimen's images."""
        return np.split(self.places, self.starts[1:])

    def part(self, chosen: Ids | Flags) -> Pool:
        """Return some of the specimens, in their order here."""
        kept = np.zeros(len(self.specimens), bool)
        kept[chosen] = True
        there = kept[self.member]
        renamed = np.cumsum(kept) - 1
        return Pool(
            self.gallery,
            self.source,
            [one for one, wanted in zip(self.specimens, kept, strict=True) if wanted],
            self.places[there],
            renamed[self.member[there]],
            [one for one, wanted in zip(self.images, there, strict=True) if wanted],
        )


@dataclass(frozen=True, eq=False)
class Judged:
    """The likeliest taxon of every specimen at every rank, and what is sure enough.

    Attributes:
        taxa: int64 [n, ranks], as codes in `gallery.names(rank)`, -1 for none.
        p: float64 [n, ranks], how probable each is; shares of votes without a calibration.
        sure: bool [n], the finest rank is sure enough and calibrated.
        calibrated: whether the probabilities are.
    """

    taxa: Codes
    p: Floats
    sure: Flags
    calibrated: bool

    def part(self, chosen: Ids | Flags) -> Judged:
        """Return what is said of some of the specimens."""
        return Judged(self.taxa[chosen], self.p[chosen], self.sure[chosen], self.calibrated)


def pool_of(
    collection: Collection, space: str | None, specimens: Iterable[str] | None, allowed: Flags
) -> Pool:
    """Return specimens of a space as a pool, in the order of their images.

    Args:
        specimens: their ids; None for all.
        allowed: bool [places], images of others are left out; [0] allows all.
    """
    gallery, source = collection.gallery_and_source(space)
    read = collection.database.read
    if specimens is None:
        places = np.flatnonzero(allowed) if len(allowed) else np.arange(len(gallery))
        query = "SELECT row, image_id, specimen_id FROM images WHERE row IN"
        found = run_over(read, query, gallery.rows[places].tolist())
    else:
        query = "SELECT row, image_id, specimen_id FROM images WHERE specimen_id IN"
        found = run_over(read, query, list(specimens))
    rows = {record["row"]: record for record in found}
    there = gallery.places(sorted(rows))
    records = [rows[row] for row in gallery.rows[there].tolist()]
    numbers: dict[str, int] = {}
    codes = [numbers.setdefault(record["specimen_id"], len(numbers)) for record in records]
    order = np.argsort(np.array(codes, np.int64), kind="stable")
    return Pool(
        gallery,
        source,
        list(numbers),
        there[order],
        np.array(codes, np.int64)[order],
        [records[place]["image_id"] for place in order],
    )


def judged(
    collection: Collection,
    pool: Pool,
    *,
    risk: float,
    prior: float,
    progress: Progress = lambda done, total: None,
) -> Judged:
    """Identify every specimen of a pool; nothing of the pool itself is evidence.

    Args:
        risk: the share of sure answers that may be wrong.
        prior: the share of specimens expected to be of species that the gallery lacks.
        progress: is told how many are done, of how many.
    """
    kept = kept_calibration(collection, pool.gallery)
    ranks = pool.gallery.ranks
    n, own = len(pool.specimens), pool.own()
    taxa, p = np.full((n, len(ranks)), -1, np.int64), np.zeros((n, len(ranks)))
    sure = np.zeros(n, bool)
    codes = [{name: code for code, name in enumerate(_names(pool, rank))} for rank in ranks]
    vectors = pool.vectors(pool.gallery if kept is None else pool.source)
    for start in range(0, n, _BATCH):
        progress(start, n)
        some = slice(start, start + _BATCH)
        for place, one in enumerate(
            _judgements(collection, pool, kept, vectors[some], own[some], prior), start
        ):
            for number, rank in enumerate(ranks):
                if one.ranks.get(rank):
                    name, p[place, number] = one.ranks[rank][0]
                    taxa[place, number] = codes[number].get(name, -1)
            answer = one.back_off(risk)
            sure[place] = kept is not None and answer is not None and answer.rank == "species"
    progress(n, n)
    return Judged(taxa, p, sure, kept is not None)


def _names(pool: Pool, rank: str) -> list[str]:
    return pool.gallery.names(rank).names


def _judgements(
    collection: Collection,
    pool: Pool,
    kept: KeptCalibration | None,
    vectors: Embeddings,
    own: list[Ids],
    prior: float,
) -> list[Judgement]:
    if kept is not None:
        return judge_calibrated(
            collection.database, pool.source, kept, vectors, own, None, prior, None
        )
    gallery = pool.gallery
    named = gallery.once("named", None, lambda: Selection.of(gallery.taxon >= 0))
    if named is None or not named.count:
        return [Judgement({}, None, far=False)] * len(vectors)
    decisive = decisive_ranks(gallery, None)
    scores, places = search_others(gallery.index, vectors, NEIGHBOURS, named, own)
    return [
        judge_by_votes(gallery, *_there(one, those), decisive)
        for one, those in zip(scores, places, strict=True)
    ]


def _there(scores: Embeddings, places: Ids) -> tuple[Embeddings, Ids]:
    return scores[places >= 0], places[places >= 0]
