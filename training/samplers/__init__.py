"""Which pictures make a batch: samplers by name."""

from __future__ import annotations

from .registry import SAMPLERS, make_sampler, names
from .sampler import Sampler

__all__ = ["SAMPLERS", "Sampler", "make_sampler", "names"]
