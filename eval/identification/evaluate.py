"""Identification under a protocol: given split, taxa left out, far specimens, several seeds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import repeat

import numpy as np

from holotype.index.arrays import Codes, Floats
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.identification.kept_calibration import labels_of, source_vectors
from holotype.index.search.filters import allowed_places
from holotype.index.ways import option
from holotype.training.conditions import conditions_of
from holotype.training.tuning.folds import united

from ..protocols.columns import column_codes
from ..protocols.fitted import Fitted, refuse_trained
from ..protocols.leaks import copies_anywhere, find_leaks_of, refuse_leaks
from ..protocols.protocol import protocol_of
from ..splits.leakage import Leaks
from ..splits.splits import Split, grouped_kfold, leave_out_classes
from .asking import Asked, Specimens, ask
from .draws import AnswerEvaluation, Draw, WithLeaks, far_specimens
from .figures import choose_thresholds, measure_honesty

_FOLDS = 4
_SPECIMEN = "specimen"
_INSTEAD = "the gallery of every draw, calibrated anew from itself alone"
_SHOWN = 5  # nearest images that are kept of every specimen, for the report


def evaluate_honesty(
    collection: Collection,
    *,
    space: str | None = None,
    query: Sequence[str] = (),
    gallery: Sequence[str] = (),
    left_out: str | None = None,
    share: float = 0.25,
    far: Sequence[str] = (),
    seeds: int = 1,
    risk: float = 0.05,
    prior: float = 0.2,
    allow_leak: bool = False,
    group: str = _SPECIMEN,
) -> AnswerEvaluation:
    """Measure identification, once for every seed.

    The gallery of every draw is calibrated anew, from itself: neither the calibration that the
    collection keeps nor the projection of a tuned space takes part.

    Without query and gallery a quarter of the specimens of every taxon asks, or of the groups that
    `group` names; copies and near copies under several specimens' names stay on one side. All
    images of a taxon that is left out ask too, as novel ones.

    Args:
        left_out: a rank; a share of its taxa is kept out of the gallery.
        share: that share, in (0, 1).
        far: conditions on images that ask and are of no taxon of the gallery, such as
            `category=Fish`; they are kept out of the gallery.
        seeds: how many draws.
        risk: share of given answers that may be wrong.
        prior: stated share of novel specimens.
        allow_leak: where specimens or copies stand on both sides of a given split, take their
            images out of the gallery, and give the figures of the whole gallery beside.
        group: the column whose values ask as wholes, such as `date`; without query and gallery.

    Returns:
        the answers and the figures of every seed.

    Raises:
        UsageError: a rank that has no names, a condition or a figure that is off, or too small a
            gallery.
        LeakError: specimens or copies stand on both sides of a given split.
        FittedError: the encoder was trained on images that would ask.
    """
    images = collection.gallery(space)
    _check(collection, images, left_out, risk, prior)
    far_rows = _far_rows(collection, images, far)
    table = _specimens(collection, images)
    splits, crossing = _splits(collection, images, (query, gallery), seeds, allow_leak, group)
    draws, whole = [], []
    for seed, given in enumerate(splits):
        split = _without(given, far_rows)
        if left_out is not None:
            split = _with_novel(split, images.labels(left_out).codes, share, seed)
        split = _asking(split, table, far_rows)
        refuse_trained(collection, images, split.query, "identification")
        draw = partial(_draw, table, far_rows=far_rows, risk=risk, prior=prior, seed=seed)
        if crossing is not None:
            whole.append(draw(split).figures)
            split = replace(split, gallery=np.setdiff1d(split.gallery, crossing.rows))
        draws.append(draw(split))
    conditions = (tuple(query), tuple(gallery), left_out, share, tuple(far))
    asked = np.unique(np.concatenate([draw.split.query for draw in draws]))
    fitting = Fitted.of(collection, images).fitting(asked, _INSTEAD)
    crossed = None if crossing is None else WithLeaks(crossing.leaks, crossing.rows, tuple(whole))
    return AnswerEvaluation(images, tuple(draws), *conditions, risk, prior, fitting, crossed)


def _check(
    collection: Collection, images: Gallery, left_out: str | None, risk: float, prior: float
) -> None:
    if not 0 < risk < 1:
        raise UsageError(f"risk is {risk}; it must lie between 0 and 1, for example 0.05")
    if not 0 <= prior < 1:
        raise UsageError(f"prior is {prior}; it must be at least 0 and below 1, for example 0.2")
    if not images.ranks:
        raise UsageError(
            f"No image of {collection.folder} is named, so no answer is right or wrong"
        )
    if left_out is not None and left_out not in images.ranks:
        named = ", ".join(images.ranks)
        raise UsageError(f"No image is named at rank '{left_out}'; there are {named}")


def _far_rows(collection: Collection, images: Gallery, far: Sequence[str]) -> Codes:
    """Return the images that are of no taxon of the gallery; none without a condition."""
    distant = allowed_places(collection, images, far)
    return np.empty(0, np.int64) if distant is None else np.flatnonzero(distant)


def _specimens(collection: Collection, images: Gallery) -> Specimens:
    """Return all images, by the vectors that a space was tuned from."""
    labels = labels_of(images)
    apart = conditions_of(collection, images, labels[:, -1], images.specimens)
    return Specimens(
        source_vectors(collection, images),
        labels,
        images.specimens,
        images.ranks,
        None if apart is None else apart.groups,
    )


def _without(split: Split, rows: Codes) -> Split:
    """Return a split in which some images neither ask nor answer."""
    query, gallery = np.setdiff1d(split.query, rows), np.setdiff1d(split.gallery, rows)
    return replace(split, query=query, gallery=gallery)


def _asking(split: Split, table: Specimens, far_rows: Codes) -> Split:
    """Let what has a name ask, and what is far; the others are neither right nor wrong."""
    named = split.query[table.labels[split.query, -1] >= 0]
    return replace(split, query=np.union1d(named, far_rows))


@dataclass(frozen=True, eq=False)
class _Crossing:
    """What crosses a given split, and the gallery's rows of it."""

    leaks: Leaks
    rows: Codes


def _splits(
    collection: Collection,
    images: Gallery,
    sides: tuple[Sequence[str], Sequence[str]],
    seeds: int,
    allow_leak: bool,
    group: str,
) -> tuple[Iterable[Split], _Crossing | None]:
    """Return who asks and who answers in every draw, and what stands on both sides of it."""
    if any(sides):
        if group != _SPECIMEN:
            raise UsageError(
                f"{option('group', group)} says who asks, and so do {option('query')} and "
                f"{option('gallery')}; leave out one"
            )
        given = protocol_of(collection, images, *sides).split
        leaks = find_leaks_of(collection, images, given)
        if not allow_leak:
            refuse_leaks(collection, images, leaks)
        return repeat(given, seeds), None if leaks.clean else _crossing(images, given, leaks)
    finest = images.labels(images.ranks[-1]).codes
    together = copies_anywhere(collection, images).unite(images.specimens)
    if group != _SPECIMEN:
        codes = column_codes(collection, images, group)[0]
        together = united(together, codes)
    try:
        return [grouped_kfold(finest, together, _FOLDS, seed)[0] for seed in range(seeds)], None
    except ValueError as error:
        raise UsageError(f"A quarter of every {group} cannot ask: {error}") from error


def _crossing(images: Gallery, split: Split, leaks: Leaks) -> _Crossing:
    together = leaks.unite(images.specimens)
    held = split.gallery
    return _Crossing(leaks, held[np.isin(together[held], together[split.query])])


def _with_novel(split: Split, labels: Codes, share: float, seed: int) -> Split:
    """Leave taxa out of the gallery, and let all their images ask."""
    try:
        reduced = leave_out_classes(split, labels, share, seed)
    except ValueError as error:
        raise UsageError(f"{option('share')} is {share}: {error}") from error
    gone = np.setdiff1d(split.gallery, reduced.gallery)
    return replace(reduced, query=np.union1d(reduced.query, gone))


def _draw(
    table: Specimens, split: Split, *, far_rows: Codes, risk: float, prior: float, seed: int
) -> Draw:
    gallery, queries = table.at(split.gallery), table.at(split.query)
    try:
        asked = ask(gallery, queries, seed=seed)
        thresholds = choose_thresholds(asked.left_out, prior=prior)
    except ValueError as error:
        raise UsageError(f"The gallery of {split.name} cannot be calibrated: {error}") from error
    found = asked.identify(risk=risk, prior=prior)
    closed = asked.identify(risk=risk, prior=0.0)
    # Pooling keeps one row a specimen, in the order of their codes.
    first = split.query[np.unique(queries.groups, return_index=True)[1]]
    as_far = np.isin(first, far_rows)
    nearest, cosines = _nearest(asked, split)
    return Draw(
        seed,
        split,
        measure_honesty(found, closed, thresholds, prior=prior),
        found,
        closed,
        first,
        far_specimens(table.ranks, found.truth, gallery.labels, found.novel, as_far),
        nearest,
        cosines,
    )


def _nearest(asked: Asked, split: Split) -> tuple[Codes, Floats]:
    """Return the places of the most similar images in the first working space, and how similar."""
    view = asked.reference.views[0]
    projected = view.projection.apply(asked.queries.vectors)
    cosines, found = asked.reference.neighbours(view, projected, k=_SHOWN)
    places = split.gallery[np.maximum(found, 0)]
    return np.where(found >= 0, places, -1), cosines.astype(np.float64)
