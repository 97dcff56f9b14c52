"""Losses by name. A new one is a function in a file of its family and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from ..miners.registry import MINERS
from .cluster_discrimination import cluster_discrimination
from .margins import arcface, cosface, normalised_softmax, sub_centre_arcface
from .pairs import circle, contrastive, multi_similarity, nt_xent, supcon
from .proxies import proxy_anchor, proxynca, soft_triple
from .softmax import softmax
from .triplets import reciprocal_triplet, triplet


@dataclass(frozen=True)
class Loss:
    """A loss by name.

    Attributes:
        make: from a `Setting` and options by keyword, a module whose `forward(features, labels,
            mined)` is the loss; `get_logits(features)` where it has a classifier.
        compares: whether it compares pictures with each other, so that a batch needs two of one
            class and two classes; else it compares them with points that it learns.
        miners: those that it may be used with.
        miner: the one that `auto` stands for; empty for none.
        change: what to do with which option where the loss is no number.
        head: widths of linear layers that it sees the features through, where nobody says
            otherwise; it compares vectors as they are, and features have a large common mean.
    """

    make: Callable[..., nn.Module]
    compares: bool = False
    miners: tuple[str, ...] = ()
    miner: str = ""
    change: str = ""
    head: tuple[int, ...] = ()


_PAIRS = ("multi-similarity",)
_TRIPLETS = (
    "all",
    "semi-hard",
    "hard",
    "random-negative",
    "semi-hard-negative",
    "hardest-negative",
)

LOSSES: dict[str, Loss] = {
    "contrastive": Loss(contrastive, True, _PAIRS),
    "triplet": Loss(triplet, True, _TRIPLETS, "semi-hard"),
    "reciprocal-triplet": Loss(
        reciprocal_triplet, True, _TRIPLETS, "hardest-negative", head=(128,)
    ),
    "multi-similarity": Loss(multi_similarity, True, _PAIRS, "multi-similarity", "lower beta"),
    "circle": Loss(circle, True, _PAIRS, change="lower scale"),
    "supcon": Loss(supcon, True, change="raise temperature"),
    "nt-xent": Loss(nt_xent, True, change="raise temperature"),
    "normalised-softmax": Loss(normalised_softmax, change="raise temperature"),
    "cosface": Loss(cosface, change="lower scale"),
    "arcface": Loss(arcface, change="lower scale"),
    "sub-centre-arcface": Loss(sub_centre_arcface, change="lower scale"),
    "cluster-discrimination": Loss(cluster_discrimination, change="lower scale"),
    "proxynca++": Loss(proxynca, change="lower scale"),
    "proxy-anchor": Loss(proxy_anchor, change="lower scale"),
    "soft-triple": Loss(soft_triple, change="lower scale"),
    "softmax": Loss(softmax),
}


def names() -> list[str]:
    """Return the losses by name."""
    return list(LOSSES)


def miner_names() -> list[str]:
    """Return the miners by name."""
    return list(MINERS)
