"""The benchmark of maps measures every step that docs/morphospace.md reports."""

from __future__ import annotations

import pytest

from holotype.scripts.bench import maps


@pytest.mark.slow
def test_every_step_and_every_comparison_is_reported() -> None:
    found = maps.run(rows=400, dim=64, compared=300)
    assert list(found["steps"]) == ["Neighbours", "Layout", "Placing the rest", "Measuring"]
    assert found["same_seed"] == {"rows": 400, "same_bytes": True}
    assert found["placed"]["images"] == 30
    assert all(0 <= value <= 1 for name, value in found["placed"].items() if name != "images")
