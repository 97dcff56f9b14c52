"""Comparing what the service answers with what the Python API gives."""

from __future__ import annotations

from typing import Any

import pytest


def same(found: Any, wanted: Any) -> bool:
    """Equal, and numbers within float32's last digits: batches may differ there.

    A percentage is its number in words, which those digits may turn from "> 99 %" to "100 %".
    """
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(
            same(found[key], wanted[key]) for key in wanted.keys() - {"percent"}
        )
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(same, found, wanted))
    if isinstance(wanted, float):
        return bool(found == pytest.approx(wanted, abs=1e-6))
    return bool(found == wanted)
