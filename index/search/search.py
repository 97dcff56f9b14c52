"""Which specimens look most like this one: by picture, by stored image, by text or by vector."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arrays import Embeddings, Ids, Pixels
from ..collection import Collection
from ..database.sql import run_over
from ..encoders import Encoder, accelerated, load_encoder
from ..errors import MismatchError, UsageError
from ..gallery.fitted import Seen, fit_of_encoder, fit_of_space, seen_by
from ..gallery.gallery import Gallery
from ..pictures.inputs import Picture, as_pictures, read_input
from ..settings import settings
from ..storage.embeddings import read_vector
from ..storage.records import Image, Space
from ..storage.spaces import require_encoder
from ..taxonomy import by_rank
from ..trust import require_trusted_encoder
from ..vectors.own_rows import search_others
from .filters import selected

_ROWS = 10_000  # whose records are read at once


@dataclass(frozen=True)
class Hit:
    """A gallery image and its cosine to the query, in [-1, 1]."""

    image: Image
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return the hit as JSON-ready values: ids, score and the ranks that are known."""
        image = self.image
        return {
            "image_id": image.image_id,
            "specimen_id": image.specimen_id,
            "score": self.score,
            "species": image.lineage[-1],
            **by_rank(image.lineage),
        }


def search(
    collection: Collection,
    vector: Embeddings,
    *,
    k: int = 10,
    space: str | None = None,
    where: Sequence[str] = (),
    exclude_specimens: Set[str] = frozenset(),
) -> list[Hit]:
    """Return the gallery images nearest to a vector.

    Args:
        vector: float32 [dim] or [1, dim], not zero; made by the space's own encoder, before any
            projection, as `picture_vector` makes it of pictures.
        where: conditions that every hit satisfies, such as `category=Moth`.
        exclude_specimens: specimens whose images are left out, the query's own.

    Returns:
        exactly min(k, images that may be returned) hits, best first.

    Raises:
        UsageError: k is out of range, or a condition is off.
        MismatchError: the vector has another length than the space.
    """
    asked = [one_vector(vector)], [exclude_specimens]
    return search_each(collection, *asked, k=k, space=space, where=where)[0]


def search_each(
    collection: Collection,
    vectors: Sequence[Embeddings],
    exclude_specimens: Sequence[Set[str]],
    *,
    k: int = 10,
    space: str | None = None,
    where: Sequence[str] = (),
) -> list[list[Hit]]:
    """Return what `search` does for several vectors, in one pass over the index.

    Args:
        vectors: float32 [dim] each, all of one length.
        exclude_specimens: of each query, those whose images are left out.

    Returns:
        the hits of each, see `search`.

    Raises:
        UsageError, MismatchError: see `search`; what is wrong with one vector is raised for all.
        ValueError: the vectors have several lengths.
    """
    gallery = collection.gallery(space)
    _require_k(k)
    units = unit_vectors(np.stack(vectors), gallery)
    own = own_places(collection, gallery, exclude_specimens)
    scores, places = search_others(
        gallery.index, units, k, selected(collection, gallery, where), own
    )
    return hits(collection, gallery, places, scores)


def require_vector(
    collection: Collection, vector: Embeddings, *, k: int = 10, space: str | None = None
) -> None:
    """Refuse a vector, float32 [dim], for which `search_each` would refuse all.

    Raises:
        UsageError, MismatchError: see `search`.
    """
    gallery = collection.gallery(space)
    _require_k(k)
    encoder_units(vector[None], gallery)


def _require_k(k: int) -> None:
    limit = settings().max_k
    if not 1 <= k <= limit:
        raise UsageError(f"k is {k}; it must be 1 to {limit} (HOLOTYPE_MAX_K)")


def one_vector(vector: Embeddings | Sequence[float]) -> Embeddings:
    """Return the vector of one query, [dim], of [dim] or [1, dim].

    Raises:
        UsageError: it is no vector, or several.

    >>> one_vector(np.ones((1, 3), np.float32)).shape
    (3,)
    """
    given = vector if isinstance(vector, list | tuple | np.ndarray) else None
    try:
        found = np.asarray(given, np.float32)
    except (TypeError, ValueError):
        found = np.zeros((), np.float32)
    if found.ndim == 2 and len(found) == 1:
        found = found[0]
    if given is None or found.ndim == 0:
        raise UsageError(
            f"A value of type {type(vector).__name__} is no vector; give float32 [dim], as "
            "holotype.picture_vector(collection, encoder, pictures) makes it of pictures"
        )
    if found.ndim != 1:
        raise UsageError(f"The vector has the shape {list(found.shape)}; give one of [dim]")
    return found


def seen_in_space(
    collection: Collection, space: str | None, sha256s: Sequence[str], specimen_ids: Set[str]
) -> Seen:
    """Return whether a space and its encoder were fitted on what a search asks with.

    Args:
        sha256s: of the pictures.
        specimen_ids: what their specimen is called where it is stored.
    """
    gallery, database = collection.gallery(space), collection.database
    fits = fit_of_encoder(database, gallery), fit_of_space(database, gallery), None
    return seen_by(fits, sha256s, specimen_ids)


def unit_vectors(vectors: Embeddings, gallery: Gallery) -> Embeddings:
    """Return query vectors as the gallery's vectors are: projected, at unit length.

    Args:
        vectors: float32 [q, dim], as long as the encoder's embeddings.

    Raises:
        MismatchError: they have another length.
        UsageError: one is zero or not finite.
    """
    units = encoder_units(vectors, gallery)
    return units if gallery.projection is None else gallery.projection.apply(units)


def encoder_units(vectors: Embeddings, gallery: Gallery) -> Embeddings:
    """Return query vectors at unit length, before any projection; see `unit_vectors`."""
    projection = gallery.projection
    dim = gallery.space.dim if projection is None else projection.dim
    if vectors.ndim != 2 or vectors.shape[1] != dim:
        raise MismatchError(
            f"The vector has {vectors[0].size} values; the encoder of space "
            f"'{gallery.space.name}' makes {dim}. Use the space's own encoder."
        )
    lengths = np.array([np.linalg.norm(vector) for vector in vectors], np.float32)[:, None]
    if not (np.isfinite(lengths) & (lengths > 0)).all():
        raise UsageError("The vector is zero or holds NaN or infinity; send finite numbers")
    units: Embeddings = (vectors / lengths).astype(np.float32)
    return units


def own_places(
    collection: Collection, gallery: Gallery, specimens: Sequence[Set[str]]
) -> list[Ids]:
    """Return for each query the places of all images of its own specimens, int64 [m]."""
    query = "SELECT specimen_id, row FROM images WHERE specimen_id IN"
    rows: dict[str, list[int]] = {name: [] for own in specimens for name in own}
    for name, row in run_over(collection.database.read, query, list(rows)):
        rows[name].append(row)
    return [gallery.places(sorted(row for name in own for row in rows[name])) for own in specimens]


def hits(
    collection: Collection, gallery: Gallery, places: Ids, scores: Embeddings
) -> list[list[Hit]]:
    """Return the places of a gallery that answer each query, [q, k], as hits; -1 is none.

    An image that was deleted since the gallery was made is left out.
    """
    there = places >= 0
    wanted = np.unique(gallery.rows[places[there]]).tolist()
    images: dict[int, Image] = {}
    for start in range(0, len(wanted), _ROWS):
        images |= collection.images_at(wanted[start : start + _ROWS])
    found = []
    for line, cosines, kept in zip(places, scores, there, strict=True):
        pairs = zip(gallery.rows[line[kept]].tolist(), cosines[kept].tolist(), strict=True)
        found.append([Hit(images[row], score) for row, score in pairs if row in images])
    return found


def stored_vector(collection: Collection, image: Image, space: str | None = None) -> Embeddings:
    """Return the embedding of a stored image as its encoder made it, float32 [dim].

    Raises:
        UsageError: the image has no embedding in the space.
        CorruptError: the embedding is damaged.
    """
    found = collection.space(space)
    vector = read_vector(collection.database, found, image)
    if vector is None:
        raise UsageError(f"Image '{image.image_id}' has no embedding in space '{found.name}'")
    return vector


def encoder_of(space: Space, *, threads: int = 1) -> Encoder:
    """Load the encoder that made the vectors of a space, at its fastest.

    Args:
        space: of the encoder's own vectors, or tuned from them.
        threads: cores that one picture may use; see `accelerated`.

    Raises:
        EncoderError: it is gone, or comes from outside and this user has never used it.
        MismatchError: the vectors were made elsewhere.
    """
    require_encoder(space)
    require_trusted_encoder(space.encoder)
    return accelerated(load_encoder(space.encoder, views=space.views), threads=threads)


def picture_vector(
    collection: Collection,
    encoder: Encoder,
    pictures: Picture | Iterable[Picture],
    space: str | None = None,
) -> tuple[Embeddings, set[str]]:
    """Return the embedding of one specimen's pictures, and what it is called where it is stored.

    See `picture_vectors`.

    Returns:
        float32 [dim], the mean over the pictures, and the ids of the specimens that have one of
        the pictures: usually none or one, more where a picture was stored twice.
    """
    vectors, specimens = picture_vectors(collection, encoder, [as_pictures(pictures)], space)
    return vectors[0], specimens[0]


def picture_vectors(
    collection: Collection,
    encoder: Encoder,
    specimens: Iterable[Picture | Iterable[Picture]],
    space: str | None = None,
) -> tuple[Embeddings, list[set[str]]]:
    """Return the embedding of each specimen's pictures, and what it is called where it is stored.

    A picture is recognised by the content of its file, whatever its name; a Pillow image and an
    array have none.

    Args:
        specimens: of each, its pictures; see `Picture` for what they may be given as.

    Returns:
        float32 [specimens, dim], the mean over the pictures of each, and the ids of the specimens
        that have one of them.

    Raises:
        MismatchError: the encoder is not the space's.
        PictureError: a picture that cannot be used.
        UsageError: a specimen without pictures, or with too many.
    """
    each, own, _ = each_picture_vector(collection, encoder, specimens, space)
    return np.stack([rows.mean(axis=0) for rows in each]), own


def each_picture_vector(
    collection: Collection,
    encoder: Encoder,
    specimens: Iterable[Picture | Iterable[Picture]],
    space: str | None = None,
) -> tuple[list[Embeddings], list[set[str]], list[list[str]]]:
    """Return for each specimen the embeddings of its pictures, float32 [m, dim], one a picture.

    For the rest see `picture_vectors`; last come the hashes of the pictures' content.
    """
    groups = [as_pictures(pictures) for pictures in specimens]
    for pictures in groups:
        require_few_pictures(len(pictures))
    collection.check_encoder(space, encoder)
    contents: list[list[str]] = [[] for _ in groups]
    vectors: list[Embeddings] = []
    pixels: list[Pixels] = []
    for own, pictures in zip(contents, groups, strict=True):
        for source in pictures:
            picture, content = read_input(source, target=encoder.preprocessing.size)
            own.append(content)
            pixels.append(encoder.preprocess(picture))
            if len(pixels) >= encoder.batch_size:
                vectors.append(encoder.encode_images(np.stack(pixels)))
                pixels.clear()
    if pixels:
        vectors.append(encoder.encode_images(np.stack(pixels)))
    each = np.split(np.concatenate(vectors), np.cumsum([len(own) for own in contents])[:-1])
    return each, stored_specimens(collection, contents), contents


def require_few_pictures(count: int) -> None:
    """Refuse no pictures of a specimen, and too many.

    Raises:
        UsageError: it is one of the two.
    """
    limit = settings().max_images_per_query
    if not 1 <= count <= limit:
        raise UsageError(
            f"{count} pictures of one specimen; give 1 to {limit} (HOLOTYPE_MAX_IMAGES_PER_QUERY)"
        )


def stored_specimens(collection: Collection, contents: Sequence[Sequence[str]]) -> list[set[str]]:
    """Return for each group of pictures the specimens that one of them is stored of.

    Args:
        contents: the sha256 of every picture's file, empty where it has none.
    """
    collection.require_intact()
    query = "SELECT sha256, specimen_id FROM images WHERE sha256 IN"
    wanted = list(dict.fromkeys(one for group in contents for one in group if one))
    found: dict[str, set[str]] = {}
    for sha256, specimen_id in run_over(collection.database.read, query, wanted):
        found.setdefault(sha256, set()).add(specimen_id)
    return [set().union(*(found.get(one, set()) for one in group)) for group in contents]


def text_vector(
    collection: Collection, encoder: Encoder, text: str, space: str | None = None
) -> Embeddings:
    """Return the embedding of a description, float32 [dim].

    Raises:
        MismatchError: the encoder is not the space's.
        UsageError: the encoder has no text tower, or the description is too long.
    """
    limit = settings().max_text_characters
    if len(text) > limit:
        raise UsageError(
            f"The description has {len(text)} characters; the limit is {limit} "
            "(HOLOTYPE_MAX_TEXT_CHARACTERS). Describe it in fewer words"
        )
    collection.check_encoder(space, encoder)
    vector: Embeddings = encoder.encode_text([text])[0]
    return vector
