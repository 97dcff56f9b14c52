"""Miners by name. A new one is a function in a file of its family and one line here."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from .pairs import multi_similarity
from .triplets import (
    all_triplets,
    hard,
    hardest_negative,
    random_negative,
    semi_hard,
    semi_hard_negative,
)

# From the distance of the loss, a generator, and options by keyword: a module that gives the pairs
# or triplets of features [n, dim] and labels [n], as pytorch-metric-learning's miners do.
MINERS: dict[str, Callable[..., nn.Module]] = {
    "all": all_triplets,
    "semi-hard": semi_hard,
    "hard": hard,
    "random-negative": random_negative,
    "semi-hard-negative": semi_hard_negative,
    "hardest-negative": hardest_negative,
    "multi-similarity": multi_similarity,
}
