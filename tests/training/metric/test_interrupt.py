"""Ctrl-C, wherever it comes, leaves one sentence and loses nothing that was there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from holotype.index.collection import Collection
from holotype.index.storage.records import Space
from holotype.training import made_space, trained_network
from holotype.training.metric import train as metric_train
from holotype.training.metric.train import Training
from tests.conftest import Cli
from tests.training.pressed import pressed

from .conftest import Grow
from .run_in_process import always_better


@pytest.fixture
def folder(grow: Grow) -> Path:
    kinds = [number % 6 for number in range(48)]
    return grow([f"Xestia {code}" for code in kinds], kinds)


def left(folder: Path) -> tuple[list[Space], list[str]]:
    """The spaces, and the checkpoints that are whole."""
    with Collection.open(folder) as collection:
        spaces = collection.spaces()
        for space in spaces:
            assert len(collection.gallery(space.name)) == 48
    return spaces, sorted(path.name for path in (folder / "models").glob("trained-*"))


PLACES = [
    (Training, "embedded", False),  # while it is judged
    (made_space, "save_checkpoint", True),
    (made_space, "embed_stored", False),
    (made_space, "embed_stored", True),
    (trained_network.TrainedNetwork, "_projection", True),
    (Collection, "add_projected_space", False),
]


@pytest.mark.parametrize(("owner", "name", "after"), PLACES)
def test_what_was_trained_before_is_still_there(
    owner: Any,
    name: str,
    after: bool,
    folder: Path,
    short: Path,
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(metric_train, "judge", always_better)
    assert cli("train", folder, "--config", short)[0] == 0
    before = left(folder)
    assert len(before[0]) == 3
    train = ("train", folder, "--config", short, "--seed", 1)
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, pressed(getattr(owner, name), after=after))
        code, out, err = cli(*train)
    assert (code, out) == (130, ""), err
    assert err.splitlines()[-1] == (
        f"Interrupted; {folder} is as it was before; --resume goes on with it."
    )
    if name != "save_checkpoint":  # one without a space harms nobody, and is replaced
        assert left(folder) == before
    assert left(folder)[0] == before[0]
    code, _, err = cli(*train, "--resume")
    assert code == 0, err
    spaces, checkpoints = left(folder)
    assert [space.name for space in spaces if space.name == "trained"] == ["trained"]
    assert len(spaces) == 3
    assert checkpoints == [next(one.name for one in spaces if one.name.startswith("trained-"))]


def test_before_anything_was_kept_there_is_nothing_to_go_on_with(
    folder: Path, short: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Training, "run_over", pressed(Training.run_over, after=False))
    code, out, err = cli("train", folder, "--config", short)
    assert (code, out) == (130, "")
    assert err.splitlines()[-1] == f"Interrupted; {folder} is as it was before."
    assert not (folder / "models").exists()
    code, out, err = cli("train", folder, "--config", short, "--resume")
    assert (code, out) == (2, "")
    assert "No run was broken off" in err
    assert err.count("Error") == 1
    assert not (folder / "models").exists()
