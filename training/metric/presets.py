"""Training runs by name: what differs from the defaults of `config`."""

from __future__ import annotations

from typing import Any

PRESETS: dict[str, dict[str, Any]] = {
    "default": {},
    "clip": {"method": "clip"},
}
