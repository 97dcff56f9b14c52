"""What a space was fitted on, and refusing to measure it on that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Flags
from holotype.index.collection import Collection
from holotype.index.gallery.fitted import fit_of_encoder, fit_of_space, images_in
from holotype.index.gallery.gallery import Gallery
from holotype.index.vectors.fitted_on import FittedOn
from holotype.index.ways import option, way

from .leaks import LeakError
from .protocol import Protocol

_SPLIT = ("split=test", "split=train")


class FittedError(LeakError):
    """A space or an encoder was fitted on images that would ask."""

    exit_code = 2
    http_status = 422
    title = "Fitted on what would ask"


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the encoder of a space and its projection were fitted on.

    Attributes:
        encoder: the images that the encoder was trained on; None where nobody knows.
        space: those that the projection was fitted on; None where there is none.
        by_encoder: bool [n], the images of the gallery whose specimens the encoder has seen.
        by_space: bool [n], those whose specimens the projection has seen.
        tunable: whether `tune` made the projection, so that it can be made anew without some.
    """

    encoder: FittedOn | None
    space: FittedOn | None
    by_encoder: Flags
    by_space: Flags
    tunable: bool

    @classmethod
    def of(cls, collection: Collection, images: Gallery) -> Fitted:
        """Return what the space of a gallery was fitted on.

        Raises:
            EncoderError: the card of its encoder cannot be read.
        """
        database, made = collection.database, images.projection
        encoder, space = fit_of_encoder(database, images), fit_of_space(database, images)
        nothing = np.zeros(len(images), np.bool_)
        by_encoder, by_space = (
            nothing if fit is None else images_in(database, images, fit) for fit in (encoder, space)
        )
        return cls(encoder, space, by_encoder, by_space, made is not None and "trials" in made.card)

    def fitting(self, asked: Codes, instead: str = "") -> Fitting:
        """Return what is told of it where images at these places ask; see `Fitting.instead`."""
        return Fitting(
            self.encoder,
            self.space,
            int(self.by_encoder[asked].sum()),
            int(self.by_space[asked].sum()),
            instead,
        )

    def saw(self, asked: Codes) -> bool:
        """Return whether one of these images was seen by the encoder or the projection."""
        return bool((self.by_encoder[asked] | self.by_space[asked]).any())


@dataclass(frozen=True, eq=False)
class Fitting:
    """What a space was fitted on, as an evaluation tells it.

    Attributes:
        encoder, space: see `Fitted`.
        encoder_queries, space_queries: how many of the images that would ask each has seen.
        instead: what was measured instead of what it has seen; empty where it has seen none.
    """

    encoder: FittedOn | None
    space: FittedOn | None
    encoder_queries: int
    space_queries: int
    instead: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values; null of an encoder means that nobody knows."""
        sides = ((self.encoder, self.encoder_queries), (self.space, self.space_queries))
        encoder, space = (
            None if fit is None else {**fit.to_dict(), "queries": queries} for fit, queries in sides
        )
        return {"encoder": encoder, "space": space, "instead": self.instead}


def refuse_fitted(
    collection: Collection,
    images: Gallery,
    fitted: Fitted,
    protocol: Protocol,
    *,
    allowable: bool = True,
) -> None:
    """Refuse to ask with images that the space or its encoder was fitted on.

    Args:
        allowable: whether the protocol can also measure without them (--allow-leak).

    Raises:
        FittedError: saying how many, and what to do instead.
    """
    asked = protocol.query_rows
    if not fitted.saw(asked):
        return
    by_encoder = int(fitted.by_encoder[asked].sum())
    ways = [] if by_encoder else _ways(collection, images, fitted, protocol)
    if by_encoder:
        what = f"The encoder '{images.space.encoder}' was trained on {by_encoder}"
        ways.append(
            f"ask with images that it has not seen, by {option('query')} and {option('gallery')}"
        )
    else:
        what = f"Space '{images.space.name}' was fitted on {int(fitted.by_space[asked].sum())}"
    if allowable:
        ways.append(f"see both figures, with and without them, by {option('allow-leak')}")
    told = "; or ".join(ways)
    raise FittedError(
        f"{what} of the {len(asked)} queries, whose figures would flatter{_unrecorded(fitted)}: "
        f"{told}"
    )


def refuse_trained(collection: Collection, images: Gallery, asked: Codes, protocol: str) -> None:
    """Refuse to ask with images that the encoder of a space was trained on.

    Args:
        asked: int64 [q], places of the images that ask.
        protocol: its name, for the message.

    Raises:
        FittedError: saying how many.
    """
    fit = fit_of_encoder(collection.database, images)
    seen = 0 if fit is None else int(images_in(collection.database, images, fit)[asked].sum())
    if seen:
        raise FittedError(
            f"The encoder '{images.space.encoder}' was trained on {seen} of the {len(asked)} "
            f"images that ask under {protocol}, whose figures would flatter; measure a given split "
            f"whose queries it has not seen, by {option('query')} and {option('gallery')}"
        )


def _unrecorded(fitted: Fitted) -> str:
    if fitted.space is None or fitted.space.recorded:
        return ""
    return " (nothing says on which, so all that were here when it was made count)"


def _ways(collection: Collection, images: Gallery, fitted: Fitted, protocol: Protocol) -> list[str]:
    """Return what to do instead of asking a projection with what it has seen, as ways out."""
    folder, name = str(collection.folder), images.space.name
    if not fitted.tunable:
        return ["fit its projection again without them"]
    query, gallery = (protocol.query, protocol.gallery) if protocol.query else _sides(collection)
    ways = []
    if query:
        tune = way("tune", folder, space=_base(collection, images), as_=name, where=gallery)
        ways.append(f"tune it again with {tune}")
        if not protocol.query:
            ways[0] += " and measure by " + way(
                "eval", folder, space=name, query=query, gallery=gallery
            )
    if not protocol.query:
        kfold = way("eval", folder, space=name, protocol="kfold")
        ways.append(f"tune anew in every fold by {kfold}")
    return ways


def _sides(collection: Collection) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the conditions of the usual split, where the collection has one."""
    found = collection.database.read("SELECT DISTINCT split FROM images")
    there = {f"split={record[0]}" for record in found}
    return ((_SPLIT[0],), (_SPLIT[1],)) if there.issuperset(_SPLIT) else ((), ())


def _base(collection: Collection, images: Gallery) -> tuple[str, ...]:
    """Return the space that it was tuned from, where it is not the first."""
    base = collection.source(images.space).name
    return () if base == collection.space().name else (base,)
