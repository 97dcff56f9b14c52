"""What a search asks with: a picture, a stored image, a description or a vector."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, NamedTuple

from ..arrays import Embeddings
from ..collection import Collection
from ..encoders import Encoder
from ..errors import UsageError
from ..pictures.inputs import Picture
from .search import (
    each_picture_vector,
    one_vector,
    search,
    seen_in_space,
    stored_vector,
    text_vector,
)


class Query(NamedTuple):
    """A query, float32 [dim], what its specimen is called where it is stored, and its pictures.

    `contents` are the sha256 of the pictures' files.
    """

    vector: Embeddings
    own: Set[str] = frozenset()
    contents: Sequence[str] = ()


def query_of(
    collection: Collection,
    encoder: Callable[[], Encoder],
    *,
    picture: Picture | None = None,
    image_id: str | None = None,
    text: str | None = None,
    vector: Embeddings | Sequence[float] | None = None,
    space: str | None = None,
) -> Query:
    """Return what is searched for, given in exactly one way.

    Args:
        encoder: gives that of the space; called for a picture and a description only.
        picture: see `Picture`.
        image_id: of a stored image.
        text: a description, where the encoder has a text tower.
        vector: float32 [dim], as the space's encoder makes it, before any projection.

    Raises:
        UsageError: it is given in no way or in several, or one is off.
        NotFoundError: there is no such image.
        PictureError: the picture cannot be used.
        MismatchError: the encoder is not the space's.
    """
    if sum(given is not None for given in (picture, image_id, text, vector)) != 1:
        raise UsageError("Give exactly one of a picture, an image_id, a text and a vector")
    if vector is not None:
        return Query(one_vector(vector))
    if image_id is not None:
        stored = collection.image(image_id)
        own = stored_vector(collection, stored, space)
        return Query(own, {stored.specimen_id}, [stored.sha256])
    if text is not None:
        return Query(text_vector(collection, encoder(), text, space))
    assert picture is not None  # one of the four is given
    vectors, specimens, contents = each_picture_vector(collection, encoder(), [[picture]], space)
    return Query(vectors[0][0], specimens[0], contents[0])


def found_by(
    collection: Collection,
    query: Query,
    *,
    k: int = 10,
    where: Sequence[str] = (),
    space: str | None = None,
) -> dict[str, Any]:
    """Return the hits of a query as JSON-ready values, and whether the space was fitted on it.

    For the arguments, and what is refused, see `search`.
    """
    hits = search(
        collection, query.vector, k=k, where=where, space=space, exclude_specimens=query.own
    )
    seen = seen_in_space(collection, space, query.contents, query.own)
    name = collection.space(space).name
    return {"space": name, "hits": [hit.to_dict() for hit in hits]} | seen.told()
