"""Whatever OpenAPI allows and forbids is answered as it says; more cases: `contract.py`."""

from __future__ import annotations

from pathlib import Path

import pytest

from .contract import run


@pytest.mark.slow
def test_every_answer_is_as_described(folder: Path) -> None:
    pytest.importorskip("schemathesis")
    found = run(folder, examples=1, phases="coverage,stateful")
    assert found.server_errors == []
    assert found.failures == [], found.text
    assert found.cases > 1000
