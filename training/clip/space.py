"""A CLIP model trained from a collection's pictures and names, and kept in it as a space."""

from __future__ import annotations

import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from holotype.index.arrays import Flags, Pixels
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.encoders.architecture import clip_architecture
from holotype.index.encoders.words import tokenizer_of
from holotype.index.errors import UsageError
from holotype.index.gallery.fitted import record_of
from holotype.index.search.filters import chosen_places
from holotype.index.settings import settings
from holotype.index.storage.records import Space
from holotype.index.vectors.projection import Projection
from holotype.index.ways import option

from ..asked import Asked, PutIn, left_over, train_as
from ..augmentation.augment import augment, draw
from ..made_space import MadeSpace, NewEncoder, check_names
from ..metric.config import TrainConfig
from ..metric.keeping import identity_of, keep
from ..metric.loop import Step
from ..metric.pictures import Labelled, labelled, read_squares
from ..metric.processes import started
from ..metric.train import Watch
from ..trained_space import start_of
from ..tuning.folds import specimen_folds
from .captions import Taxa, common_names
from .judged import Result, train_judged
from .lesson import Change, Lesson, Start, Tick
from .lesson import Watch as StepWatch
from .towers import Clip

_MOST_JUDGES = 4000  # pictures
_TRAINING = 0.85  # share of the time bound; the rest is for embedding


def train_clip_space(
    collection: Collection, config: TrainConfig, asked: Asked, watch: Watch | None = None
) -> dict[str, Any]:
    """Train a CLIP model on a collection's named pictures; keep it as a space if it is better.

    Args:
        config: its tables `clip`, `augmentation` and `gate` count, its time bound and its seed.
        watch: is told how far it is. KeyboardInterrupt while it trains ends it with the best so
            far.

    Returns:
        the space, the checkpoint, seconds and figures, as JSON-ready values.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
        UsageError: something in the config or in the pictures that cannot be trained on.
    """
    if started().count > 1:
        raise UsageError("Preset 'clip' trains in one process; start it without torchrun")
    watching, base = watch or Watch(), collection.source(collection.space(asked.space))

    def train(folder: Path) -> tuple[dict[str, Any], PutIn | None]:
        encoder = start_of(collection, base, config)
        start = start_from(encoder)
        pictures, squares, problems = _pictures(collection, base, encoder, asked, folder, watching)
        identity = identity_of(config, pictures, encoder.fingerprint)
        kept = left_over(folder, identity, asked, watching)
        keeper = _Keeper(folder, identity)
        result = _train(start, pictures, squares, config, kept, keeper, watching)
        told = {
            "validation": _validation(result),
            "images": len(pictures.images),
            "interrupted": result.judgement["interrupted"],
            "problems": problems,
        }
        made = TrainedClip(collection, base, asked, config, encoder.name, pictures, result)
        return told, None if result.problem else partial(made.keep, watching)

    return train_as(collection, asked, partial(check_names, collection, asked.name, base), train)


def start_from(encoder: Encoder) -> Start:
    """Return what training starts from.

    Raises:
        UsageError: the encoder is none that can be made again with a text tower.
    """
    made, image = encoder.architecture, encoder.network.image
    if made is not None and made.beside is None and not made.head:
        if made.config is not None:
            config = dict(made.config)
            network = deepcopy(image.get_submodule("clip"))
            clip = Clip(network, config, encoder.preprocessing, tokenizer_of(config))
            return Start(image, "", encoder.preprocessing, clip)
        if made.library == "timm" and getattr(image, "num_features", None) == encoder.dim:
            return Start(image, made.name, encoder.preprocessing)
    raise UsageError(
        f"Encoder '{encoder.name}' cannot learn words: it is neither a CLIP model nor a plain "
        "network of timm; start from bundled, timm:… or open_clip:… (network.encoder)"
    )


def _pictures(
    collection: Collection,
    base: Space,
    encoder: Encoder,
    asked: Asked,
    folder: Path,
    watch: Watch,
) -> tuple[Labelled, Pixels, list[str]]:
    """Return the pictures that can be learned from, as squares, and what is wrong with others."""
    gallery = collection.gallery(base.name)
    pictures = labelled(collection, gallery, chosen_places(collection, gallery, asked.where))
    if not pictures.ranks:
        raise UsageError(
            "No picture is named, and captions are made of names; name some, or change "
            + option("where")
        )
    watch.on_phase("Reading pictures")
    squares = read_squares(
        collection,
        pictures.images,
        encoder,
        largest=encoder.preprocessing.size,
        file=folder / "squares.npy",
        progress=watch.on_work,
    )
    return pictures.at(squares.usable), squares.pixels, squares.problems


@dataclass
class _Keeper:
    """Keeps the state of a run on disk, now and then, and what a stage comes to."""

    folder: Path
    identity: str
    kept_at: float = 0.0

    def offer(self, state: Callable[[], dict[str, Any]], is_last: bool) -> None:
        """Keep a state where the last one is old, and the last of a stage."""
        if is_last or time.monotonic() - self.kept_at >= settings().training_keep_seconds:
            keep(self.folder, self.identity, state())
            self.kept_at = time.monotonic()


def _train(
    start: Start,
    pictures: Labelled,
    squares: Pixels,
    config: TrainConfig,
    kept: dict[str, Any] | None,
    keeper: _Keeper,
    watch: Watch,
) -> Result:
    judges = kept_back(pictures, config.gate.images, config.seed)
    common = common_names([image.metadata for image in pictures.images])
    lesson = Lesson(
        squares,
        Taxa(pictures.ranks, pictures.labels, pictures.names, common),
        np.flatnonzero(~judges),
        np.flatnonzero(judges),
        mirror=config.augmentation.mirror,
        change=_change(config, start.preprocessing.size),
    )

    def on_step(tick: Tick) -> None:
        size = start.preprocessing.size
        watch.on_step(Step(tick.done, tick.seen, tick.loss, tick.rate, size, tick.seconds))

    watch.on_phase("Learning words")
    runs = 2 if config.gate.refit else 1
    try:
        return train_judged(
            start,
            lesson,
            config.clip,
            seed=config.seed,
            seconds=60 * config.schedule.minutes * _TRAINING / runs,
            refit=config.gate.refit,
            resume=kept,
            watch=StepWatch(on_step, keeper.offer),
        )
    except FloatingPointError as error:
        raise UsageError(f"{error} (clip.rate, clip.text.rate)") from error


def kept_back(pictures: Labelled, share: float, seed: int) -> Flags:
    """Return which pictures are kept back to judge by, bool [n]: whole specimens of each taxon.

    Raises:
        UsageError: no taxon has two specimens.
    """
    labels, specimens = pictures.labels[:, -1], pictures.specimens
    first = specimen_folds(labels, specimens, max(2, round(1 / share)), seed) == 0
    judges: Flags = first & (labels >= 0) & np.isin(labels, labels[~first])
    if not judges.any():
        raise UsageError(
            f"No specimen can be kept back to judge training by: no {pictures.ranks[-1]} has two "
            "specimens; name more"
        )
    named, counts = np.unique(specimens[judges], return_counts=True)
    order = np.random.default_rng(seed).permutation(len(named))
    few = named[order[np.cumsum(counts[order]) <= max(_MOST_JUDGES, counts[order[0]])]]
    return judges & np.isin(specimens, few)


def _change(config: TrainConfig, size: int) -> Change:
    def change(squares: Pixels, step: int) -> Tensor:
        (seed,) = np.random.SeedSequence([config.seed, step]).generate_state(1)
        generator = torch.Generator().manual_seed(int(seed))
        draws = draw(len(squares), config.augmentation, generator)
        return augment(torch.from_numpy(squares), draws, size)

    return change


def _validation(result: Result) -> dict[str, Any]:
    reasons = [result.problem] if result.problem else []
    return {**result.judgement, "reasons": reasons, "features": "trained"}


@dataclass(frozen=True, eq=False)
class TrainedClip(MadeSpace):
    """A CLIP model that is better, on its way into the collection."""

    start: str
    pictures: Labelled
    result: Result

    def _encoder(self) -> NewEncoder:
        clip = self.result.clip
        return NewEncoder(
            weights=clip.network.state_dict(),
            network=clip.network,
            architecture=clip_architecture(clip.config),
            preprocessing=clip.preprocessing,
            start=self.start,
            pictures=self.pictures,
            rank=self.pictures.ranks[-1],
            card={"judgement": dict(self.result.judgement)},
        )

    def _projection(self, name: str) -> Projection:
        """Return the map that leaves embeddings as they are: words are compared with them."""
        dim = self.collection.space(name).dim
        rows = np.array([image.row for image in self.pictures.images], np.int64)
        return Projection(
            np.zeros(dim, np.float32),
            np.eye(dim, dtype=np.float32),
            "identity",
            card={"where": list(self.asked.where), "judged": dict(self.result.judgement)},
            fitted_on=record_of(self.collection.database, rows),
        )
