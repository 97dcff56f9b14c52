"""One honest answer per specimen: the lowest rank that is sure enough, or "unknown".

The road: pictures become vectors (`identify_all`, `search.each_picture_vector`), the gallery's
index gives the neighbours that are shown (`_identified`), a calibration judges by what the indexes
of its working spaces propose (`judge`, `evidence`), and the answer says why (`answers`). Many
specimens take it together; one is the case of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from pathlib import PurePath
from typing import TypedDict, Unpack

import numpy as np

from ..arrays import Embeddings, Ids
from ..collection import Collection
from ..encoders import Encoder
from ..errors import UsageError
from ..gallery.fitted import (
    Fits,
    Seen,
    fit_of_calibration,
    fit_of_encoder,
    fit_of_space,
    seen_by,
)
from ..gallery.gallery import Gallery
from ..pictures.inputs import Picture, as_pictures, is_picture, named_file
from ..search.filters import selected
from ..search.search import (
    Hit,
    each_picture_vector,
    encoder_units,
    hits,
    one_vector,
    own_places,
)
from ..settings import settings
from ..storage.records import Image
from ..vectors.own_rows import search_others
from ..vectors.selection import Selection
from .answers import (
    Answer,
    Determination,
    Judgement,
    PictureTaxon,
    SpacesUsed,
    disagreement,
    explain,
    like_unnamed,
)
from .judge import judge_calibrated
from .kept_calibration import KeptCalibration, kept_calibration
from .uncalibrated import decisive_ranks, judge_by_votes
from .votes import NEIGHBOURS

__all__ = [
    "Answer",
    "Determination",
    "Options",
    "Pictures",
    "identify",
    "identify_all",
    "identify_each_stored",
    "identify_pictures",
    "identify_stored",
    "identify_vector",
    "identify_vectors",
    "stored_image",
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


@dataclass(frozen=True, eq=False)
class Pictures:
    """The pictures of one specimen.

    Attributes:
        names: what each is called; empty for its number.
        vectors: float32 [m, dim], as the encoder made them.
        contents: the sha256 of each one's file, by which what was fitted on it is told.
    """

    names: Sequence[str]
    vectors: Embeddings
    contents: Sequence[str] = ()

    def judged(self, judgements: Iterator[Judgement]) -> tuple[PictureTaxon, ...]:
        """Return what each would be called by itself, its judgement taken from the next."""
        called = (name or f"picture {number}" for number, name in enumerate(self.names, 1))
        return tuple(PictureTaxon.of(name, next(judgements)) for name in called)


def identify(
    collection: Collection,
    encoder: Encoder,
    pictures: Picture | Iterable[Picture],
    *,
    name: str = "",
    **options: Unpack[Options],
) -> Answer:
    """Identify one specimen from one or more pictures of it.

    A picture that is in the collection is recognised by the content of its file; images of its
    specimen are then no evidence.

    Args:
        pictures: one or more of one specimen, each a path (`str` or `Path`), the bytes of a file, a
            Pillow image, or an array, uint8 [h, w], [h, w, 3] or [h, w, 4]. Images and arrays have
            no file, by which they could be recognised.
        name: how the answer calls it; by default the first file's name.
        options: space, risk, prior, only, k; see `Asked`.

    Raises:
        PictureError: a picture that cannot be used.
        MismatchError: the encoder is not the space's.
        UsageError: no pictures, too many, or an argument out of range.
    """
    own = [as_pictures(pictures)]
    return identify_all(collection, encoder, own, names=[name], **options)[0]


def identify_all(
    collection: Collection,
    encoder: Encoder,
    specimens: Iterable[Picture | Iterable[Picture]],
    *,
    names: Sequence[str] = (),
    **options: Unpack[Options],
) -> list[Answer]:
    """Identify several specimens in one pass, each from its own pictures; see `identify`.

    Args:
        specimens: of each, its pictures, given as to `identify`; a string is one path.
        names: how the answers call them; by default, and where empty, by their first files.
    """
    groups = [as_pictures(pictures) for pictures in _several(specimens)]
    if not groups:
        return []
    vectors, own, contents = each_picture_vector(collection, encoder, groups, options.get("space"))
    files = [next(filter(None, map(named_file, one)), "picture") for one in groups]
    called = [given or file for given, file in zip(names or files, files, strict=True)]
    pictures = [
        Pictures(file_names(one), rows, hashes)
        for one, rows, hashes in zip(groups, vectors, contents, strict=True)
    ]
    return identify_pictures(collection, pictures, names=called, exclude_specimens=own, **options)


def identify_pictures(
    collection: Collection,
    specimens: Sequence[Pictures],
    *,
    names: Sequence[str],
    exclude_specimens: Sequence[Set[str]] = (),
    **options: Unpack[Options],
) -> list[Answer]:
    """Identify several specimens in one pass from the embeddings of their pictures.

    A specimen is the mean of its pictures; where it has several, each is judged by itself too, and
    the answer says so where they disagree. For the arguments see `identify_vectors`.
    """
    means = np.stack([one.vectors.mean(axis=0) for one in specimens])
    return _without_own(collection, means, names, exclude_specimens, options, specimens)


def file_names(pictures: Iterable[Picture]) -> list[str]:
    """Return what the pictures of one specimen are called: files by their names, others not."""
    return [PurePath(named_file(picture)).name for picture in pictures]


def _several(
    specimens: Iterable[Picture | Iterable[Picture]],
) -> Iterable[Picture | Iterable[Picture]]:
    if is_picture(specimens) or not isinstance(specimens, Iterable):
        return [as_pictures(specimens)]
    return specimens


def identify_stored(collection: Collection, image_id: str, **options: Unpack[Options]) -> Answer:
    """Identify the specimen of a stored image from its embedding; see `identify`.

    Images of the specimen itself are no evidence. The answer is kept as long as nothing changes.

    Raises:
        NotFoundError: there is no image of that id.
        UsageError: it has no embedding in the space, or an argument is out of range.
    """
    image = stored_image(collection, image_id, **options)
    return identify_each_stored(collection, [image], **options)[0]


def stored_image(collection: Collection, image_id: str, **options: Unpack[Options]) -> Image:
    """Return a stored image that can be identified; for errors see `identify_stored`."""
    asked = Asked(**options)
    image = collection.image(image_id)
    _place(collection.gallery_and_source(asked.space)[0], image)
    return image


def _place(gallery: Gallery, image: Image) -> Ids:
    """Return where the embedding of an image is, int64 [1]."""
    place = gallery.places([image.row])
    if not len(place):
        raise UsageError(
            f"Image '{image.image_id}' has no embedding in space '{gallery.space.name}'"
        )
    return place


def identify_each_stored(
    collection: Collection, images: Sequence[Image], **options: Unpack[Options]
) -> list[Answer]:
    """Identify the specimens of several images, see `stored_image`, each by itself, in one pass."""
    asked = Asked(**options)
    gallery, source = collection.gallery_and_source(asked.space)
    places = [_place(gallery, image) for image in images]
    kept = kept_calibration(collection, gallery)

    def answers(numbers: list[int]) -> list[Answer]:
        chosen = [images[number] for number in numbers]
        vectors = source.index.rows(np.concatenate([places[number] for number in numbers]))
        whose = [{image.specimen_id} for image in chosen]
        names = [image.image_id for image in chosen]
        pictures = [
            Pictures([image.image_id], vector[None], [image.sha256])
            for image, vector in zip(chosen, vectors, strict=True)
        ]
        own = own_places(collection, gallery, whose)
        rest = (vectors, names, own, asked, whose, pictures)
        return _identified(collection, (gallery, source), *rest)

    said = (asked.risk, asked.prior, tuple(asked.only), asked.k)
    questions = [(image.image_id, *said) for image in images]
    return gallery.each_answered(questions, None if kept is None else kept.calibration, answers)


def identify_vector(
    collection: Collection,
    vector: Embeddings,
    *,
    name: str,
    exclude_specimens: Set[str] = frozenset(),
    **options: Unpack[Options],
) -> Answer:
    """Identify one specimen from its embedding, float32 [dim] or [1, dim]; see `identify`."""
    own = [exclude_specimens]
    return identify_vectors(
        collection, one_vector(vector)[None], names=[name], exclude_specimens=own, **options
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
    return _without_own(collection, vectors, names, exclude_specimens, options)


def _without_own(
    collection: Collection,
    vectors: Embeddings,
    names: Sequence[str],
    exclude_specimens: Sequence[Set[str]],
    options: Options,
    pictures: Sequence[Pictures] = (),
) -> list[Answer]:
    """Answer without the images of the specimens themselves; see `identify_vectors`."""
    asked = Asked(**options)
    galleries = collection.gallery_and_source(asked.space)
    whose = exclude_specimens or [frozenset()] * len(names)
    own = own_places(collection, galleries[0], whose)
    return _identified(collection, galleries, vectors, names, own, asked, whose, pictures)


def _identified(
    collection: Collection,
    galleries: tuple[Gallery, Gallery],
    vectors: Embeddings,
    names: Sequence[str],
    own: list[Ids],
    asked: Asked,
    whose: Sequence[Set[str]],
    pictures: Sequence[Pictures] = (),
) -> list[Answer]:
    """Answer with a gallery, and the gallery of the space that holds its vectors.

    Args:
        own: of each, the places of its own specimens.
        whose: of each, what these are called.
        pictures: of each, where they are known.
    """
    gallery, source = galleries
    several = {place: one for place, one in enumerate(pictures) if len(one.names) > 1}
    vectors = np.concatenate([vectors, *(one.vectors for one in several.values())])
    own = [*own, *(own[place] for place, one in several.items() for _ in one.names)]
    chosen = selected(collection, gallery, asked.only)
    units = encoder_units(vectors, gallery)
    queries = units if gallery.projection is None else gallery.projection.apply(units)
    scores, places = search_others(gallery.index, queries, max(asked.k, NEIGHBOURS), chosen, own)
    first = (slice(len(names)), slice(asked.k))
    shown = hits(collection, gallery, places[first], scores[first])
    kept = kept_calibration(collection, gallery)
    if kept is not None:
        proposed = places if gallery is source else None
        judged = judge_calibrated(
            collection.database, source, kept, units, own, chosen, asked.prior, proposed
        )
    else:
        decisive = decisive_ranks(gallery, chosen)
        judged = [_by_votes(gallery, *one, decisive) for one in zip(scores, places, strict=True)]
    spaces = SpacesUsed(
        gallery.space.name, gallery.space.name if kept is None else source.space.name
    )
    scope = "" if chosen is None else _scope(gallery, chosen, kept is not None)
    whole, parts = judged[: len(names)], iter(judged[len(names) :])
    fits = _fits(collection, gallery, kept)
    answers = []
    for place, found in enumerate(zip(names, shown, whole, strict=True)):
        one = several.get(place)
        alone = () if one is None else one.judged(parts)
        seen = seen_by(fits, pictures[place].contents if pictures else (), whose[place])
        answers.append(_answer(gallery, spaces, *found, asked.risk, alone, seen, scope))
    return answers


def _scope(gallery: Gallery, chosen: Selection, calibrated: bool) -> str:
    """Say that filters leave nothing, or that a calibration of all is asked about a part."""
    if not chosen.count:
        return "No image satisfies all of the filters together; leave one of them out."
    if not calibrated or chosen.count == len(gallery):
        return ""
    return (
        f"Compared with {chosen.count:,} of {len(gallery):,} images only, while the calibration is "
        "of all: the figures hold where the specimen is of a taxon among these."
    )


def _fits(collection: Collection, gallery: Gallery, kept: KeptCalibration | None) -> Fits:
    """Return what encoder, space and calibration were fitted on, read once a state."""
    database, fit = collection.database, None
    if kept is not None:
        recorded = kept.calibration.fitted_on
        fit = fit_of_calibration(database, gallery, kept.calibration, recorded)
    return fit_of_encoder(database, gallery), fit_of_space(database, gallery), fit


_NOTHING = Judgement({}, None, far=False)


def _by_votes(
    gallery: Gallery, scores: Embeddings, places: Ids, decisive: frozenset[str]
) -> Judgement:
    there = places >= 0
    if not there.any():
        return _NOTHING
    return judge_by_votes(gallery, scores[there], places[there], decisive)


def _answer(
    gallery: Gallery,
    spaces: SpacesUsed,
    name: str,
    shown: list[Hit],
    judged: Judgement,
    risk: float,
    pictures: tuple[PictureTaxon, ...],
    seen: Seen,
    scope: str,
) -> Answer:
    told = disagreement(pictures, judged, risk)
    determination = judged.back_off(risk) if shown else None
    finest = determination is not None and determination.rank == gallery.ranks[-1]
    unnamed = None if finest else like_unnamed(gallery, shown)
    why = "Nothing in the gallery may be compared with it."
    if shown:
        why = explain(determination, judged, shown, risk, unnamed)
    # A part of the gallery, and pictures that disagree, are far for another reason.
    elsewhere = "" if told or scope else judged.other_conditions
    said = (told, seen.note, scope, elsewhere, judged.few_conditions, judged.new_ranks)
    notes = tuple(note for note in said if note)
    more = (spaces, unnamed, pictures, notes, seen)
    return Answer(name, determination, shown, judged, why, risk, *more)
