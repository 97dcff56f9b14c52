"""Features of pictures by the image network of a start, which stays as it is, each made once."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from holotype.index.arrays import Codes, Embeddings

from .lesson import Lesson, Start
from .pictures import TOGETHER, copies_of, embedded
from .towers import Clip

_MOST_IN_COPIES = 100_000  # pictures; more are kept whole alone: three copies take 15 kB each


class Features:
    """Computes features when they are first asked for, and keeps them.

    Args:
        start: whose image network it is.
        lesson: the pictures.
    """

    def __init__(self, start: Start, lesson: Lesson) -> None:
        self._start, self._lesson = start, lesson
        several = len(lesson.squares) <= _MOST_IN_COPIES
        copies = len(copies_of(lesson.squares[:1], mirror=lesson.mirror)) if several else 1
        self._made = np.zeros((len(lesson.squares), copies), bool)
        self._kept: Embeddings = np.empty((0, copies, 0), np.float32)

    def of(self, rows: Codes, *, copies: bool = False) -> Embeddings:
        """Return features as they come, float32 [n, copies, dim]; of whole pictures [n, 1, dim]."""
        wanted = self._made.shape[1] if copies else 1
        copies = wanted > 1
        missing = rows[~self._made[rows, :wanted].all(1)]
        if len(missing):
            # Whole blocks of neighbours: the last bits depend on what is embedded together.
            blocks = np.isin(np.arange(len(self._made)) // TOGETHER, missing // TOGETHER)
            self._make(np.flatnonzero(blocks), copies=copies)
        found: NDArray[np.float32] = self._kept[rows, :wanted]
        return found

    def units(self, rows: Codes) -> Embeddings:
        """Return unit rows of whole pictures, float32 [n, dim]."""
        features = torch.from_numpy(self.of(rows)[:, 0])
        return functional.normalize(features, dim=1).numpy()

    def seen_by(self, clip: Clip, rows: Codes, *, copies: bool = False) -> Embeddings:
        """Return unit rows of pictures, float32 [n, copies, dim], by a model with that network."""
        features = torch.from_numpy(self.of(rows, copies=copies))
        if self._start.clip is None:
            head = clip.network.get_submodule("visual.head")
            with torch.no_grad():
                features = head(features.to(clip.device)).cpu()
        return functional.normalize(features, dim=2).numpy()

    def _make(self, rows: Codes, *, copies: bool) -> None:
        start, lesson = self._start, self._lesson
        made = embedded(
            self._embed,
            lesson.squares,
            rows,
            start.preprocessing,
            device=start.device,
            copies=copies,
            mirror=lesson.mirror,
        )
        if not self._kept.size:
            self._kept = np.zeros((*self._made.shape, made.shape[2]), np.float32)
        self._kept[rows, : made.shape[1]] = made
        self._made[rows, : made.shape[1]] = True

    def _embed(self, pictures: Tensor) -> Tensor:
        recipe = self._start.preprocessing
        mean, std = (pictures.new_tensor(v)[:, None, None] for v in (recipe.mean, recipe.std))
        features: Tensor = self._start.image((pictures - mean) / std).float()
        return features
