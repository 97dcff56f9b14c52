"""`holotype train` as scripts call it."""

from __future__ import annotations

import builtins
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from holotype.training.metric.config import read_config
from holotype.training.metric.gate import Verdict, judge
from holotype.training.metric.presets import PRESETS
from tests.conftest import Cli

KEYS = {"space", "checkpoint", "validation", "images", "seen", "interrupted", "problems", "seconds"}
MADE = {"untuned_space", "dim", "embedded"}


@pytest.fixture
def short(tmp_path: Path) -> Path:
    file = tmp_path / "short.toml"
    file.write_text(
        "[batches]\nbatch = 8\nper_class = 2\n"
        "[schedule]\npictures = 32\nsizes = [1.0]\nshares = [1.0]\n"
    )
    return file


@pytest.mark.parametrize("preset", PRESETS)
def test_the_config_that_is_shown_is_one_to_give(cli: Cli, tmp_path: Path, preset: str) -> None:
    code, out, err = cli(
        "train", "--preset", preset, "--minutes", "30", "--seed", 7, "--show-config"
    )
    assert (code, err) == (0, "")
    file = tmp_path / "shown.toml"
    file.write_text(out)
    over = {"schedule": {"minutes": 30.0}, "seed": 7}
    assert read_config("default", file) == read_config(preset, None, over)
    assert cli("train", "--config", file, "--show-config") == (0, out, "")


def test_a_collection_must_be_named(cli: Cli) -> None:
    code, out, err = cli("train")
    assert (code, out) == (2, "")
    assert "Name the collection's folder" in err


def test_stdout_is_data_and_progress_is_not(folder: Path, short: Path, cli: Cli) -> None:
    code, out, err = cli("train", folder, "--config", short, "--json")
    found = json.loads(out)
    assert found.keys() >= KEYS
    assert (code == 0) == (found["space"] is not None) == (found.keys() >= MADE), err
    assert "Recall@1 on pictures kept back, start -> trained: known species" in err
    assert isinstance(found["seconds"], float)
    assert found["interrupted"] is False
    assert found["problems"] == []
    assert found["images"] == 40


@pytest.mark.slow
@pytest.mark.parametrize(
    ("where", "said"),
    [
        ("split=train", "--spaces base,trained --query split=test --gallery split=train"),
        ("category=Moth", "ask with pictures that it was not trained on"),
    ],
)
def test_what_is_said_of_measuring_can_be_done(
    folder: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, where: str, said: str
) -> None:
    def better(*args: Any) -> Verdict:
        return replace(judge(*args), reasons=())

    monkeypatch.setattr("holotype.training.metric.train.judge", better)
    code, out, err = cli("train", folder, "--preset", "projection", "--where", where)
    assert code == 0, err
    assert said in out


def test_curves_for_tensorboard(folder: Path, short: Path, cli: Cli, tmp_path: Path) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    curves = tmp_path / "curves"
    code, _, err = cli("train", folder, "--config", short, "--tensorboard", curves)
    assert code in (0, 1), err
    events = accumulator.EventAccumulator(str(curves))
    events.Reload()
    tags = set(events.Tags()["scalars"])
    assert {"training/loss", "training/rate", "judged/trained/known_recall_at_1"} <= tags
    seen = [event.step for event in events.Scalars("training/loss")]
    assert seen == sorted(set(seen))
    assert seen[-1] >= 12


def test_without_tensorboard_one_sentence(
    folder: Path, cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = builtins.__import__

    def refuse(name: str, *rest: Any, **more: Any) -> Any:
        if name == "torch.utils.tensorboard":
            raise ImportError(name)
        return load(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", refuse)
    code, out, err = cli("train", folder, "--tensorboard", tmp_path / "curves")
    assert (code, out) == (2, "")
    assert "Curves need TensorBoard; pip install 'holotype[tensorboard]'" in err
    assert not (folder / "models").exists()
