"""A collection on this machine."""

from __future__ import annotations

from .curation import LocalCuration
from .questions import LocalQuestions
from .work import LocalWork


class LocalBackend(LocalQuestions, LocalCuration, LocalWork):
    """All that an open collection asks, of a folder on this machine; see `Backend`."""
