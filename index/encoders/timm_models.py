"""Any pretrained image network of timm: `timm:<model>`, for example `timm:resnet50.a1_in1k`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..errors import EncoderError, first_line
from .architecture import Architecture
from .model import Model, Preprocessing

if TYPE_CHECKING:
    from torch import nn


def load_timm(model: str) -> Model:
    """Load a network of timm with its pretrained weights and its own preprocessing.

    Raises:
        EncoderError: timm has no such model, no weights for it, or cannot reach them.
    """
    import timm
    from timm.data import resolve_model_data_config

    try:
        network = timm.create_model(model, pretrained=True, num_classes=0)
    except Exception as error:  # timm and the hub raise many kinds; all mean it cannot be loaded
        raise EncoderError(
            f"timm cannot load '{model}' with pretrained weights ({first_line(error)}); "
            "check the name, or fetch the weights once while online"
        ) from error
    config = resolve_model_data_config(network)
    preprocessing = Preprocessing(
        size=config["input_size"][1],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        interpolation=config["interpolation"],
    )
    return Model(network, preprocessing, weights=network, architecture=_architecture(network))


def _architecture(network: nn.Module) -> Architecture:
    """Return what a network is made of, which timm writes down wherever the weights came from."""
    import timm

    config: Any = network.pretrained_cfg
    name = config["architecture"]
    tagged = f"{name}.{config.get('tag')}"  # some tags are of another size
    return Architecture("timm", tagged if timm.is_model_pretrained(tagged) else name)
