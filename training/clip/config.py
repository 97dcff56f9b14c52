"""What decides how a CLIP model is trained: the table `[clip]` of a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from holotype.index.errors import UsageError

from .captions import TEMPLATES, field_names

Mode = Literal["locked", "lora", "whole"]


@dataclass(frozen=True)
class TextConfig:
    """The text tower that an encoder gets which has none: a small transformer.

    Attributes:
        width: of its tokens' vectors; a multiple of 64.
        layers: how many.
        length: the most tokens of a sentence; what is longer is cut.
        rate: largest learning rate while it is taught alone.
        epochs: how often it is taught with every picture then, by kept embeddings.
    """

    width: int = 128
    layers: int = 2
    length: int = 40
    rate: float = 4e-3
    epochs: int = 25


@dataclass(frozen=True)
class ClipConfig:
    """How a CLIP model learns to find pictures by words.

    Attributes:
        mode: `locked` teaches the text tower alone, by kept embeddings of the pictures; `lora`
            changes the linear layers of both towers by matrices of a low rank; `whole` changes all.
        templates: sentences with fields; see `captions.TEMPLATES`.
        shares: how often a caption is about each rank, of those that a picture is named at.
        epochs: how often every picture is seen, in modes that change the image tower.
        batch: pictures a step.
        rate: largest learning rate where weights were trained before.
        rank: of the changes in mode `lora`.
        decay: weight decay.
        warm_up: share of the steps in which the rate rises; then it falls along a cosine.
        scales: bounds of what cosines are multiplied by, which is learned.
        alphas: how far the weights go from the start, 0, to what was trained, 1: the one that does
            best on validation pictures is kept (WiSE-FT, Wortsman et al. 2021, arXiv 2109.01903).
        points: how often a stage is judged, evenly over it; the best point is kept.
    """

    mode: Mode = "locked"
    templates: tuple[str, ...] = TEMPLATES
    shares: Mapping[str, float] = field(
        default_factory=lambda: {
            "species": 0.6,
            "genus": 0.15,
            "family": 0.15,
            "order": 0.05,
            "category": 0.05,
        }
    )
    text: TextConfig = TextConfig()
    epochs: int = 10
    batch: int = 256
    rate: float = 1e-4
    rank: int = 8
    decay: float = 0.05
    warm_up: float = 0.1
    scales: tuple[float, ...] = (1.0, 100.0)
    alphas: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0)
    points: int = 5

    def __post_init__(self) -> None:
        for template in self.templates:
            field_names(template)
        for name, value, least in (
            ("epochs", self.epochs, 1),
            ("batch", self.batch, 2),
            ("rank", self.rank, 1),
        ):
            if value < least:
                raise UsageError(f"clip.{name} is {value}; it is at least {least}")
        _check_numbers(self)
        if not self.alphas or not all(0 <= alpha <= 1 for alpha in self.alphas):
            raise UsageError(f"clip.alphas is {list(self.alphas)}; each is 0 to 1, one at least")
        if len(self.scales) != 2 or not 0 < self.scales[0] <= self.scales[1]:
            raise UsageError(f"clip.scales is {list(self.scales)}; it is a least and a largest")
        if self.text.width % 64 or self.text.width < 64:
            raise UsageError(f"clip.text.width is {self.text.width}; it is a multiple of 64")


def _check_numbers(config: ClipConfig) -> None:
    """Refuse what is no number that a run can use.

    Raises:
        UsageError: naming it.
    """
    rates = {"rate": config.rate, "text.rate": config.text.rate, "decay": config.decay}
    shares = {f"shares.{rank}": share for rank, share in config.shares.items()}
    for name, number in {**rates, **shares}.items():
        if not 0 <= number < float("inf"):
            raise UsageError(f"clip.{name} is {number}; it is a number from 0 up")
    if not 0 <= config.warm_up <= 1:
        raise UsageError(f"clip.warm_up is {config.warm_up}; it must lie between 0 and 1")
