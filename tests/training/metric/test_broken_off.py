"""Runs that are killed, interrupted or shared out come to what an undisturbed run comes to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file

from holotype.index.collection import Collection
from holotype.index.encoders import Encoder
from holotype.index.errors import UsageError
from holotype.index.ingest.pictures import ingest
from holotype.index.manifests.manifest import Manifest
from holotype.training.configuration import to_toml
from holotype.training.metric import train as metric_train
from holotype.training.metric.config import read_config
from holotype.training.metric.loop import Step
from holotype.training.metric.train import Watch
from holotype.training.trained_space import Asked, train_space

from .run_in_process import TABLE, always_better

ROOT = Path(__file__).resolve().parents[3]
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def folder(source: Path, tmp_path: Path, tiny: Encoder) -> Path:
    with Collection.create(tmp_path / "c") as made:
        ingest(Manifest.read(source), made, tiny)
    return tmp_path / "c"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def start(folder: Path, *words: str, processes: int = 1) -> subprocess.CompletedProcess[str]:
        several = ["torch.distributed.run", "--standalone", "--nproc_per_node", str(processes)]
        command = [sys.executable, "-m", *([*several, "-m"] if processes > 1 else [])]
        return subprocess.run(
            [*command, "tests.training.metric.run_in_process", str(folder), *words],
            cwd=ROOT,
            env=os.environ | {"OMP_NUM_THREADS": "1", "HOLOTYPE_TRAINING_KEEP_SECONDS": "0"},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    return start


def weights(folder: Path) -> dict[str, Any]:
    (file,) = (folder / "models").glob("trained-*/model.safetensors")
    return dict(load_file(file))


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(folder: Path, run: Run, tmp_path: Path) -> None:
    whole = tmp_path / "whole"
    shutil.copytree(folder, whole)
    told = run(whole)
    assert told.returncode == 0, told.stderr
    steps = int(told.stdout.split()[0])
    for last in (2, steps - 2):  # in the run that is judged, and in the one on everything
        killed = tmp_path / f"killed-{last}"
        shutil.copytree(folder, killed)
        assert run(killed, "die-after", str(last)).returncode == -9
        assert (killed / "models" / ".trained.training" / "run.pt").exists()
        with Collection.open(killed) as collection:
            assert [space.name for space in collection.spaces()] == ["base"]
        again = run(killed, "resume")
        assert again.returncode == 0, again.stderr
        assert 0 < int(again.stdout.split()[0]) < steps
        for name, tensor in weights(whole).items():
            np.testing.assert_array_equal(weights(killed)[name], tensor)


@pytest.mark.slow
def test_two_processes_take_the_steps_of_one(folder: Path, run: Run, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shutil.copytree(folder, shared)
    table = tmp_path / "table.toml"
    table.write_text(to_toml(read_config(over=TABLE)))
    alone, both = run(folder), run(shared, "command", str(table), processes=2)
    assert (alone.returncode, both.returncode) == (0, 0), both.stderr
    assert json.loads(both.stdout)["space"] == "trained"  # one of them tells
    for name, tensor in weights(folder).items():
        np.testing.assert_allclose(weights(shared)[name], tensor, atol=1e-4)
    with Collection.open(shared) as collection:
        names = [space.name for space in collection.spaces()]
    assert (names[0], names[1][:8], names[2]) == ("base", "trained-", "trained")


@pytest.fixture
def collection(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    monkeypatch.setattr(metric_train, "judge", always_better)
    with Collection.open(folder) as opened:
        yield opened


def interrupted_at(wanted: int) -> Watch:
    """Press Ctrl-C after a step."""
    steps = 0

    def on_step(_: Step) -> None:
        nonlocal steps
        steps += 1
        if steps == wanted:
            raise KeyboardInterrupt

    return Watch(on_step=on_step)


@pytest.mark.parametrize("step", [1, 5])
def test_ctrl_c_keeps_the_best_so_far(collection: Collection, step: int) -> None:
    found = train_space(collection, read_config(over=TABLE), Asked(), interrupted_at(step))
    assert found["interrupted"]
    assert found["space"] == "trained"
    assert found["seen"] < TABLE["schedule"]["pictures"]
    assert not list((collection.folder / "models").glob(".*"))


def test_ctrl_c_while_it_is_judged_leaves_the_collection(collection: Collection) -> None:
    def on_phase(phase: str) -> None:
        if phase == "Judging":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_space(collection, read_config(over=TABLE), Asked(), Watch(on_phase=on_phase))
    assert [space.name for space in collection.spaces()] == ["base"]


def test_ctrl_c_while_embedding_leaves_what_was_trained_before(collection: Collection) -> None:
    train_space(collection, read_config(over=TABLE), Asked())
    before = [(space.name, space.fingerprint) for space in collection.spaces()]

    def on_phase(phase: str) -> None:
        if phase.startswith("Embedding"):
            raise KeyboardInterrupt

    other = read_config(over=TABLE | {"seed": 1})
    with pytest.raises(KeyboardInterrupt):
        train_space(collection, other, Asked(), Watch(on_phase=on_phase))
    assert [(space.name, space.fingerprint) for space in collection.spaces()] == before
    found = train_space(collection, other, Asked(resume=True))
    assert found["space"] == "trained"
    assert len(list((collection.folder / "models").glob("trained-*"))) == 1


def test_nothing_to_go_on_with_is_said(collection: Collection) -> None:
    with pytest.raises(UsageError, match="without --resume"):
        train_space(collection, read_config(over=TABLE), Asked(resume=True))


def test_another_run_is_not_gone_on_with(collection: Collection) -> None:
    def die(_: Step) -> None:
        raise RuntimeError

    config = read_config(over=TABLE)
    with pytest.raises(RuntimeError):
        train_space(collection, config, Asked(), Watch(on_step=die))
    with pytest.raises(UsageError, match="without --resume"):
        train_space(collection, read_config(over=TABLE | {"seed": 3}), Asked(resume=True))
