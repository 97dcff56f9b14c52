"""Losses by name. A new one is a function in a file of its family and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ..miners.registry import MINERS
from .multi_similarity import multi_similarity
from .proxies import proxy_anchor
from .softmax import softmax


@dataclass(frozen=True)
class Loss:
    """A loss by name.

    Attributes:
        make: from a `Setting` and options by keyword, a module whose `forward(features, labels,
            mined)` is the loss; `get_logits(features)` where it has a classifier.
        compares: whether it compares pictures with each other, so that a batch needs two of one
            class and two classes; else it compares them with points that it learns.
        miners: those that it may be used with.
        lower: the option to change where its value is no number, with the direction.
    """

    make: Callable[..., nn.Module]
    compares: bool = False
    miners: tuple[str, ...] = ()
    lower: str = ""


LOSSES: dict[str, Loss] = {
    "multi-similarity": Loss(multi_similarity, True, ("multi-similarity",), "lower beta"),
    "proxy-anchor": Loss(proxy_anchor, lower="lower scale"),
    "softmax": Loss(softmax),
}


def names() -> list[str]:
    """Return the losses by name."""
    return list(LOSSES)


def miner_names() -> list[str]:
    """Return the miners by name."""
    return list(MINERS)
