"""How good a space is: recall and ranking at every rank, under a stated protocol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.ways import option

from ..classifiers.methods import require_methods
from ..classifiers.side_by_side import side_by_side
from ..protocols.fitted import Fitted, FittedError, refuse_fitted
from ..protocols.leaks import find_leaks_of, refuse_leaks
from ..protocols.protocol import Protocol, named, protocol_of
from ..protocols.refit import Part, tuned_anew
from ..splits.leakage import Leaks
from ..splits.splits import grouped_kfold
from .evaluation import Evaluation, measure, seeming

__all__ = ["Evaluation", "asked_of", "evaluate"]

_PARTS = 5  # of leave-one-out, where a space is tuned anew without each


def evaluate(
    collection: Collection,
    *,
    space: str | None = None,
    query: Sequence[str] = (),
    gallery: Sequence[str] = (),
    allow_leak: bool = False,
    classifiers: Sequence[str] = (),
) -> Evaluation:
    """Measure recall@1/5/10 and ranking at every rank that has names.

    Images of the query's own specimen are never hits. Without conditions every image asks and all
    others answer (leave-one-out).

    Args:
        query: conditions on the images that ask, such as `split=test`.
        gallery: conditions on the images that answer, such as `split=train`.
        allow_leak: where specimens or copies stand on both sides, measure without them, and
            recall@1 with them beside it; where the space was fitted on queries, measure it as
            `_honestly` does, and recall@1 in the space as it is beside it.
        classifiers: names of methods that are fitted on the gallery and asked with the same
            queries, see `classifiers.methods`; for a given split only.

    Raises:
        UsageError: only one of the two sides is given, a condition is off, nothing is named, or
            classifiers are asked for under leave-one-out.
        LeakError: specimens or copies stand on both sides of the split.
        FittedError: the space, or its encoder, was fitted on images that would ask.
    """
    images, protocol, fitted = asked_of(collection, space, query, gallery)
    if classifiers:
        require_methods(classifiers)
        _require_sides(protocol)
    if not allow_leak:
        refuse_fitted(collection, images, fitted, protocol)
    leaks = find_leaks_of(collection, images, protocol.split)
    if not (allow_leak or protocol.split.leave_one_out):
        refuse_leaks(collection, images, leaks)
    found = _measured(collection, images, protocol, leaks, fitted)
    if not classifiers:
        return found
    splits, groups = [found.protocol.split], leaks.unite(images.specimens)
    beside = side_by_side(collection, images, splits, groups, classifiers)
    return replace(found, classifiers=beside)


def _require_sides(protocol: Protocol) -> None:
    """Refuse to fit classifiers once for every query.

    Raises:
        UsageError: every image asks all others.
    """
    if protocol.split.leave_one_out:
        raise UsageError(
            "Classifiers are fitted on a gallery without the images that ask; name both sides by "
            f"{option('query')} and {option('gallery')}, or let folds ask in turn by "
            + option("protocol", "kfold")
        )


def _measured(
    collection: Collection, images: Gallery, protocol: Protocol, leaks: Leaks, fitted: Fitted
) -> Evaluation:
    if fitted.saw(protocol.query_rows):
        return _honestly(collection, images, protocol, leaks, fitted)
    found = measure(images, protocol, leaks, fitted.fitting(protocol.query_rows))
    crosses = not (protocol.split.leave_one_out or leaks.clean)
    return replace(found, with_leaks=seeming(images, protocol)) if crosses else found


def asked_of(
    collection: Collection, space: str | None, query: Sequence[str], gallery: Sequence[str]
) -> tuple[Gallery, Protocol, Fitted]:
    """Return what `evaluate` measures: the images, who asks whom, and what the space has seen.

    Raises:
        UsageError: as `evaluate`.
    """
    images = named(collection, space)
    protocol = protocol_of(collection, images, query, gallery)
    return images, protocol, Fitted.of(collection, images)


def _honestly(
    collection: Collection, images: Gallery, protocol: Protocol, leaks: Leaks, fitted: Fitted
) -> Evaluation:
    """Measure a space that has seen queries, in a way in which it has not.

    One that `tune` made is tuned anew: for a given split on the gallery, for leave-one-out in five
    parts, each without the specimens that ask. What an encoder has seen, or another projection,
    does not ask.

    Raises:
        FittedError: nothing is left to ask with.
        UsageError: what is left is too little to tune on.
    """
    asked = protocol.query_rows
    seen = fitted.by_encoder if fitted.tunable else fitted.by_encoder | fitted.by_space
    unseen = asked[~seen[asked]]
    if not len(unseen):
        raise FittedError(
            f"All {len(asked)} queries are of what space '{images.space.name}' or its encoder was "
            "fitted on, and it cannot be fitted again without them; ask with others, by "
            f"{option('query')} and {option('gallery')}"
        )
    kept = replace(protocol, split=replace(protocol.split, query=unseen))
    parts: Iterator[Part] | None = None
    instead = "only queries that it has not seen"
    if fitted.tunable and fitted.by_space[asked].any():
        parts, instead = _tuned_anew(collection, images, kept, leaks)
    found = measure(images, kept, leaks, fitted.fitting(asked, instead), parts)
    return replace(found, with_leaks=seeming(images, protocol))


def _tuned_anew(
    collection: Collection, images: Gallery, protocol: Protocol, leaks: Leaks
) -> tuple[Iterator[Part], str]:
    """Return the parts that ask, each in a space that is tuned without it, and what that is."""
    groups, split = leaks.unite(images.specimens), protocol.split
    if split.leave_one_out:
        instead = f"the space tuned anew in {_PARTS} parts, each without the specimens that ask"
        return tuned_anew(collection, images, _dealt(images, groups), groups), instead
    sides = np.full(len(images), -1, np.int64)
    sides[split.query] = 0
    learned = np.isin(np.arange(len(images)), split.gallery)
    return tuned_anew(
        collection, images, sides, groups, learned
    ), "the space tuned anew on the gallery alone"


def _dealt(images: Gallery, groups: Codes) -> Codes:
    """Return the part of every image, groups whole and taxa in proportion, int64 [n].

    Raises:
        UsageError: there are fewer groups than parts.
    """
    sides = np.empty(len(images), np.int64)
    try:
        parts = grouped_kfold(images.labels(images.ranks[-1]).codes, groups, _PARTS)
    except ValueError as error:
        raise UsageError(f"The space cannot be tuned anew in parts: {error}") from error
    for place, part in enumerate(parts):
        sides[part.query] = place
    return sides
