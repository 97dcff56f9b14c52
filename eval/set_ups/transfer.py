"""A gallery of one imaging set-up asked by pictures of another, in a collection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from holotype.index.arrays import Codes
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.search.filters import allowed_places
from holotype.index.ways import option

from ..protocols.columns import column_codes
from ..protocols.fitted import refuse_trained
from ..protocols.leaks import find_leaks_of, refuse_leaks
from ..protocols.protocol import Protocol, protocol_of, untuned
from ..splits.splits import Split
from .adapted import Networks
from .degrade import Degradation
from .degraded_copies import embed_degraded
from .remedies import Side
from .simulated import SETUP_COLUMN
from .transfer_figures import TransferFigures, measure_transfer


@dataclass(frozen=True)
class Simulation:
    """How a poor set-up is simulated for the gallery.

    Attributes:
        encoder: that of the space.
        copies: degraded copies of every gallery picture.
        how: the set-up; None draws another for every copy, so that nothing of the target is known.
        on_picture: called with (done, in all) for every round of copies.
    """

    encoder: Encoder
    copies: int = 2
    how: Degradation | None = None
    on_picture: Callable[[int, int], None] | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the arguments as JSON-ready values."""
        drawn = "drawn for every copy"
        return {"copies": self.copies, "setup": asdict(self.how) if self.how else drawn}


@dataclass(frozen=True)
class Adaptation:
    """The images of the target's set-up that remedies may adapt to, without labels.

    Attributes:
        unlabelled: conditions on them; empty where they are the queries themselves.
        images: how many.
    """

    unlabelled: tuple[str, ...]
    images: int


@dataclass(frozen=True)
class Transfer:
    """What is lost between two sides of a collection.

    Attributes:
        rank: the taxa that are told apart.
        within: what asks within the source.
        protocol: the gallery of the source and the queries of the target.
        simulation: of the degraded copies; None where there were none.
        adaptation: to which images of the target remedies adapted.
        networks: those that were trained; None where there were none.
        seed: of the copies and of the draws.
        figures: what is lost and won back.
    """

    images: Gallery
    rank: str
    within: str
    protocol: Protocol
    simulation: Simulation | None
    adaptation: Adaptation
    networks: Networks | None
    seed: int
    figures: TransferFigures

    def to_dict(self) -> dict[str, Any]:
        """Return every figure as JSON-ready values."""
        return {
            "protocol": {**self.protocol.to_dict(), "name": "transfer"},
            "space": asdict(self.images.space),
            "rank": self.rank,
            "within_source": self.within,
            "simulation": self.simulation.to_dict() if self.simulation else None,
            "adaptation": asdict(self.adaptation),
            "networks": self.networks.to_dict() if self.networks else None,
            "seed": self.seed,
            **self.figures.to_dict(),
        }


def evaluate_transfer(
    collection: Collection,
    *,
    query: Sequence[str],
    gallery: Sequence[str],
    space: str | None = None,
    setup: str = SETUP_COLUMN,
    simulation: Simulation | None = None,
    unlabelled: Sequence[str] = (),
    networks: Networks | None = None,
    allow_leak: bool = False,
    seed: int = 0,
) -> Transfer:
    """Measure what a gallery loses on another imaging set-up, and what remedies win back.

    Within the source ask other pictures of the query specimens that are of the gallery's set-up:
    the same specimens, the same gallery. Where there are none, every gallery image asks all others
    (leave-one-out), and remedies that are fitted on the gallery have no figure there.

    Args:
        query: conditions on the target, such as `imaging=degraded` and `split=test`.
        gallery: conditions on the source, such as `imaging=clean` and `split=train`.
        setup: the column that tells set-ups apart.
        simulation: for degraded copies of the gallery's pictures; None leaves those remedies out.
        unlabelled: conditions on images of the target's set-up that remedies may adapt to, without
            labels, such as `imaging=degraded` and `split=train`; by default the queries.
        networks: small networks trained on the embeddings; None leaves those remedies out.
        allow_leak: measure without what crosses instead of refusing it.
        seed: of draws and copies.

    Raises:
        UsageError: a side is missing or too small, a condition is off, or the space is tuned.
        LeakError: specimens or copies stand on both sides.
        FittedError: the encoder was trained on queries.
        MismatchError: the encoder is not that of the space.
    """
    images = untuned(collection, space, "transfer")
    if not (query and gallery):
        raise UsageError(
            f"transfer needs {option('gallery')} for the source and {option('query')} for the "
            f"target, for example {option('gallery', f'{setup}=clean')} "
            + option("query", f"{setup}=degraded")
        )
    protocol = protocol_of(collection, images, query, gallery)
    split = protocol.split
    within = _same_specimens(collection, images, split, setup)
    everyone = replace(split, query=np.union1d(split.query, within))
    refuse_trained(collection, images, everyone.query, "transfer")
    leaks = find_leaks_of(collection, images, everyone)
    if not allow_leak:
        refuse_leaks(collection, images, leaks)
    table = _table(images, leaks.unite(images.specimens))
    held, copies = table.at(split.gallery), None
    if simulation is not None:
        collection.check_encoder(space, simulation.encoder)
        copies = _copies(collection, images.rows[split.gallery], held, simulation, seed)
    paired = len(within) > 0
    source, target = table.at(within) if paired else held, table.at(split.query)
    seen = table.vectors[_unlabelled(collection, images, unlabelled, split)]
    try:
        figures = measure_transfer(
            held,
            source,
            target,
            copies,
            unlabelled=seen,
            networks=networks,
            source_is_gallery=not paired,
            seed=seed,
        )
    except ValueError as error:
        raise UsageError(f"Transfer cannot be measured: {error}") from error
    words = f"the same specimens, {setup} as in the gallery" if paired else "leave-one-out"
    return Transfer(
        images,
        images.ranks[-1],
        words,
        protocol,
        simulation,
        Adaptation(tuple(unlabelled), len(seen)),
        networks,
        seed,
        figures,
    )


def _unlabelled(
    collection: Collection, images: Gallery, conditions: Sequence[str], split: Split
) -> Codes:
    """Return the places of the images that remedies may adapt to."""
    chosen = allowed_places(collection, images, conditions)
    places = split.query if chosen is None else np.flatnonzero(chosen)
    if not len(places):
        raise UsageError(
            f"No image of space '{images.space.name}' is {' and '.join(conditions)}, so there is "
            f"nothing to adapt to; leave out {option('unlabelled')}, or give other conditions"
        )
    return places


def _table(images: Gallery, groups: Codes) -> Side:
    return Side(images.index.vectors, images.labels(images.ranks[-1]).codes, groups)


def _same_specimens(collection: Collection, images: Gallery, split: Split, setup: str) -> Codes:
    """Return pictures of the query specimens that are of the gallery's set-up and not in it."""
    try:
        codes, _ = column_codes(collection, images, setup)
    except UsageError:  # without the column nothing tells the set-ups apart
        return split.query[:0]
    ours = np.isin(codes, np.setdiff1d(codes[split.gallery], codes[split.query])) & (codes >= 0)
    asked = np.isin(images.specimens, images.specimens[split.query])
    return np.setdiff1d(np.flatnonzero(ours & asked), split.gallery)


def _copies(
    collection: Collection, rows: Codes, held: Side, simulation: Simulation, seed: int
) -> Side:
    vectors = [
        embed_degraded(
            collection,
            rows.tolist(),
            simulation.encoder,
            how=simulation.how,
            seed=seed,
            draw=draw,
            on_picture=simulation.on_picture,
        )
        for draw in range(simulation.copies)
    ]
    n = len(vectors)
    return Side(np.concatenate(vectors), np.tile(held.labels, n), np.tile(held.groups, n))
