"""Who cannot write says so before the work, not after it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from holotype.index.collection import Collection
from holotype.index.database.connection import Database
from holotype.index.errors import LockedError, UsageError
from holotype.training.spaces import calibrate_space, tune_space
from tests.conftest import Cli


def _never(*_: object, **__: object) -> None:
    raise AssertionError("the work began")


@pytest.mark.parametrize("run", [tune_space, calibrate_space])
def test_a_locked_collection_is_told_first(
    folder: Path, monkeypatch: pytest.MonkeyPatch, run: Callable[[Collection], object]
) -> None:
    for name in ("tune", "calibrate"):
        monkeypatch.setattr(f"holotype.training.spaces.{name}", _never)
    told = pytest.raises(LockedError)
    with Collection.open(folder) as collection, Database(folder).writing(), told:
        run(collection)


def test_a_name_that_is_taken_is_told_first(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holotype.training.spaces.tune", _never)
    with Collection.open(folder) as collection, pytest.raises(UsageError, match="is not tuned"):
        tune_space(collection, name="base")


def test_the_commands_exit_with_3(folder: Path, cli: Cli) -> None:
    with Database(folder).writing():
        for command in (("tune", folder), ("calibrate", folder)):
            assert cli(*command)[0] == 3
