"""What the tests of hostile inputs share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.forging import Listener, listening


@pytest.fixture
def stranger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing that is opened was made by the user who opens it."""
    monkeypatch.setenv("HOLOTYPE_CONFIG", str(tmp_path / "config"))


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server on this machine that counts who comes."""
    with listening() as opened:
        yield opened
