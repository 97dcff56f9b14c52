"""Which specimens look most like this one: by picture, by stored image, by text or by vector."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..arrays import Embeddings, Pixels
from ..collection import Collection
from ..encoders import Encoder, accelerated, load_encoder
from ..errors import MismatchError, UsageError
from ..gallery.gallery import Gallery
from ..pictures.reading import content_hash, read_bytes, read_picture
from ..settings import settings
from ..storage.embeddings import read_vector
from ..storage.records import Image, Space
from ..storage.spaces import require_encoder
from ..taxonomy import RANKS
from ..trust import require_trusted_encoder
from ..vectors import Selection
from .filters import selected


@dataclass(frozen=True)
class Hit:
    """A gallery image and its cosine to the query, in [-1, 1]."""

    image: Image
    score: float

    def to_dict(self) -> dict[str, Any]:
        """Return the hit as JSON-ready values: ids, score and the ranks that are known."""
        image = self.image
        ranks = {rank: name for rank, name in zip(RANKS, image.lineage, strict=True) if name}
        return {
            "image_id": image.image_id,
            "specimen_id": image.specimen_id,
            "score": self.score,
            "species": image.lineage[-1],
            **ranks,
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
        vector: float32 [dim], not zero; made by the space's own encoder, before any projection.
        where: conditions that every hit satisfies, such as `category=Moth`.
        exclude_specimens: specimens whose images are left out, the query's own.

    Returns:
        exactly min(k, images that may be returned) hits, best first.

    Raises:
        UsageError: k is out of range, or a condition is off.
        MismatchError: the vector has another length than the space.
    """
    gallery = collection.gallery(space)
    limit = settings().max_k
    if not 1 <= k <= limit:
        raise UsageError(f"k is {k}; it must be 1 to {limit} (HOLOTYPE_MAX_K)")
    unit = unit_vector(vector, gallery)
    chosen = without_specimens(
        collection, gallery, selected(collection, gallery, where), exclude_specimens
    )
    scores, ids = gallery.index.search(unit[None], k, chosen)
    return hits(collection, gallery, ids[0], scores[0])


def unit_vector(vector: Embeddings, gallery: Gallery) -> Embeddings:
    """Return a query vector as the gallery's vectors are: projected, at unit length.

    Args:
        vector: float32, as long as the encoder's embeddings.

    Raises:
        MismatchError: it has another length.
        UsageError: it is zero or not finite.
    """
    projection = gallery.projection
    dim = gallery.space.dim if projection is None else projection.dim
    if vector.shape != (dim,):
        raise MismatchError(
            f"The vector has {vector.size} values; the encoder of space '{gallery.space.name}' "
            f"makes {dim}. Use the space's own encoder."
        )
    length = float(np.linalg.norm(vector))
    if not np.isfinite(length) or length == 0:
        raise UsageError("The vector is zero or holds NaN or infinity; send finite numbers")
    unit: Embeddings = (vector / length).astype(np.float32)
    return unit if projection is None else projection.apply(unit[None])[0]


def without_specimens(
    collection: Collection,
    gallery: Gallery,
    chosen: Selection | None,
    specimen_ids: Set[str],
) -> Selection | None:
    """Take the images of specimens out of what a search may return."""
    query = "SELECT row FROM images WHERE specimen_id = ?"
    read = collection.database.read
    rows = [record[0] for name in specimen_ids for record in read(query, (name,))]
    places = gallery.places(rows)
    if not len(places):
        return chosen
    allowed = np.ones(len(gallery), bool) if chosen is None else chosen.allowed.copy()
    allowed[places] = False
    return Selection(allowed)


def hits(
    collection: Collection, gallery: Gallery, places: Sequence[int], scores: Embeddings
) -> list[Hit]:
    """Return places of a gallery as hits, in their order."""
    rows = [int(gallery.rows[place]) for place in places]
    images = collection.images_at(rows)
    return [Hit(images[row], float(score)) for row, score in zip(rows, scores, strict=True)]


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
    pictures: Sequence[Path | bytes],
    space: str | None = None,
) -> tuple[Embeddings, set[str]]:
    """Return the embedding of one specimen's pictures, and what it is called where it is stored.

    A picture is recognised by its content, whatever its name.

    Args:
        pictures: files or their bytes.

    Returns:
        as `pixels_vector`.

    Raises:
        MismatchError: the encoder is not the space's.
        PictureError: a picture that cannot be used.
        UsageError: no pictures, or too many.
    """
    require_few_pictures(len(pictures))
    collection.check_encoder(space, encoder)
    pixels: list[Pixels] = []
    contents: list[str] = []
    for source in pictures:
        data = read_bytes(source)
        picture = read_picture(data, target=encoder.preprocessing.size, name=source)
        pixels.append(encoder.preprocess(picture))
        contents.append(content_hash(data))
    return pixels_vector(collection, encoder, pixels, contents, space)


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


def pixels_vector(
    collection: Collection,
    encoder: Encoder,
    pixels: Sequence[Pixels],
    contents: Sequence[str],
    space: str | None = None,
) -> tuple[Embeddings, set[str]]:
    """Do what `picture_vector` does with pictures that are decoded already.

    Args:
        pixels: as `Encoder.preprocess` makes them.
        contents: the sha256 of each picture's file.

    Returns:
        float32 [dim], the mean over the pictures, and the ids of the specimens that have one of
        the pictures: usually none or one, more where a picture was stored twice.

    Raises:
        MismatchError: the encoder is not the space's.
    """
    collection.check_encoder(space, encoder)
    same = [image for one in contents for image in collection.images_of(one)]
    mean: Embeddings = encoder.encode_images(np.stack(pixels)).mean(axis=0)
    return mean, {image.specimen_id for image in same}


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
