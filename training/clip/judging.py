"""How well a model does on pictures that it did not learn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from holotype.index.arrays import Codes, Embeddings, Flags
from holotype.index.encoders.model import Preprocessing

from .captions import Captions
from .lesson import Lesson, Start
from .pictures import Embed, embedded
from .recall import naming_hits, picture_hits
from .towers import Clip


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

    Args:
        lesson: pictures to learn from, and to judge by.
        captions: of them all.
    """

    def __init__(self, lesson: Lesson, captions: Captions) -> None:
        self._lesson = lesson
        about = captions.about(lesson.taxa.ranks[-1])
        learned = np.unique(lesson.labels[lesson.learn])
        self._taxa = np.array([taxon for taxon in learned if taxon in about], np.int64)
        self._texts = [about[int(taxon)] for taxon in self._taxa]
        self.rows: Codes = lesson.judge[np.isin(lesson.labels[lesson.judge], self._taxa)]

    def of_start(self, start: Start) -> Figures | None:
        """Return the figures of what training starts from; None where there is nothing to judge."""
        if not len(self.rows):
            return None
        if start.clip is not None:
            return self.figures(start.clip, *self.vectors(start.clip))
        image = standing(start.image, start.preprocessing)
        queries, gallery = (
            self._embedded(image, start.preprocessing, start.device, rows)
            for rows in (self.rows, self._lesson.learn)
        )
        return Figures(self._found(queries, gallery), None)

    def vectors(self, clip: Clip) -> tuple[Embeddings, Embeddings]:
        """Return unit rows of the pictures to judge by, and of those learned from."""
        queries, gallery = (
            self._embedded(clip.pictures, clip.preprocessing, clip.device, rows)
            for rows in (self.rows, self._lesson.learn)
        )
        return queries, gallery

    def figures(self, clip: Clip, queries: Embeddings, gallery: Embeddings) -> Figures:
        """Return the figures of a model, of the vectors of its pictures."""
        return Figures(self._found(queries, gallery), self._named(clip, queries))

    def naming(self, clip: Clip, queries: Embeddings | None = None) -> float:
        """Return the share of the pictures whose taxon's name is the nearest of all."""
        if queries is None:
            queries = self._embedded(clip.pictures, clip.preprocessing, clip.device, self.rows)
        return float(self._named(clip, queries).mean())

    def _embedded(
        self, embed: Embed, recipe: Preprocessing, device: torch.device, rows: Codes
    ) -> Embeddings:
        size, method = recipe.size, recipe.interpolation
        return embedded(embed, self._lesson.squares, rows, size, method, device=device)[:, 0]

    def _found(self, queries: Embeddings, gallery: Embeddings) -> Flags:
        labels = self._lesson.labels
        return picture_hits(queries, gallery, labels[self.rows], labels[self._lesson.learn])

    def _named(self, clip: Clip, queries: Embeddings) -> Flags:
        """Name pictures, each taxon by the mean of all captions about it."""
        vectors = clip.text_vectors([text for texts in self._texts for text in texts])
        starts = np.cumsum([0, *map(len, self._texts)])[:-1]
        names = np.add.reduceat(vectors, starts)
        names /= np.linalg.norm(names, axis=1, keepdims=True)
        wanted = np.searchsorted(self._taxa, self._lesson.labels[self.rows])
        return naming_hits(queries, names, wanted)


def standing(image: nn.Module, preprocessing: Preprocessing) -> Embed:
    """Return what embeds pictures in 0 to 1 by a network that stays as it is: unit rows."""

    def embed(pictures: Tensor) -> Tensor:
        return functional.normalize(features_of(image, preprocessing, pictures), dim=1)

    return embed


def features_of(image: nn.Module, preprocessing: Preprocessing, pictures: Tensor) -> Tensor:
    """Return the features of pictures, float32 [n, 3, size, size] in 0 to 1, as they come."""
    mean, std = (
        pictures.new_tensor(values)[:, None, None]
        for values in (preprocessing.mean, preprocessing.std)
    )
    features: Tensor = image((pictures - mean) / std).float()
    return features
