"""How well a model does on pictures that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from holotype.index.arrays import Codes, Embeddings, Flags
from holotype.index.errors import UsageError

from .captions import Captions
from .features import Features
from .lesson import Lesson, Start
from .pictures import embedded
from .recall import naming_hits, picture_hits
from .towers import Clip

_MOST_ANSWERING = 20_000  # pictures
_SENTENCES = 4  # about a taxon


@dataclass(frozen=True, eq=False)
class Figures:
    """What a model does with the pictures that it is judged by.

    Attributes:
        image: bool [n], whether the nearest picture of those learned from shows the same taxon.
        naming: bool [n], whether their taxon's name is the nearest of all; None without words.
    """

    image: Flags
    naming: Flags | None

    @property
    def value(self) -> float:
        """What models are compared by: the mean of both shares."""
        naming = 0.0 if self.naming is None else float(self.naming.mean())
        return (float(self.image.mean()) + naming) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return shares as JSON-ready values, in [0, 1]."""
        return {
            "pictures": len(self.image),
            "image_recall_at_1": float(self.image.mean()),
            "naming_accuracy": None if self.naming is None else float(self.naming.mean()),
        }


class Judge:
    """Judges models by the pictures of a lesson that were kept back.

    Taxa are those of the finest rank that captions are about.

    Args:
        lesson: pictures to learn from, and to judge by.
        captions: of them all.
        features: of the image network that training starts from.
        seed: of which pictures answer, where there are very many.

    Raises:
        UsageError: of those kept back none is of a taxon that the others show.
    """

    def __init__(
        self, lesson: Lesson, captions: Captions, features: Features, seed: int = 0
    ) -> None:
        self._lesson, self._features = lesson, features
        answering = np.random.default_rng(seed).permutation(lesson.learn)[:_MOST_ANSWERING]
        self._answering: Codes = np.sort(answering)
        about = captions.about(captions.finest)
        self._labels: Codes = lesson.taxa.labels[:, captions.finest]
        learned = np.unique(self._labels[lesson.learn])
        self._taxa = np.array([taxon for taxon in learned if taxon in about], np.int64)
        self._texts = [about[int(taxon)][:_SENTENCES] for taxon in self._taxa]
        self.rows: Codes = lesson.judge[np.isin(self._labels[lesson.judge], self._taxa)]
        if len(lesson.judge) and not len(self.rows):
            raise UsageError(
                "No picture that is kept back shows a taxon of the others, so nothing can be "
                "judged; name more specimens of a taxon"
            )

    def of_start(self, start: Start) -> Figures | None:
        """Return the figures of what training starts from; None where there is nothing to judge."""
        if not len(self.rows):
            return None
        queries, gallery = (self._features.units(rows) for rows in (self.rows, self._answering))
        named = None if start.clip is None else self._named(start.clip, queries)
        return Figures(self._found(queries, gallery), named)

    def figures(self, clip: Clip, *, still: bool) -> Figures:
        """Return a model's figures, by the start's image network where that stood `still`."""
        queries = self._vectors(clip, self.rows, still=still)
        gallery = self._vectors(clip, self._answering, still=still)
        return Figures(self._found(queries, gallery), self._named(clip, queries))

    def naming(self, clip: Clip, *, still: bool) -> float:
        """Return the share of the pictures whose taxon's name is the nearest of all."""
        return float(self._named(clip, self._vectors(clip, self.rows, still=still)).mean())

    def _vectors(self, clip: Clip, rows: Codes, *, still: bool) -> Embeddings:
        if still:
            return self._features.seen_by(clip, rows)[:, 0]
        squares, recipe = self._lesson.squares, clip.preprocessing
        return embedded(clip.pictures, squares, rows, recipe, device=clip.device)[:, 0]

    def _found(self, queries: Embeddings, gallery: Embeddings) -> Flags:
        labels = self._labels
        return picture_hits(queries, gallery, labels[self.rows], labels[self._answering])

    def _named(self, clip: Clip, queries: Embeddings) -> Flags:
        """Name pictures, each taxon by the mean of several captions about it."""
        vectors = clip.text_vectors([text for texts in self._texts for text in texts])
        starts = np.cumsum([0, *map(len, self._texts)])[:-1]
        names = np.add.reduceat(vectors, starts)
        names /= np.linalg.norm(names, axis=1, keepdims=True)
        wanted = np.searchsorted(self._taxa, self._labels[self.rows])
        return naming_hits(queries, names, wanted)
