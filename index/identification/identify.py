"""One honest answer per specimen: the lowest rank that is sure enough, or "unknown".

The road: pictures become vectors (`identify_all`, `search.picture_vectors`), the gallery's index
gives the neighbours that are shown (`_identified`), a calibration judges by what the indexes of its
working spaces propose (`judge`, `evidence`), and the answer says why (`answers`). Many specimens
take it together; one is the case of one.
"""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np

from ..arrays import Embeddings, Ids
from ..collection import Collection
from ..encoders import Encoder
from ..errors import UsageError
from ..gallery.gallery import Gallery
from ..search.filters import selected
from ..search.search import Hit, encoder_units, hits, own_places, picture_vectors
from ..settings import settings
from ..vectors.own_rows import search_others
from .answers import Answer, Determination, Judgement, explain
from .judge import judge_calibrated
from .kept_calibration import kept_calibration
from .uncalibrated import judge_by_votes
from .votes import NEIGHBOURS

__all__ = [
    "Answer",
    "Determination",
    "Options",
    "identify",
    "identify_all",
    "identify_stored",
    "identify_vector",
    "identify_vectors",
]


class Options(TypedDict, total=False):
    """Keywords of every identification; see `Asked` for what they mean and are by default."""

    space: str | None
    risk: float
    prior: float
    only: Sequence[str]
    k: int


@dataclass(frozen=True)
class Asked:
    """What is asked of an identification.

    Attributes:
        space: the space that is searched; by default the oldest.
        risk: share of given answers that may be wrong; 0.05 asks for 95 % confidence.
        prior: share of specimens expected to be of species that the gallery lacks; it counts where
            the collection is calibrated.
        only: conditions on the gallery, such as `family=Noctuidae`.
        k: neighbours to show.

    Raises:
        UsageError: one is out of range.
    """

    space: str | None = None
    risk: float = 0.05
    prior: float = 0.2
    only: Sequence[str] = ()
    k: int = 10

    def __post_init__(self) -> None:
        if not 0 < self.risk < 1:
            raise UsageError(f"risk is {self.risk}; it must lie between 0 and 1, for example 0.05")
        if not 0 <= self.prior < 1:
            raise UsageError(
                f"prior is {self.prior}; it must be at least 0 and below 1, for example 0.2"
            )
        if not 1 <= self.k <= settings().max_k:
            raise UsageError(f"k is {self.k}; it must be 1 to {settings().max_k} (HOLOTYPE_MAX_K)")


def identify(
    collection: Collection,
    encoder: Encoder,
    pictures: Sequence[Path | bytes],
    *,
    name: str = "",
    **options: Unpack[Options],
) -> Answer:
    """Identify one specimen from one or more pictures of it.

    A picture that is in the collection is recognised by its content; images of its specimen are
    then no evidence.

    Args:
        pictures: files or their bytes; all of one specimen.
        name: how the answer calls it; by default the first file's name.
        options: space, risk, prior, only, k; see `Asked`.

    Raises:
        PictureError: a picture that cannot be used.
        MismatchError: the encoder is not the space's.
        UsageError: no pictures, too many, or an argument out of range.
    """
    return identify_all(collection, encoder, [pictures], names=[name], **options)[0]


def identify_all(
    collection: Collection,
    encoder: Encoder,
    specimens: Sequence[Sequence[Path | bytes]],
    *,
    names: Sequence[str] = (),
    **options: Unpack[Options],
) -> list[Answer]:
    """Identify several specimens in one pass, each from its own pictures; see `identify`.

    Args:
        specimens: of each, files or their bytes.
        names: how the answers call them; by default, and where empty, by their first files.
    """
    if not specimens:
        return []
    vectors, own = picture_vectors(collection, encoder, specimens, options.get("space"))
    files = [next((str(p) for p in one if isinstance(p, Path)), "picture") for one in specimens]
    called = [given or file for given, file in zip(names or files, files, strict=True)]
    return identify_vectors(collection, vectors, names=called, exclude_specimens=own, **options)


def identify_stored(collection: Collection, image_id: str, **options: Unpack[Options]) -> Answer:
    """Identify the specimen of a stored image from its embedding; see `identify`.

    Images of the specimen itself are no evidence. The answer is kept as long as nothing changes.

    Raises:
        NotFoundError: there is no image of that id.
        UsageError: it has no embedding in the space, or an argument is out of range.
    """
    asked = Asked(**options)
    image = collection.image(image_id)
    gallery, source = collection.gallery_and_source(asked.space)
    place = gallery.places([image.row])
    if not len(place):
        raise UsageError(f"Image '{image_id}' has no embedding in space '{gallery.space.name}'")
    kept = kept_calibration(collection, gallery)

    def answer() -> Answer:
        own = np.flatnonzero(gallery.specimens == gallery.specimens[place])
        vector = source.index.rows(place)
        return _identified(collection, (gallery, source), vector, [image_id], [own], asked)[0]

    question = (image_id, asked.risk, asked.prior, tuple(asked.only), asked.k)
    return gallery.answered(question, None if kept is None else kept.calibration, answer)


def identify_vector(
    collection: Collection,
    vector: Embeddings,
    *,
    name: str,
    exclude_specimens: Set[str] = frozenset(),
    **options: Unpack[Options],
) -> Answer:
    """Identify one specimen from its embedding, float32 [dim]; see `identify`."""
    own = [exclude_specimens]
    return identify_vectors(
        collection, vector[None], names=[name], exclude_specimens=own, **options
    )[0]


def identify_vectors(
    collection: Collection,
    vectors: Embeddings,
    *,
    names: Sequence[str],
    exclude_specimens: Sequence[Set[str]] = (),
    **options: Unpack[Options],
) -> list[Answer]:
    """Identify several specimens in one pass from their embeddings; see `identify`.

    Args:
        vectors: float32 [q, dim], as the encoder made them.
        names: how the answers call them.
        exclude_specimens: what each is called where it is stored; by default none is.
    """
    asked = Asked(**options)
    galleries = collection.gallery_and_source(asked.space)
    own = own_places(collection, galleries[0], exclude_specimens or [frozenset()] * len(names))
    return _identified(collection, galleries, vectors, names, own, asked)


def _identified(
    collection: Collection,
    galleries: tuple[Gallery, Gallery],
    vectors: Embeddings,
    names: Sequence[str],
    own: list[Ids],
    asked: Asked,
) -> list[Answer]:
    """Answer with a gallery, and the gallery of the space that holds its vectors."""
    gallery, source = galleries
    chosen = selected(collection, gallery, asked.only)
    units = encoder_units(vectors, gallery)
    queries = units if gallery.projection is None else gallery.projection.apply(units)
    scores, places = search_others(gallery.index, queries, max(asked.k, NEIGHBOURS), chosen, own)
    shown = hits(collection, gallery, places[:, : asked.k], scores[:, : asked.k])
    kept = kept_calibration(collection, gallery)
    if kept is not None:
        proposed = places if gallery is source else None
        judged = judge_calibrated(
            collection.database, source, kept, units, own, chosen, asked.prior, proposed
        )
    else:
        found = zip(scores, places, shown, strict=True)
        judged = [_by_votes(gallery, *one) if one[2] else _NOTHING for one in found]
    return [_answer(*one, asked.risk) for one in zip(names, shown, judged, strict=True)]


_NOTHING = Judgement({}, None, far=False)


def _by_votes(gallery: Gallery, scores: Embeddings, places: Ids, _: object) -> Judgement:
    return judge_by_votes(gallery, scores[places >= 0], places[places >= 0])


def _answer(name: str, shown: list[Hit], judged: Judgement, risk: float) -> Answer:
    if not shown:
        return Answer(name, None, [], judged, "Nothing in the gallery may be compared with it.")
    determination = judged.back_off(risk)
    return Answer(name, determination, shown, judged, explain(determination, judged, shown, risk))
