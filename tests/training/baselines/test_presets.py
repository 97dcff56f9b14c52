"""The presets of plain classifiers are configs that a training run takes."""

from __future__ import annotations

import pytest

from holotype.training.metric.config import read_config


@pytest.mark.parametrize("name", ["resnet18", "resnet34", "resnet50", "vgg19"])
def test_a_preset_of_a_softmax_network(name: str) -> None:
    config = read_config(name)
    assert config.network.encoder == f"timm:{name}"
    assert (config.loss.name, config.loss.miner) == ("softmax", "")
    assert config.network.train == "whole"
