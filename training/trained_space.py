"""Training from a collection, and into it: pictures in, a checkpoint and its spaces out."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from holotype.index.arrays import Embeddings
from holotype.index.collection import Collection
from holotype.index.encoders import Encoder, load_encoder
from holotype.index.encoders.architecture import split
from holotype.index.errors import UsageError
from holotype.index.gallery.gallery import Gallery
from holotype.index.storage.records import Image, Space
from holotype.index.trust import require_trusted_encoder

from .asked import Asked as Asked
from .asked import PutIn, left_over, train_as
from .domain.target import Target, named_places, target_places
from .made_space import check_names
from .metric.config import TrainConfig
from .metric.keeping import identity_of
from .metric.network import Trained, native_side
from .metric.pictures import (
    Labelled,
    Squares,
    labelled,
    read_squares,
    require_species,
    stored_images,
)
from .metric.processes import started
from .metric.schedule import side_of, size_at
from .metric.train import Training, Watch
from .trained_network import TrainedNetwork
from .trained_projection import train_projection

# Of the time bound, what is at least and at most left for embedding at the end.
_LEAST_LEFT, _MOST_LEFT = 0.05, 0.5
# What a trained encoder takes of the time of its start in PyTorch: it is two networks as a rule,
# and runs in half the time, but pictures are read, too.
_AS_LONG = 1.2


def train_space(
    collection: Collection, config: TrainConfig, asked: Asked, watch: Watch | None = None
) -> dict[str, Any]:
    """Train an encoder on a collection's labelled pictures; keep it as a space if it is better.

    The collection gets two spaces: one of the new embeddings, and one that shows them through the
    map that was settled on; a projection on stored embeddings gives one, and no checkpoint. A run
    that was not better leaves the collection as it was.

    Args:
        config: see `metric.config.read_config`.
        watch: is told how far it is. KeyboardInterrupt while it trains ends it with the best so
            far.

    Returns:
        the space, the checkpoint, seconds and figures, as JSON-ready values.

    Raises:
        LockedError, ReadOnlyError: the collection cannot be written to.
        UsageError: something in the config or in the pictures that cannot be trained on.
    """
    watching = watch or Watch()
    if config.network.train == "projection":
        return train_projection(collection, config, asked, watching)
    began, base = time.monotonic(), collection.space(asked.space)

    def train(folder: Path) -> tuple[dict[str, Any], PutIn | None]:
        training, problems = prepared(
            collection, base, asked.where, config, folder, watch=watching, began=began
        )
        outcome = training.train(left_over(folder, training.identity, asked, watching))
        told = {
            "validation": outcome.verdict.to_dict(),
            "images": len(training.pictures.images),
            "target_images": len(training.target.sha256s) if training.target else 0,
            "seen": outcome.seen,
            "interrupted": outcome.interrupted,
            "problems": problems,
        }
        made = TrainedNetwork(collection, base, asked, training.config, training, outcome)
        return told, partial(made.keep, watching) if outcome.verdict.is_better else None

    return train_as(collection, asked, partial(check_names, collection, asked.name, base), train)


def prepared(
    collection: Collection,
    base: Space,
    where: Sequence[str],
    config: TrainConfig,
    folder: Path,
    *,
    watch: Watch | None = None,
    began: float | None = None,
) -> tuple[Training, list[str]]:
    """Read the pictures and load the start.

    Args:
        base: the space whose encoder is trained.
        where: conditions on the images.
        folder: what a run keeps lies there; it must exist.
        began: the moment of `time.monotonic` from which the bound on minutes counts.

    Returns:
        the training, and a sentence for each picture that cannot be used, and for a setting that
        the start cannot follow.

    Raises:
        UsageError: see `train_space`.
    """
    gallery = collection.gallery(base.name)
    rows = named_places(collection, gallery, where, config.domain)
    start, watch = start_of(collection, base, config), watch or Watch()
    config, notes = _sized(config, start)
    pictures, squares = _pictures(collection, gallery, rows, start, config, folder, watch)
    target = _target(collection, gallery, start, config, folder, watch)
    began = time.monotonic() if began is None else began
    ends, late = _ends(began, config, start, len(gallery))
    training = Training(
        collection=collection,
        pictures=pictures,
        pixels=squares.pixels,
        start=start,
        side=native_side(start),
        make_network=_maker(start, config),
        config=config,
        folder=folder,
        identity=identity_of(config, pictures, start.fingerprint, target.sha256s if target else ()),
        beside=_beside(start, base, pictures.vectors),
        target=target,
        ends=ends,
        watch=watch,
        processes=started(),
        device=start.device,
    )
    return training, [*notes, *late, *squares.problems, *(target.problems if target else [])]


def start_of(collection: Collection, base: Space, config: TrainConfig) -> Encoder:
    """Load what training starts from."""
    if config.network.encoder:
        return load_encoder(config.network.encoder, views=base.views)
    require_trusted_encoder(base.encoder)
    encoder = load_encoder(base.encoder, views=base.views)
    collection.check_encoder(base.name, encoder)
    return encoder


def _pictures(
    collection: Collection,
    gallery: Gallery,
    rows: Any,
    start: Encoder,
    config: TrainConfig,
    folder: Path,
    watch: Watch,
) -> tuple[Labelled, Squares]:
    """Return the pictures that can be trained on, and themselves as squares."""
    pictures = labelled(collection, gallery, rows)
    require_species(pictures)
    watch.on_phase("Reading pictures")
    squares = _squares(collection, pictures.images, start, config, folder / "squares.npy", watch)
    return pictures.at(squares.usable), squares


def _squares(
    collection: Collection,
    images: Sequence[Image],
    start: Encoder,
    config: TrainConfig,
    file: Path,
    watch: Watch,
) -> Squares:
    largest = max(native_side(start) * size for size in config.schedule.sizes)
    return read_squares(
        collection,
        images,
        start,
        largest=round(largest),
        file=file,
        progress=watch.on_work,
        processes=started(),
    )


def _target(
    collection: Collection,
    gallery: Gallery,
    start: Encoder,
    config: TrainConfig,
    folder: Path,
    watch: Watch,
) -> Target | None:
    """Return the pictures of the other set-up; None where nothing is drawn towards one."""
    places = target_places(collection, gallery, config.domain)
    if not len(places):
        return None
    images = stored_images(collection, gallery, places)
    watch.on_phase("Reading pictures of the target")
    squares = _squares(collection, images, start, config, folder / "target.npy", watch)
    usable = np.flatnonzero(squares.usable)
    return Target([images[place].sha256 for place in usable], squares.pixels, squares.problems)


def _beside(start: Encoder, base: Space, vectors: Embeddings) -> Embeddings | None:
    """Return the embeddings of what may stand beside a trained network: that of the space.

    Where the space's encoder is two networks already, that is the second of them. One that is not
    the space's own has no embeddings here.
    """
    if start.name != base.encoder or start.architecture is None:
        return None
    (_, network), old = split(start.architecture, start.network.image)
    if old is None:
        return vectors
    second = vectors[:, _width(network, start) :]
    norms = np.linalg.norm(second, axis=1, keepdims=True)
    unit: Embeddings = (second / np.maximum(norms, 1e-12)).astype(np.float32)
    return unit


def _maker(start: Encoder, config: TrainConfig) -> Callable[[], Trained]:
    """Return what makes the network anew.

    Raises:
        UsageError: the start cannot be trained.
    """
    if start.architecture is None:
        raise UsageError(
            f"Encoder '{start.name}' cannot be made again from what a checkpoint holds, so it "
            "cannot be trained; start from bundled, timm:… or open_clip:…"
        )
    (_, network), _ = split(start.architecture, start.network.image)
    original = deepcopy(network).cpu()
    dim, head = _width(original, start), config.network.head

    def make() -> Trained:
        return Trained(
            deepcopy(original),
            start.preprocessing,
            dim,
            head,
            keep_head=config.network.keep_head and bool(head),
        )

    return make


def _sized(config: TrainConfig, start: Encoder) -> tuple[TrainConfig, list[str]]:
    """Return the config with sizes that the start can take, and a sentence where it has others."""
    import torch

    if start.architecture is None:
        return config, []
    own, schedule = native_side(start), config.schedule
    sizes = {size_at(share, schedule, own) for share in schedule.shares}
    sizes |= {min(start.preprocessing.size, side_of(size, own)) for size in config.gate.sizes}
    network = start.network.image
    device = next(network.parameters()).device
    try:
        with torch.no_grad():
            for size in sizes:
                network(torch.zeros(1, 3, size, size, device=device))
    except (RuntimeError, AssertionError, ValueError):
        alone = replace(schedule, sizes=(1.0,), shares=(1.0,))
        sized = replace(config, schedule=alone, gate=replace(config.gate, sizes=(1.0,)))
        note = (
            f"Encoder '{start.name}' takes pictures of {own} pixels only; it is trained on these, "
            f"whatever schedule.sizes says"
        )
        return sized, [note]
    return config, []


def _width(network: Any, start: Encoder) -> int:
    import torch

    size = start.preprocessing.size
    with torch.no_grad():
        return int(network.eval()(torch.zeros(1, 3, size, size)).shape[1])


def _ends(began: float, config: TrainConfig, start: Encoder, count: int) -> tuple[float, list[str]]:
    """Return when training must end so that all pictures are embedded within the bound.

    Args:
        began: the moment from which the bound counts.
        count: of the pictures that the trained encoder will embed.

    Returns:
        the moment of `time.monotonic`, and a sentence where embedding alone may take too long.
    """
    minutes = config.schedule.minutes
    if not minutes:
        return float("inf"), []
    bound, seconds = 60 * minutes, _AS_LONG * count * _seconds_of(start)
    late = (
        f"To embed the {count} pictures of the collection with what is trained takes about "
        f"{seconds / 60:.0f} minutes by itself; training had half of the {minutes:g} minutes"
    )
    left = min(max(seconds, _LEAST_LEFT * bound), _MOST_LEFT * bound)
    return began + bound - left, [late] if seconds > _MOST_LEFT * bound else []


def _seconds_of(encoder: Encoder) -> float:
    """Return how long an encoder takes for a picture, on all cores."""
    side = encoder.preprocessing.size
    pixels = np.zeros((encoder.batch_size, encoder.views, side, side, 3), np.uint8)
    encoder.encode_images(pixels)  # with what is done once
    before = time.perf_counter()
    encoder.encode_images(pixels)
    return (time.perf_counter() - before) / len(pixels)
