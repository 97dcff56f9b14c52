"""Configs of training runs: presets, files, and what no run can use."""

from __future__ import annotations

import tomllib
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from holotype.index.errors import UsageError
from holotype.training.configuration import to_toml
from holotype.training.metric.config import TrainConfig, read_config
from holotype.training.metric.presets import PRESETS


@pytest.mark.parametrize("preset", PRESETS)
def test_what_a_preset_shows_reads_as_the_same(preset: str, tmp_path: Path) -> None:
    config = read_config(preset)
    file = tmp_path / "config.toml"
    file.write_text(to_toml(config))
    assert read_config("default", file) == config


def test_a_file_wins_over_the_preset_and_the_call_over_both(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("seed = 3\n[loss]\nsmoothing = 0.0\n[schedule]\npictures = 7\n")
    found = read_config("resnet50", file, {"seed": 4})
    assert (found.seed, found.loss.name, found.loss.smoothing) == (4, "softmax", 0.0)
    assert (found.network.encoder, found.schedule.pictures) == ("timm:resnet50", 7)


@pytest.mark.parametrize(
    ("toml", "sentence"),
    [
        ("[schedul]", "did you mean 'schedule'"),
        ("[schedule]\npictres = 3", "did you mean 'pictures'"),
        ("[loss]\nname = 'tripplet'\nminer = ''", "There is no loss 'tripplet'; did you mean"),
        ("[loss]\nminer = 'semihard'", "There is no miner 'semihard'; did you mean 'semi-hard'"),
        ("[loss]\nname = ''\nminer = 'hard'", "name a loss for miner 'hard'"),
        ("[loss]\nname = 'softmax'\nminer = 'hard'", "cannot be used with miner 'hard'"),
        ("[batches]\nsampler = 'balancd'", "There is no sampler 'balancd'; did you mean"),
        ("method = 'metrik'", "'method' is 'metrik'; it is one of 'metric', 'clip'"),
        ("[network]\ntrain = 'all'", "'network.train' is 'all'; it is one of"),
        ("[network]\nstages = 0", "network.stages is 0; it must lie between 1 and 100"),
        ("[network]\nhead = [0]", "network.head is 0; it must lie between 1"),
        ("[network]\nhead = 128", "'network.head' is 128; it is a list"),
        ("[batches]\nbatch = 1", "batches.batch is 1; it must lie between 2"),
        ("[batches]\nbatch = 8\nper_class = 9", "batches.per_class is 9; it must lie between 1"),
        ("[batches]\nbatch = '64'", "'batches.batch' is '64'; it is a whole number"),
        ("[schedule]\nrate = nan", "schedule.rate is nan; it must lie"),
        ("[schedule]\nrate = inf", "schedule.rate is inf; it must lie"),
        ("[schedule]\nrate = -0.1", "schedule.rate is -0.1; it must lie"),
        ("[clip]\nrate = nan", "clip.rate is nan; it is a number from 0 up"),
        (f"[schedule]\npictures = {10**400}", "schedule.pictures is 1000"),
        ("[schedule]\npictures = 0", "schedule.pictures is 0; it must lie between 1"),
        ("[schedule]\nminutes = -1", "schedule.minutes is -1.0; it must lie"),
        ("[schedule]\nsizes = [1.0]", "schedule.sizes has 1 values and schedule.shares 2"),
        ("[schedule]\nsizes = []\nshares = []", "schedule.shares is"),
        ("[schedule]\nshares = [0.7, 0.9]", "it must rise up to 1"),
        ("[schedule]\nshares = [nan, 1.0]", "schedule.shares is nan; it must lie"),
        ("[schedule]\nsizes = [nan, 1.0]", "schedule.sizes is nan; it must lie"),
        ("[gate]\nimages = 0.7", "gate.images is 0.7; it must lie between 0.01 and 0.5"),
        ("[gate]\npoints = 0", "gate.points is 0; it must lie"),
        ("[augmentation]\nscale = [1.0, 0.5]", "the least comes before the largest"),
        ("[augmentation]\nrotation = nan", "augmentation.rotation is nan"),
        ("[augmentation]\nmirror = 1", "'augmentation.mirror' is 1; it is true or false"),
        ("seed = -1", "seed is -1; it must lie between 0"),
        (f"seed = {2**63}", "seed is 9223372036854775808; it must lie between 0"),
        ("[loss.ranks]\nspecies = nan", "a weight is a number from 0 up"),
        ("[loss.options]\nbeta = 'x'", "'loss.options.beta' is 'x'; it is true or false or a"),
        ("[loss.options]\nbta = 1.0", "did you mean 'beta'"),
        ("[domain]\nweight = nan", "The weight of the domain term is nan"),
        ("[clip]\nbatch = 1", "clip.batch is 1; it is at least 2"),
        ("seed = ", "is no TOML"),
        ("name = \"\\udcff\"", "is no TOML"),
    ],
)  # fmt: skip
def test_what_no_run_can_use_is_one_sentence(toml: str, sentence: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(toml)
    with pytest.raises(UsageError) as told:
        read_config("default", file)
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_a_preset_that_is_not_known_is_named_with_the_nearest() -> None:
    with pytest.raises(UsageError, match="no preset 'resnet5'; did you mean 'resnet50'"):
        read_config("resnet5")


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UsageError, match="binary is no TOML"):
        read_config("default", tmp_path / "binary")
    for path in (tmp_path, tmp_path / "none.toml"):
        with pytest.raises(UsageError, match="cannot be read"):
            read_config("default", path)


def _leaves(table: dict[str, Any], where: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = []
    for key, value in table.items():
        found += _leaves(value, (*where, key)) if isinstance(value, dict) else [(*where, key)]
    return found


@pytest.mark.parametrize("value", [float("nan"), -1, "x", [], {}, True, [[1]], 10**30])
def test_any_value_anywhere_is_taken_or_refused(value: Any) -> None:
    """No setting leads to anything else than a config or a sentence."""
    for path in _leaves(tomllib.loads(to_toml(TrainConfig()))):
        table: Any = value
        for key in reversed(path):
            table = {key: table}
        with suppress(UsageError):
            found = read_config(over=table)
            assert read_config(over=tomllib.loads(to_toml(found))) == found


def test_a_loss_that_needs_a_head_has_one_unless_somebody_says_otherwise() -> None:
    reciprocal = {"name": "reciprocal-triplet"}
    assert read_config("default", None, {"loss": reciprocal}).network.head == (128,)
    assert read_config("microfossil").network.head == (1000, 128)
    over = {"loss": reciprocal, "network": {"head": []}}
    assert read_config("default", None, over).network.head == ()
    assert read_config("default").network.head == ()
