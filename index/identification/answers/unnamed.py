"""Specimens without a name that a query is like: nobody has named them yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...arrays import Codes
from ...gallery.gallery import Gallery
from ...search.search import Hit
from ...vectors.own_rows import search_others

_ASKED = 100  # specimens of the gallery that show how near is near
_NEAR = 0.25  # share of them whose nearest other specimen may be farther


@dataclass(frozen=True)
class Unnamed:
    """Specimens that nobody has named, as near to a query as specimens of a gallery usually are.

    Attributes:
        specimens: their ids, the nearest first.
        images: those of the images that were found of them.
        more: there may be others beyond the neighbours that are shown.
    """

    specimens: tuple[str, ...]
    images: tuple[str, ...]
    more: bool = False

    def __str__(self) -> str:
        """Return how many they are, in words.

        >>> str(Unnamed(("a",), ("a",))), str(Unnamed(("a", "b"), ("a", "b"), more=True))
        ('a specimen that nobody has named yet', 'at least 2 specimens that nobody has named yet')
        """
        n = len(self.specimens)
        least = "at least " if self.more else ""
        which = f"{n} specimens" if n > 1 else "1 specimen" if self.more else "a specimen"
        return f"{least}{which} that nobody has named yet"

    def to_dict(self) -> dict[str, Any]:
        """Return the ids as JSON-ready values."""
        return {
            "specimens": list(self.specimens),
            "images": list(self.images),
            "at_least": self.more,
        }


def like_unnamed(gallery: Gallery, shown: Sequence[Hit]) -> Unnamed | None:
    """Return the unnamed specimens among the neighbours that a query is like.

    Args:
        gallery: that was searched.
        shown: what was found, best first.

    Returns:
        None where the nearest neighbour has a name, or is not near.
    """
    if not shown or not _is_unnamed(shown[0]):
        return None
    near = gallery.once("usual cosine", None, lambda: _usual_cosine(gallery))
    alike = [hit.image for hit in shown if _is_unnamed(hit) and hit.score >= near]
    if not alike:
        return None
    specimens = dict.fromkeys(image.specimen_id for image in alike)
    images = tuple(image.image_id for image in alike)
    return Unnamed(tuple(specimens), images, more=len(alike) == len(shown) < len(gallery))


def _is_unnamed(hit: Hit) -> bool:
    """Whether a specimen has no name below the category, which is a drawer rather than a name."""
    return not any(hit.image.lineage[1:])


def _usual_cosine(gallery: Gallery) -> float:
    """Return a cosine that three quarters of a gallery's specimens have to their nearest other.

    It is made once of a gallery, of at most 100 specimens spread over it.
    """
    spread = np.linspace(0, len(gallery) - 1, min(_ASKED, len(gallery))).astype(np.int64)
    scores, _ = search_others(
        gallery.index, gallery.index.rows(spread), 1, None, _own_rows(gallery, spread)
    )
    nearest = scores[:, 0] if scores.shape[1] else scores.ravel()
    found = nearest[np.isfinite(nearest)]
    return float(np.quantile(found, _NEAR)) if len(found) else 1.0


def _own_rows(gallery: Gallery, places: Codes) -> list[Codes]:
    """Return the places of all images of the specimens that some images are of."""
    asked = gallery.specimens[places]
    rows = np.flatnonzero(np.isin(gallery.specimens, asked))
    order = rows[np.argsort(gallery.specimens[rows], kind="stable")]
    held = gallery.specimens[order]
    starts, ends = np.searchsorted(held, asked), np.searchsorted(held, asked, side="right")
    return [order[start:end] for start, end in zip(starts, ends, strict=True)]
