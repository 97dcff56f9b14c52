"""What the loss is, as a config says it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from inspect import Parameter, signature
from typing import Any

from holotype.index.errors import UsageError

from ..miners.registry import MINERS
from ..names import listed, require_known
from .registry import LOSSES

Options = Mapping[str, float | int | bool]

_MOST_POINTS = 100  # of a class: thousands of classes have to fit in memory with all of theirs
_ABOVE_ZERO = ("alpha", "beta", "gamma", "scale", "share", "temperature")


@dataclass(frozen=True)
class LossConfig:
    """What training makes small: a loss by name at one or several ranks.

    At every rank it is `weight` times the loss, and `softmax` times the cross entropy of a plain
    classifier beside it; the ranks are summed with their own weights.

    Attributes:
        name: of the loss.
        miner: chooses which pictures of a batch are compared; empty for all, `auto` for what the
            loss is mostly used with.
        options: numbers of the loss that differ from its defaults.
        miner_options: the same of the miner.
        ranks: the weight of every rank that is learned; a weight of 0 leaves a rank out.
        weight: of the loss, the lambda of some papers.
        softmax: weight of the classifier beside it.
        smoothing: label smoothing of classifiers, in [0, 1).

    Raises:
        UsageError: something that is not known or does not go together, in one sentence.
    """

    name: str = "multi-similarity"
    miner: str = "auto"
    options: Options = field(default_factory=dict)
    miner_options: Options = field(default_factory=dict)
    ranks: Mapping[str, float] = field(default_factory=lambda: {"species": 1.0})
    weight: float = 1.0
    softmax: float = 0.0
    smoothing: float = 0.1

    def __post_init__(self) -> None:
        _check_names(self)
        checked_options(LOSSES[self.name].make, self.options, f"loss '{self.name}'")
        if self.chosen_miner:
            make = MINERS[self.chosen_miner]
            checked_options(make, self.miner_options, f"miner '{self.chosen_miner}'")
        _check_weights(self)

    @property
    def chosen_miner(self) -> str:
        """The miner's name, also where the loss chooses it; empty for none."""
        return LOSSES[self.name].miner if self.miner == "auto" else self.miner

    @property
    def learned(self) -> tuple[str, ...]:
        """The ranks whose weight is not 0."""
        return tuple(rank for rank, weight in self.ranks.items() if weight)


def checked_options(make: Callable[..., Any], options: Options, of: str) -> dict[str, Any]:
    """Return options of the types that a function wants, which are those of its defaults.

    Args:
        make: its options are its parameters that go by keyword only.
        of: what it makes, for messages.

    Raises:
        UsageError: an option that it does not have, or a value of another type.
    """
    known = {
        name: one.default
        for name, one in signature(make).parameters.items()
        if one.kind is Parameter.KEYWORD_ONLY
    }
    for name in options:
        require_known(name, known, f"option of {of}")
    return {name: _typed(name, value, known[name], of) for name, value in options.items()}


def _typed(name: str, value: object, default: object, of: str) -> object:
    """Return a value as the type that its default has."""
    wrong = f"Option {name} of {of} is {value!r}; it is"
    if isinstance(default, bool):
        if not isinstance(value, bool):
            raise UsageError(f"{wrong} true or false")
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise UsageError(f"{wrong} a number")
    if isinstance(default, int):
        if not 1 <= value <= _MOST_POINTS or value != int(value):
            raise UsageError(f"{wrong} a whole number from 1 to {_MOST_POINTS}")
        return int(value)
    if not 0 <= value < float("inf") or (name in _ABOVE_ZERO and not value):
        raise UsageError(f"{wrong} {'above 0' if name in _ABOVE_ZERO else 'a number from 0 up'}")
    return float(value)


def _check_names(config: LossConfig) -> None:
    """Refuse a loss or a miner that is not known, and two that do not go together."""
    if not config.name:
        raise UsageError(
            "loss.name is empty; name a loss"
            + (f" for miner '{config.miner}' to choose images for" if config.miner else "")
            + f"; known {listed(list(LOSSES))}"
        )
    require_known(config.name, LOSSES, "loss")
    if not config.chosen_miner:
        if config.miner_options:
            raise UsageError("loss.miner_options are given and there is no miner; name a miner")
        return
    require_known(config.chosen_miner, MINERS, "miner")
    fitting = LOSSES[config.name].miners
    if config.chosen_miner not in fitting:
        raise UsageError(
            f"Loss '{config.name}' cannot be used with miner '{config.miner}'; "
            + (f"its miners {listed(list(fitting))}" if fitting else 'set loss.miner to ""')
        )


def _check_weights(config: LossConfig) -> None:
    """Refuse weights with which nothing is learned."""
    weights = {
        "weight": config.weight,
        "softmax": config.softmax,
        **{f"ranks.{rank}": weight for rank, weight in config.ranks.items()},
    }
    for name, weight in weights.items():
        if not 0 <= weight < float("inf"):
            raise UsageError(f"loss.{name} is {weight:g}; a weight is a number from 0 up")
    if not 0 <= config.smoothing < 1:
        raise UsageError(f"loss.smoothing is {config.smoothing:g}; it lies in [0, 1)")
    if not config.learned:
        raise UsageError("loss.ranks has no rank with a weight above 0; write species = 1")
    if not config.weight and not config.softmax:
        raise UsageError("loss.weight and loss.softmax are both 0; nothing would be learned")
    if config.name == "softmax" and config.softmax:
        raise UsageError(
            f"loss.softmax is {config.softmax:g} beside loss 'softmax', which would be the same "
            f"loss twice; set loss.softmax to 0"
        )
