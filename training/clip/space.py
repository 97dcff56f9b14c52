"""A CLIP model trained from a collection's pictures and names, and kept in it as a space."""

from __future__ import annotations

import datetime
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from holotype.index.arrays import Codes, Flags, Pixels
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.encoders.architecture import clip_architecture
from holotype.index.encoders.checkpoint import save_checkpoint
from holotype.index.encoders.trained_on import list_images
from holotype.index.encoders.words import tokenizer_of
from holotype.index.errors import UsageError
from holotype.index.ingest.stored import embed_stored
from holotype.index.search.filters import allowed_places
from holotype.index.storage.records import Space
from holotype.index.trust import trust_encoder

from ..augmentation.augment import augment, draw
from ..metric.config import TrainConfig
from ..metric.keeping import identity_of, keep, kept_run
from ..metric.loop import Step
from ..metric.pictures import Labelled, labelled, read_squares
from ..metric.train import Watch
from ..spaces import writing
from ..trained_space import Asked, alone, start_of
from ..tuning.folds import specimen_folds
from .captions import Taxa, common_names
from .judged import Result, train_judged
from .lesson import Change, Lesson, Start, Tick
from .lesson import Watch as StepWatch
from .towers import Clip

_MOST_JUDGES = 4000  # pictures
_KEEP_SECONDS = 60.0  # between two states on disk
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
    began, watch = time.monotonic(), watch or Watch()
    base = collection.space(asked.space)
    with writing(collection):
        _require_free(collection, asked.name, base)
    # Others may name and correct while it trains: the collection is locked again only at the end.
    folder = collection.folder / "models" / f".{asked.name}.training"
    with alone(folder, asked.name):
        encoder = start_of(collection, base, config)
        start = start_from(encoder)
        pictures, squares, problems = _pictures(collection, base, encoder, asked, folder, watch)
        identity = identity_of(config, pictures, encoder.fingerprint)
        keeper = _Keeper(folder, identity, asked.resume)
        result = _train(start, pictures, squares, config, keeper, watch)
        found: dict[str, Any] = {
            "space": None,
            "checkpoint": None,
            "validation": _validation(result),
            "images": len(pictures.images),
            "interrupted": result.judgement["interrupted"],
            "problems": problems,
        }
        if not result.problem:
            with writing(collection):
                _require_free(collection, asked.name, base)
                kept = _keep(collection, base, result, pictures, config, asked, watch)
            found |= {**kept, "problems": [*problems, *kept["problems"]]}
        shutil.rmtree(folder, ignore_errors=True)
    return {**found, "seconds": round(time.monotonic() - began, 1)}


def _require_free(collection: Collection, name: str, base: Space) -> None:
    """Refuse, before the work, a name that is taken by something else."""
    there = next((space for space in collection.spaces() if space.name == name), None)
    if there is not None and (name == base.name or not there.encoder.startswith("checkpoint:")):
        raise UsageError(f"Space '{name}' exists and was not made by training; choose another --as")


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
    allowed = allowed_places(collection, gallery, asked.where)
    rows = np.arange(len(gallery)) if allowed is None else np.flatnonzero(allowed)
    pictures = labelled(collection, gallery, rows)
    if not pictures.ranks:
        raise UsageError(
            "No picture is named, and captions are made of names; name some, or change --where"
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
    """Keeps the state of a run on disk, now and then."""

    folder: Path
    identity: str
    resume: bool
    kept_at: float = 0.0

    def offer(self, state: Callable[[], dict[str, Any]]) -> None:
        """Keep a state where the last one is old."""
        if time.monotonic() - self.kept_at > _KEEP_SECONDS:
            keep(self.folder, self.identity, state())
            self.kept_at = time.monotonic()

    def kept(self) -> dict[str, Any] | None:
        """Return what an interrupted run left, where it is to go on."""
        return kept_run(self.folder, self.identity) if self.resume else None


def _train(
    start: Start,
    pictures: Labelled,
    squares: Pixels,
    config: TrainConfig,
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
            resume=keeper.kept(),
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


def _keep(
    collection: Collection,
    base: Space,
    result: Result,
    pictures: Labelled,
    config: TrainConfig,
    asked: Asked,
    watch: Watch,
) -> dict[str, Any]:
    """Write the checkpoint into the collection and embed all pictures with it."""
    clip = result.clip
    digest = hashlib.sha256()
    for tensor in clip.network.state_dict().values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    home = Path(os.path.realpath(collection.folder / "models"))  # it is trusted by this name
    folder = home / f"{asked.name}-{digest.hexdigest()[:8]}"
    save_checkpoint(
        folder,
        clip.network,
        architecture=clip_architecture(clip.config),
        preprocessing=clip.preprocessing,
        card=_card(folder, base, result, pictures, config, asked),
        replace_existing=True,
    )
    encoder = load_encoder(f"checkpoint:{folder}", views=base.views)
    trust_encoder(encoder.name)
    if asked.name in {space.name for space in collection.spaces()}:
        collection.remove_space(asked.name)
    watch.on_phase("Embedding with the trained encoder")
    report = embed_stored(collection, encoder, asked.name, like=base, on_embed=watch.on_work)
    return {
        "space": asked.name,
        "checkpoint": str(folder),
        "dim": encoder.dim,
        "embedded": report.embedded,
        "problems": [f"{one.path}: {one.message}" for one in report.problems],
    }


def _card(
    folder: Path,
    base: Space,
    result: Result,
    pictures: Labelled,
    config: TrainConfig,
    asked: Asked,
) -> dict[str, Any]:
    codes: Codes = np.unique(pictures.labels[:, -1])
    hashes = sorted(image.sha256 for image in pictures.images)
    return {
        "name": asked.name,
        "start": base.encoder,
        "made": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "taxa": sorted({pictures.names[-1][code] for code in codes if code >= 0}),
        "data": hashlib.sha256("\n".join(hashes).encode()).hexdigest(),
        "images": list_images(folder, hashes),
        "judgement": dict(result.judgement),
        "config": asdict(config),
        "where": list(asked.where),
    }
