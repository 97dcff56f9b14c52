"""Miners by name. A new one is a function in a file of its family and one line here."""

from __future__ import annotations

from collections.abc import Callable

from torch import nn

from .pairs import multi_similarity

# From the distance of the loss, a generator, and options by keyword: a module that gives the pairs
# or triplets of features [n, dim] and labels [n], as pytorch-metric-learning's miners do.
MINERS: dict[str, Callable[..., nn.Module]] = {
    "multi-similarity": multi_similarity,
}
