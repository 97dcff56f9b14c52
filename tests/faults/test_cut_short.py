"""Whatever call fails, whenever a process dies: the old state or the new one, nothing lost.

Many more of the same: python -m holotype.scripts.bench.faults.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from holotype.scripts.bench.faults.calls import OPERATIONS, die_at_every_call, fail_every_call
from holotype.scripts.bench.faults.kills import WRITERS, kill_writers

SEED = 3
# Fewer would mean that an operation had nothing left to do.
CALLS = {"index swap": 40, "store": 25, "delete": 15, "snapshot": 45, "restore": 30, "compact": 30}
MEMORY = Path("/dev/shm")  # a process that dies needs no disk that obeys


@pytest.fixture(scope="module")
def scratch() -> Path | None:
    return MEMORY if MEMORY.is_dir() else None


@pytest.mark.slow
@pytest.mark.parametrize("name", OPERATIONS)
def test_an_error_of_any_call_leaves_the_old_state_or_the_new(
    name: str, scratch: Path | None
) -> None:
    calls, faults = fail_every_call(name, crash=False, scratch=scratch)
    assert calls >= CALLS[name]
    assert faults == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index swap", "snapshot"])
def test_death_at_any_call_leaves_the_old_state_or_the_new(name: str, scratch: Path | None) -> None:
    calls, faults = die_at_every_call(name, scratch=scratch)
    assert calls >= CALLS[name]
    assert faults == []


@pytest.mark.slow
@pytest.mark.both_stores
def test_kill_9_of_four_concurrent_writers(tmp_path: Path, store: str) -> None:
    found = kill_writers(tmp_path, 3, seed=SEED, store=store)
    assert found.kills == 3 * WRITERS
    assert found.acknowledged > 0
    assert found.faults == [], f"seed {SEED}"
    assert max(found.ready) < 5
