"""The benchmark of identification measures every step, and that the two roads agree."""

from __future__ import annotations

import json

import pytest

from holotype.scripts.bench import identify


def test_every_step_reports_time_and_the_roads_agree(capsys: pytest.CaptureFixture[str]) -> None:
    found = identify.run(rounds=2, rows=[2400], dim=64)
    (size,) = found["sizes"]
    assert list(size["ms"]) == [
        "the first answer of a process",
        "first with a filter",
        "warm",
        "with a 1 % filter",
        "of a stored specimen",
        "of a batch of 100, each",
        "first answer after one determination",
        "first answer after its undo",
        "first answer after ten new pictures",
        "first answer after a deletion",
    ]
    assert all(ms["best_wall"] > 0 for ms in size["ms"].values())
    assert size["same determination as by the exhaustive road"] >= 0.995
    assert size["mean difference of a probability"] < 1e-3
    assert "2,400 x 64" in capsys.readouterr().out
    json.dumps(found)
