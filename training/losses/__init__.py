"""What training makes small: losses by name, over one or several ranks."""

from __future__ import annotations

from .config import LossConfig
from .objective import Objective, make_objective
from .teachable import require_teachable

__all__ = ["LossConfig", "Objective", "make_objective", "require_teachable"]
