"""A checkpoint folder: `model.safetensors` and a card, `card.json`, that says what they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError, first_line
from ..files.plain_json import read_json
from ..files.regular import Limit, read_regular
from .model import Model, Preprocessing

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1

CARD = "card.json"

_WEIGHTS = "model.safetensors"
_MOST_CARD = 16 << 20  # bytes
_FAULTS = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)


def save_checkpoint(
    folder: Path,
    network: nn.Module,
    *,
    architecture: str,
    preprocessing: Preprocessing,
    card: dict[str, Any],
) -> None:
    """Write an encoder that `checkpoint:<folder>` loads.

    Args:
        network: a timm network without classifier.
        architecture: its name in timm.
        card: what else should be known: taxa seen, metrics, licence, and under `images` what
            `trained_on.list_images` returns, so that nobody measures it on what it has seen.
    """
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / _WEIGHTS)
    content = {
        **card,
        "format": FORMAT,
        "architecture": {"library": "timm", "name": architecture},
        "preprocessing": asdict(preprocessing),
    }
    (folder / CARD).write_text(json.dumps(content, indent=2, ensure_ascii=False))


def checkpoint_files(folder: str) -> list[Path]:
    """Return the files that decide what `load_checkpoint` loads."""
    return [Path(folder) / CARD, Path(folder) / _WEIGHTS]


def load_checkpoint(folder: str) -> Model:
    """Load what `save_checkpoint` wrote. Nothing is fetched, whatever the card says.

    Raises:
        EncoderError: the folder is not a checkpoint, or its card and its weights do not fit.
    """
    from safetensors import SafetensorError

    file, weights = checkpoint_files(folder)
    try:
        card = read_json(read_card(file), dict)
        if card["format"] != FORMAT:
            raise ValueError(f"format {card['format']}, this version reads {FORMAT}")
        recipe = card["preprocessing"]
        preprocessing = Preprocessing(
            size=recipe["size"],
            mean=tuple(recipe["mean"]),
            std=tuple(recipe["std"]),
            interpolation=recipe["interpolation"],
        )
        network = _network(card["architecture"]["name"], weights)
    except (*_FAULTS, SafetensorError, EncoderError) as error:
        reason = first_line(error)
        raise EncoderError(
            f"{folder} is not a checkpoint that can be loaded ({reason}); "
            "give a folder with card.json and model.safetensors"
        ) from error
    return Model(network, preprocessing, weights=network)


def read_card(file: Path) -> bytes:
    """Return the content of a file that says what a model is.

    Raises:
        OSError, ValueError: it cannot be read, is no plain file, or is larger than any card.
    """
    if not file.is_file():
        raise ValueError(f"there is no file {file.name}")
    if file.stat().st_size > _MOST_CARD:
        raise ValueError(f"{file.name} is larger than {_MOST_CARD >> 20} MiB")
    try:
        return read_regular(file, Limit(_MOST_CARD, "of a card"))
    except OSError as error:
        raise ValueError(f"{file.name} cannot be read ({error.strerror})") from error


def _network(architecture: object, weights: Path) -> nn.Module:
    """Return a network of timm with weights, having compared the two before it takes memory.

    Raises:
        ValueError, RuntimeError: timm has no such network of its own, or the weights do not fit.
    """
    import timm
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file

    if not isinstance(architecture, str) or not timm.is_model(architecture):
        raise ValueError(f"timm has no architecture '{architecture}'")
    if not weights.is_file():
        raise ValueError(f"there is no file {weights.name}")
    with torch.device("meta"):
        wanted = timm.create_model(architecture, num_classes=0).state_dict()
    with safe_open(weights, "pt") as given:
        there = {name: given.get_slice(name).get_shape() for name in given.keys()}  # noqa: SIM118
    if there != {name: list(tensor.shape) for name, tensor in wanted.items()}:
        raise ValueError(f"the weights are not those of a '{architecture}'")
    network: nn.Module = timm.create_model(architecture, num_classes=0)
    network.load_state_dict(load_file(weights))
    return network
