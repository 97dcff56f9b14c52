"""What a classifier on fixed features is made of, and how it learns."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

Optimiser = Literal["adam", "sgd"]


@dataclass(frozen=True)
class ClassifierConfig:
    """A perceptron on fixed features: linear layers with ReLU and dropout between them.

    Attributes:
        hidden: widths of the hidden layers; none makes it multinomial logistic regression.
        dropout: share of every hidden layer's values that is left out at each step, in [0, 1).
        optimiser: `adam` (decoupled weight decay) or `sgd`.
        learning_rate: at the start; it falls to zero along half a cosine.
        momentum: of `sgd`, and the first moment's decay of `adam`, in [0, 1).
        weight_decay: per step, as a share of the learning rate.
        epochs: how often every image is seen at least.
        least_steps: a small set is seen more often, until so many steps are done.
        batch: images a step.
        seed: of the first weights, the order of images and what is left out.

    Raises:
        ValueError: a number that is off.
    """

    hidden: tuple[int, ...] = (512, 256)
    dropout: float = 0.6
    optimiser: Optimiser = "adam"
    learning_rate: float = 1e-3
    momentum: float = 0.9
    weight_decay: float = 1e-2
    epochs: int = 60
    least_steps: int = 600
    batch: int = 64
    seed: int = 0

    def __post_init__(self) -> None:
        if self.optimiser not in get_args(Optimiser):
            known = " and ".join(get_args(Optimiser))
            raise ValueError(f"optimiser is '{self.optimiser}'; there are {known}")
        wrong = _off_limits(self)
        if wrong:
            name, limit = wrong
            raise ValueError(f"{name} is {getattr(self, name)}; it must {limit}")

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {**asdict(self), "hidden": list(self.hidden)}


def _off_limits(config: ClassifierConfig) -> tuple[str, str] | None:
    """Return the first number that is off, and what it must be."""
    limits = (
        ("hidden", all(width >= 1 for width in config.hidden), "hold widths of at least 1"),
        ("dropout", 0 <= config.dropout < 1, "be at least 0 and below 1"),
        ("momentum", 0 <= config.momentum < 1, "be at least 0 and below 1"),
        ("learning_rate", 0 < config.learning_rate < float("inf"), "be above 0"),
        ("weight_decay", 0 <= config.weight_decay < float("inf"), "be at least 0"),
        ("epochs", config.epochs >= 1, "be at least 1"),
        ("least_steps", config.least_steps >= 0, "be at least 0"),
        ("batch", config.batch >= 1, "be at least 1"),
    )
    return next(((name, limit) for name, fits, limit in limits if not fits), None)


LOGISTIC = ClassifierConfig(hidden=(), dropout=0.0)
TWO_LAYERS = ClassifierConfig()
