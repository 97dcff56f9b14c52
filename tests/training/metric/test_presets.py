"""Presets can be read, and say what their papers do."""

from __future__ import annotations

import pytest

from holotype.index.errors import UsageError
from holotype.training.losses.registry import LOSSES
from holotype.training.metric.config import read_config
from holotype.training.metric.presets import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_read_and_its_loss_exists(name: str) -> None:
    assert read_config(name).loss.name in LOSSES


def test_the_microfossil_recipe() -> None:
    config = read_config("microfossil")
    assert (config.network.encoder, config.network.head) == ("timm:resnet50", (1000, 128))
    assert config.network.keep_head
    assert (config.loss.name, config.loss.weight, config.loss.softmax) == (
        "reciprocal-triplet",
        0.01,
        1.0,
    )
    assert (config.batches.batch, config.schedule.epochs) == (16, 30)
    assert (config.schedule.optimiser, config.schedule.momentum) == ("sgd", 0)
    assert config.augmentation.rotation == 180


@pytest.mark.parametrize(
    ("over", "said"),
    [
        (
            {"network": {"train": "last"}, "domain": {"method": "coral", "target": ["a=b"]}},
            'set network.train to "whole"',
        ),
        ({"network": {"train": "projection", "head": [9, 3]}}, "a projection has one width"),
        ({"network": {"copies": 0}}, "network.copies is 0"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(over: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        read_config(over=over)
