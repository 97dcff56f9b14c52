"""One honest answer per specimen: the lowest rank that is sure enough, or "unknown"."""

from __future__ import annotations

from collections.abc import Sequence, Set
from pathlib import Path

import numpy as np

from ..arrays import Embeddings
from ..collection import Collection
from ..encoders import Encoder
from ..errors import UsageError
from ..search.filters import selected
from ..search.search import hits, picture_vector, stored_vector, unit_vector, without_specimens
from ..settings import settings
from .answers import Answer, Determination, Judgement, explain
from .judge import judge_calibrated
from .kept_calibration import kept_calibration
from .uncalibrated import judge_by_votes
from .votes import NEIGHBOURS

__all__ = ["Answer", "Determination", "identify", "identify_stored", "identify_vector"]


def identify(
    collection: Collection,
    encoder: Encoder,
    pictures: Sequence[Path | bytes],
    *,
    name: str = "",
    space: str | None = None,
    risk: float = 0.05,
    prior: float = 0.2,
    only: Sequence[str] = (),
    k: int = 10,
) -> Answer:
    """Identify one specimen from one or more pictures of it.

    A picture that is in the collection is recognised by its content; images of its specimen are
    then no evidence.

    Args:
        pictures: files or their bytes; all of one specimen.
        name: how the answer calls it; by default the first file's name.
        risk: share of given answers that may be wrong; 0.05 asks for 95 % confidence.
        prior: share of specimens expected to be of species that the gallery lacks; it counts where
            the collection is calibrated.
        only: conditions on the gallery, such as `family=Noctuidae`.
        k: neighbours to show.

    Raises:
        PictureError: a picture that cannot be used.
        MismatchError: the encoder is not the space's.
        UsageError: no pictures, too many, or an argument out of range.
    """
    vector, specimens = picture_vector(collection, encoder, pictures, space)
    return identify_vector(
        collection,
        vector,
        name=name or next((str(p) for p in pictures if isinstance(p, Path)), "picture"),
        exclude_specimens=specimens,
        space=space,
        risk=risk,
        prior=prior,
        only=only,
        k=k,
    )


def identify_stored(
    collection: Collection,
    image_id: str,
    *,
    space: str | None = None,
    risk: float = 0.05,
    prior: float = 0.2,
    only: Sequence[str] = (),
    k: int = 10,
) -> Answer:
    """Identify the specimen of a stored image from its embedding; see `identify`.

    Images of the specimen itself are no evidence. The answer is kept as long as nothing changes.

    Raises:
        NotFoundError: there is no image of that id.
        UsageError: it has no embedding in the space, or an argument is out of range.
    """
    image = collection.image(image_id)
    gallery = collection.gallery(space)
    kept = kept_calibration(collection, gallery)
    return gallery.answered(
        (image_id, risk, prior, tuple(only), k),
        None if kept is None else kept.calibration,
        lambda: identify_vector(
            collection,
            stored_vector(collection, image, space),
            name=image_id,
            exclude_specimens={image.specimen_id},
            space=space,
            risk=risk,
            prior=prior,
            only=only,
            k=k,
        ),
    )


def identify_vector(
    collection: Collection,
    vector: Embeddings,
    *,
    name: str,
    exclude_specimens: Set[str] = frozenset(),
    space: str | None = None,
    risk: float = 0.05,
    prior: float = 0.2,
    only: Sequence[str] = (),
    k: int = 10,
) -> Answer:
    """Identify one specimen from its embedding, float32 [dim]; see `identify`."""
    if not 0 < risk < 1:
        raise UsageError(f"risk is {risk}; it must lie between 0 and 1, for example 0.05")
    if not 0 <= prior < 1:
        raise UsageError(f"prior is {prior}; it must be at least 0 and below 1, for example 0.2")
    if not 1 <= k <= settings().max_k:
        raise UsageError(f"k is {k}; it must be 1 to {settings().max_k} (HOLOTYPE_MAX_K)")
    gallery = collection.gallery(space)
    chosen = without_specimens(
        collection, gallery, selected(collection, gallery, only), exclude_specimens
    )
    scores, places = gallery.index.search(
        unit_vector(vector, gallery)[None], max(k, NEIGHBOURS), chosen
    )
    shown = hits(collection, gallery, places[0, :k].tolist(), scores[0, :k])
    if not shown:
        nothing = Judgement({}, 1.0, far=False)
        return Answer(name, None, [], nothing, "Nothing in the gallery may be compared with it.")
    kept = kept_calibration(collection, gallery)
    if kept is None:
        judged = judge_by_votes(gallery, scores[0], places[0])
    else:
        length = np.linalg.norm(vector)
        allowed = None if chosen is None else chosen.allowed
        judged = judge_calibrated(collection, gallery, kept, vector / length, allowed, prior)
    determination = judged.back_off(risk)
    return Answer(name, determination, shown, judged, explain(determination, judged, shown, risk))
