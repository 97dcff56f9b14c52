"""Search side by side with other engines; see docs/search.md."""

from __future__ import annotations

from .rounds import run

__all__ = ["run"]
