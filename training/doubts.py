"""Judging the name of every specimen by spaces and classes that were fitted without it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

import numpy as np

from holotype.index.arrays import Codes, Ids
from holotype.index.collection import Collection
from holotype.index.curation.doubts import (
    Doubts,
    Ratios,
    are_comparable,
    compare,
    compared_codes,
    compared_rank,
    first_images,
    joined,
    keep_doubts,
    kept_doubts,
    no_ratios,
    specimens_by_taxon,
)
from holotype.index.curation.queues import Queue, require_queue, rests_on
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification.classes import pool_specimens, rows_of, specimens_of
from holotype.index.identification.likelihood import fit_likelihood
from holotype.index.manifests.problems import counted
from holotype.index.vectors import VectorIndex

from .calibration.steps import Progress, Steps, unwatched
from .tuning.closed_form import wccn
from .tuning.folds import specimen_folds
from .tuning.parallel import on_all_cores
from .tuning.scatter import gather

_FOLDS, _FEW_FOLDS = 10, 5
_MANY = 20_000  # specimens from which on a tenth more in every fit adds nothing
_EXPONENT, _SHRINKAGE = 0.5, 0.5  # as in the space where identification compares likelihoods
_BLOCK = 8192  # rows at once


def doubts_of(
    collection: Collection,
    *,
    space: str | None = None,
    grown: bool = False,
    seed: int = 0,
    threads: int | None = None,
    progress: Progress = unwatched,
) -> Doubts:
    """Return how likely every named specimen is under its name, as it was kept or found anew.

    What is found is kept with the space that holds the embeddings, where that can be written.

    Args:
        space: any that shows the embeddings; by default the oldest.
        grown: take kept ones also where many were named since; see `kept_doubts`.
        seed: of the folds.
        threads: how many cores it takes; by default all.
        progress: is told how many steps are done, of how many, where there are any.

    Raises:
        UsageError: too few specimens are named; see `are_comparable`.
    """
    _, source = collection.gallery_and_source(space)
    kept = kept_doubts(collection, source, grown=grown)
    if kept is not None:
        return kept
    places, codes = first_images(source), compared_codes(source)
    require_comparable(source)
    places = places[codes[places] >= 0]
    steps = Steps(progress, threads)
    with _in_a_sentence(collection):
        ratios = doubt_names(source.index, codes, source.specimens, seed=seed, steps=steps)
    doubts = Doubts(source, places, ratios)
    keep_doubts(collection, doubts)
    steps.take()
    return doubts


def proposals_of(
    collection: Collection,
    *,
    space: str | None = None,
    exact: bool = True,
    progress: Progress = unwatched,
) -> Doubts:
    """Return which name of the collection fits every specimen without one best.

    It is kept like `doubts_of`.

    Args:
        space: any that shows the embeddings; by default the oldest.
        exact: by the names of this moment; otherwise also by kept ones, where few have changed.
        progress: see `doubts_of`.

    Raises:
        UsageError: too few specimens are named; see `are_comparable`.
    """
    _, source = collection.gallery_and_source(space)
    kept = kept_doubts(collection, source, "proposals", exact=exact)
    if kept is not None:
        return kept
    places, codes = first_images(source), compared_codes(source)
    require_comparable(source)
    with _in_a_sentence(collection):
        ratios = propose_names(source.index, codes, source.specimens, steps=Steps(progress))
    proposals = Doubts(source, places[codes[places] < 0], ratios, "proposals")
    keep_doubts(collection, proposals)
    return proposals


@contextmanager
def _in_a_sentence(collection: Collection) -> Iterator[None]:
    """Say of which collection names cannot be compared."""
    try:
        yield
    except ValueError as error:
        raise UsageError(f"The names of {collection.folder} cannot be compared: {error}") from error


def queue_of(
    collection: Collection,
    name: str,
    *,
    space: str | None = None,
    exact: bool = True,
    progress: Progress = unwatched,
) -> Queue:
    """Return a curation queue as it stands now, names compared first where it rests on that.

    Args:
        name: one of `QUEUES`.
        space: in which what is shown as evidence is near; by default the oldest.
        exact: see `proposals_of`; otherwise kept ones also tell how specimens fit their names.
        progress: see `doubts_of`.

    Raises:
        UsageError: no such queue, or too few specimens are named to compare names.
    """
    require_queue(name)
    doubts = proposals = None
    _, source = collection.gallery_and_source(space)
    if rests_on(name, source):
        try:
            # There it is only asked how specimens fit their names as a rule.
            grown = name == "unnamed" and not exact
            doubts = doubts_of(collection, space=space, grown=grown, progress=progress)
        except UsageError:
            if name != "singletons":  # they can be listed all the same
                raise
    if name == "unnamed":
        proposals = proposals_of(collection, space=space, exact=exact, progress=progress)
    return Queue.of(collection, name, space=space, doubts=doubts, proposals=proposals)


def require_comparable(source: Gallery) -> None:
    """Refuse to compare names where too few specimens have one.

    Raises:
        UsageError: too few specimens are named; see `are_comparable`.
    """
    counts = specimens_by_taxon(compared_codes(source)[first_images(source)])
    if not are_comparable(counts):
        rank = compared_rank(source)
        what = "species" if rank == "species" else f"taxa at rank {rank}"
        raise UsageError(
            f"{counted(int(counts.sum()), 'specimen is', 'specimens are')} named, of "
            f"{len(counts)} {what}: names are compared where at least two species, or taxa of one "
            "higher rank, are named, one of them with three specimens; name more specimens"
        )


def doubt_names(
    index: VectorIndex,
    labels: Codes,
    groups: Codes,
    *,
    seed: int = 0,
    folds: int | None = None,
    steps: Steps | None = None,
) -> Ratios:
    """Compare every named specimen with its own class and all others, each fitted without it.

    The specimens leave the gallery a fold at a time; the space in which classes are compared and
    what varies in it are fitted on those that stay.

    Args:
        index: over n rows as the encoder gave them.
        labels: int64 [n], classes, -1 where a row has none.
        groups: int64 [n], specimens; all rows of one have the same class.
        seed: of the folds.
        folds: how many; by default 10, or 5 of very many specimens.
        steps: are told of every fold.

    Returns:
        of the named specimens, by group; `other` is a label.

    Raises:
        ValueError: no class has two specimens.
    """
    named = np.flatnonzero(labels >= 0)
    specimens = len(np.unique(groups[named]))
    count = min(folds or (_FOLDS if specimens <= _MANY else _FEW_FOLDS), specimens)
    fold = np.full(len(labels), -1, np.int64)
    fold[named] = specimen_folds(labels[named], groups[named], count, seed)
    steps = steps or Steps()
    steps.begin(count)
    found = on_all_cores(
        partial(_of_fold, index, labels, groups, fold),
        range(count),
        threads=steps.threads,
        part_done=steps.take,
    )
    order = np.argsort(np.concatenate([their_groups for their_groups, _ in found]))
    ratios = joined([theirs for _, theirs in found])
    return Ratios(ratios.own[order], ratios.best[order], ratios.other[order])


def _of_fold(
    index: VectorIndex,
    labels: Codes,
    groups: Codes,
    folds: Codes,
    fold: int,
    steps: Steps | None = None,
) -> tuple[Codes, Ratios]:
    """Judge the specimens of a fold by those of the others; also returns their groups.

    Args:
        steps: are told of every block of specimens.
    """
    steps = steps or Steps()
    blocks = _blocks_of_specimens(np.flatnonzero(folds == fold), groups)
    steps.begin(len(blocks))
    stays = (folds >= 0) & (folds != fold)
    classes, member = np.unique(labels[stays], return_inverse=True)
    inside = np.full(len(labels), -1, np.int64)
    inside[stays] = member
    projection = wccn(gather(index.vectors, inside, exponent=_EXPONENT), shrinkage=_SHRINKAGE)
    rows, of_row = rows_of(inside, np.arange(len(classes)), len(classes))
    specimens = specimens_of(index, groups, rows, of_row)
    likelihood = fit_likelihood(projection, specimens, len(classes))
    number = np.full(int(labels.max()) + 2, -1, np.int64)  # the last is for no class
    number[classes] = np.arange(len(classes))
    parts, asked = [], []
    steps.take()
    for held in blocks:
        vectors, first = pool_specimens(index.rows(held), groups[held])
        asked.append(groups[held[first]])
        parts.append(compare(likelihood, vectors, number[labels[held[first]]]))
        steps.take()
    ratios = joined(parts)
    return np.concatenate(asked), ratios._replace(other=classes[ratios.other])


def _blocks_of_specimens(rows: Ids, groups: Codes) -> list[Ids]:
    """Return rows in blocks, all those of a specimen in one."""
    rows = rows[np.argsort(groups[rows], kind="stable")]
    starts = np.flatnonzero(np.diff(groups[rows], prepend=-1))
    cuts = starts[
        np.searchsorted(starts, np.arange(_BLOCK, len(rows), _BLOCK)).clip(max=len(starts) - 1)
    ]
    return [part for part in np.split(rows, np.unique(cuts)) if len(part)]


def propose_names(
    index: VectorIndex, labels: Codes, groups: Codes, *, steps: Steps | None = None
) -> Ratios:
    """Compare every specimen without a name with the classes of those that have one.

    Args:
        index: over n rows as the encoder gave them.
        labels: int64 [n], classes, -1 where a row has none; at least two.
        groups: int64 [n], specimens; all rows of one have the same class.
        steps: are told of the fit, and of every block of specimens.

    Returns:
        of the specimens without a name, by group; `own` is 0, and `other` is a label.

    Raises:
        ValueError: no class has two specimens.
    """
    if (labels >= 0).all():
        return no_ratios()
    fold = np.where(labels >= 0, 1, 0)  # those of fold 0 are judged by those of 1
    theirs, ratios = _of_fold(index, labels, groups, fold, 0, steps)
    order = np.argsort(theirs)
    return Ratios(np.zeros(len(order)), ratios.best[order], ratios.other[order])
