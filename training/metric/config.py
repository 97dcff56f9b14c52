"""All that decides a training run. `holotype train --show-config` prints it as TOML."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from holotype.index.errors import UsageError
from holotype.index.ways import way

from ..augmentation.augment import Augmentation
from ..clip.config import ClipConfig
from ..configuration import from_table, merged
from ..domain.config import DomainConfig
from ..losses import LossConfig
from ..losses.registry import LOSSES
from ..names import require_known
from ..samplers.registry import SAMPLERS
from .presets import PRESETS


@dataclass(frozen=True)
class NetworkConfig:
    """What is trained.

    Attributes:
        encoder: what training starts from; empty for the encoder of the space.
        train: the whole network, its last stages on kept activations, or only a projection on the
            embeddings that are stored.
        stages: how many of the last stages, where they alone are trained.
        copies: how many times each picture is changed for them, once and for all.
        dropped: share of the coordinates that a projection misses in every step.
        head: widths of linear layers over the pooled features, with ReLU between.
        keep_head: whether the head is part of the encoder; else its pooled features are.
        fold_norms: compute frozen batch norms inside the convolutions before them; the same
            function, a quarter faster on a CPU; on a GPU it is left out.
    """

    encoder: str = ""
    train: Literal["whole", "last", "projection"] = "whole"
    stages: int = 2
    copies: int = 4
    dropped: float = 0.2
    head: tuple[int, ...] = ()
    keep_head: bool = False
    fold_norms: bool = True


@dataclass(frozen=True)
class BatchConfig:
    """Which pictures a step sees: `batch` in all, `per_class` of a species for some samplers."""

    sampler: str = "per-class"
    batch: int = 64
    per_class: int = 4


@dataclass(frozen=True)
class ScheduleConfig:
    """How long and how fast.

    Attributes:
        pictures: how many are seen in all, each as often as it comes.
        epochs: how often each is seen instead, on average; 0 for `pictures`.
        minutes: the most that the whole run may take, judging and embedding included; 0 for no
            bound. The schedule is fitted into it.
        sizes: sides of the pictures from first to last, as shares of the side that the network
            was made for (224 pixels for `bundled:320`): small ones teach most of it in half the
            time.
        shares: up to which share of the run each size lasts; the last is 1.
        optimiser: AdamW or SGD with momentum.
        rate: largest learning rate of the network.
        head_rate: the same of the loss and the head.
        first_rate: share of that rate that a run starts with.
        warm_up: share of the run in which the rate rises; then it falls along a cosine.
        decay: weight decay.
        momentum: of SGD.
        clip: largest norm of the gradient.
        average: decay of the running mean of the weights, a step; 0 keeps the last weights.
        precision: `auto` is half precision on a GPU that has bfloat16, and single on a CPU.
    """

    pictures: int = 33_000
    epochs: float = 0.0
    minutes: float = 0.0
    sizes: tuple[float, ...] = (0.57, 0.86)
    shares: tuple[float, ...] = (0.7, 1.0)
    optimiser: Literal["adamw", "sgd"] = "adamw"
    rate: float = 3e-4
    head_rate: float = 6e-3
    first_rate: float = 0.04
    warm_up: float = 0.15
    decay: float = 1e-4
    momentum: float = 0.9
    clip: float = 5.0
    average: float = 0.97
    precision: Literal["auto", "single", "bfloat16"] = "auto"


@dataclass(frozen=True)
class GateConfig:
    """How it is decided whether the checkpoint is offered.

    Attributes:
        images: share of the specimens of each species that are kept back to judge by.
        species: share of the species that are kept back as unseen ones.
        novelty: what recall on unseen species counts for.
        sizes: sides that the trained network may see pictures at once it is an encoder, the default
            first, as shares of the side that it was made for; never more than the encoder's own.
        share: how long the judged run is, as a share of the whole.
        points: how often it is judged, evenly over it; the best point is kept.
        refit: train anew on everything once it has passed, up to the same point of the schedule;
            without that the judged network is the one that is offered.
    """

    images: float = 0.25
    species: float = 0.2
    novelty: float = 0.2
    sizes: tuple[float, ...] = (1.0, 1.15, 1.43)
    share: float = 0.4
    points: int = 1
    refit: bool = True


@dataclass(frozen=True)
class TrainConfig:
    """A training run: one table each for what is trained, shown, compared, and judged.

    Attributes:
        method: metric learning, or a CLIP model that learns words (the table `clip`).
        seed: of everything that is drawn.
    """

    method: Literal["metric", "clip"] = "metric"
    seed: int = 0
    network: NetworkConfig = field(default_factory=NetworkConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    batches: BatchConfig = field(default_factory=BatchConfig)
    augmentation: Augmentation = field(default_factory=Augmentation)
    domain: DomainConfig = field(default_factory=DomainConfig)
    schedule: ScheduleConfig = field(default_factory=ScheduleConfig)
    gate: GateConfig = field(default_factory=GateConfig)
    clip: ClipConfig = field(default_factory=ClipConfig)

    def __post_init__(self) -> None:
        require_known(self.batches.sampler, SAMPLERS, "sampler")
        _check_modes(self)
        _check(self.schedule, self.batches, self.gate)
        _check_bounds([("seed", self.seed, 0, 2**63 - 1), *_of_network(self.network)])


def read_config(
    preset: str = "default", file: Path | None = None, over: Mapping[str, Any] | None = None
) -> TrainConfig:
    """Return the config of a preset, with what a file says on top, and what a call says on that.

    Raises:
        UsageError: an unknown preset, key or value, each with a way out.
    """
    require_known(preset, PRESETS, "preset")
    table = merged(PRESETS[preset], _table(file) if file else {})
    table = merged(table, over or {})
    config = from_table(TrainConfig, table)
    head = LOSSES[config.loss.name].head
    if not head or "head" in table.get("network", {}) or config.network.train == "projection":
        return config
    return replace(config, network=replace(config.network, head=head))


def _table(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{file} cannot be read ({error.strerror}); name a TOML file") from error
    except ValueError as error:  # of TOML and of UTF-8
        raise UsageError(
            f"{file} is no TOML ({error}); {way('train --show-config')} prints one"
        ) from error


def _check_modes(config: TrainConfig) -> None:
    """Refuse what does not go together.

    Raises:
        UsageError: naming the two.
    """
    train = config.network.train
    if train != "whole" and config.domain.method:
        raise UsageError(
            f"domain.method is '{config.domain.method}' and network.train is '{train}'; pictures "
            'of a target are learned from by whole networks: set network.train to "whole"'
        )
    if train == "projection" and len(config.network.head) > 1:
        raise UsageError(
            f"network.head is {list(config.network.head)}; a projection has one width, as in [128]"
        )


def _check(schedule: ScheduleConfig, batches: BatchConfig, gate: GateConfig) -> None:
    """Refuse numbers that no run can use.

    Raises:
        UsageError: naming the number and its bounds.
    """
    bounds: list[tuple[str, float, float, float]] = [
        ("batches.batch", batches.batch, 2, 65_536),
        ("batches.per_class", batches.per_class, 1, batches.batch),
        ("schedule.pictures", schedule.pictures, 1, 10**12),
        ("schedule.epochs", schedule.epochs, 0, 10**6),
        ("schedule.minutes", schedule.minutes, 0, 10**6),
        ("schedule.rate", schedule.rate, 0, 10),
        ("schedule.head_rate", schedule.head_rate, 0, 10),
        ("schedule.first_rate", schedule.first_rate, 0, 1),
        ("schedule.warm_up", schedule.warm_up, 0, 0.9),
        ("schedule.decay", schedule.decay, 0, 1),
        ("schedule.momentum", schedule.momentum, 0, 0.9999),
        ("schedule.clip", schedule.clip, 1e-6, 1e6),
        ("schedule.average", schedule.average, 0, 0.99999),
        ("gate.images", gate.images, 0.01, 0.5),
        ("gate.species", gate.species, 0, 0.5),
        ("gate.novelty", gate.novelty, 0, 1),
        ("gate.share", gate.share, 0.01, 1),
        ("gate.points", gate.points, 1, 100),
        *(("schedule.sizes", size, 0.1, 2) for size in schedule.sizes),
        *(("schedule.shares", share, 0, 1) for share in schedule.shares),
        *(("gate.sizes", size, 0.1, 4) for size in gate.sizes),
    ]
    _check_bounds(bounds)
    if not gate.sizes:
        raise UsageError("gate.sizes is empty; give one size, such as [1.0]")
    if len(schedule.sizes) != len(schedule.shares):
        raise UsageError(
            f"schedule.sizes has {len(schedule.sizes)} values and schedule.shares "
            f"{len(schedule.shares)}; give each size the share of the run at which it ends"
        )
    if list(schedule.shares) != sorted(schedule.shares) or schedule.shares[-1:] != (1.0,):
        raise UsageError(f"schedule.shares is {list(schedule.shares)}; it must rise up to 1")


def _of_network(network: NetworkConfig) -> list[tuple[str, float, float, float]]:
    return [
        ("network.stages", network.stages, 1, 100),
        ("network.copies", network.copies, 1, 1000),
        ("network.dropped", network.dropped, 0, 0.9),
        *(("network.head", width, 1, 65_536) for width in network.head),
    ]


def _check_bounds(bounds: list[tuple[str, float, float, float]]) -> None:
    for name, value, low, high in bounds:
        if not low <= value <= high:
            raise UsageError(f"{name} is {value}; it must lie between {low:g} and {high:g}")
