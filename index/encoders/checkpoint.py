"""A checkpoint folder: `model.safetensors` and a card, `card.json`, that says what they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import timm
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from ..errors import EncoderError
from .base import Model, Preprocessing

FORMAT = 1


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
        card: what else should be known: taxa seen, data hash, metrics, licence.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.contiguous() for name, tensor in network.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    content = {
        **card,
        "format": FORMAT,
        "architecture": {"library": "timm", "name": architecture},
        "preprocessing": asdict(preprocessing),
    }
    (folder / "card.json").write_text(json.dumps(content, indent=2, ensure_ascii=False))


def load_checkpoint(folder: str) -> Model:
    """Load what `save_checkpoint` wrote.

    Raises:
        EncoderError: the folder is not a checkpoint, or its card and its weights do not fit.
    """
    try:
        card = json.loads((Path(folder) / "card.json").read_text())
        if card["format"] != FORMAT:
            raise ValueError(f"format {card['format']}, this version reads {FORMAT}")
        recipe = card["preprocessing"]
        preprocessing = Preprocessing(
            size=recipe["size"],
            mean=tuple(recipe["mean"]),
            std=tuple(recipe["std"]),
            interpolation=recipe["interpolation"],
        )
        network = timm.create_model(card["architecture"]["name"], num_classes=0)
        network.load_state_dict(load_file(Path(folder) / "model.safetensors"))
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        reason = str(error).strip().splitlines()[0]
        raise EncoderError(
            f"{folder} is not a checkpoint that can be loaded ({reason}); "
            "give a folder with card.json and model.safetensors"
        ) from error
    return Model(network, preprocessing, weights=network)
