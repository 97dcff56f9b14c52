"""The benchmark of loading measures every step that docs/search.md reports."""

from __future__ import annotations

from holotype.scripts.bench import loading


def test_every_step_reports_time_and_memory() -> None:
    found = loading.run(rounds=1, rows=2000, dim=64)
    assert list(found["steps"]) == [
        "load",
        "build the index, first answer",
        "first answer, verified",
        "first answer, not verified",
        "first answer after a change, verified",
        "first answer after a change, not verified",
    ]
    assert all(step["wall_s"] > 0 and step["VmHWM"] > 0 for step in found["steps"].values())
