"""CLIP-style encoders through open_clip: pictures and words in one space.

`open_clip:<model>/<pretrained>`, `hf-hub:<organisation>/<model>`, `local-dir:<folder>`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError, first_line
from ..files.plain_json import read_json
from ..trust import trusts_encoder
from .checkpoint import read_card
from .model import Model, Preprocessing

if TYPE_CHECKING:
    import torch

_FETCHED = ("timm_model_name", "timm_model_pretrained")


def load_open_clip(name: str) -> Model:
    """Load `<model>/<pretrained>`; both are open_clip's names, and the weights are required.

    Raises:
        EncoderError: the name has no `/<pretrained>`, or the weights cannot be loaded.
    """
    architecture, _, pretrained = name.partition("/")
    if not pretrained:
        raise EncoderError(
            f"'open_clip:{name}' names no weights; write open_clip:<model>/<pretrained>, "
            "for example open_clip:ViT-B-32/openai"
        )
    return _load(architecture, pretrained)


def load_hub(name: str) -> Model:
    """Load a model repository of the Hugging Face hub, for example `imageomics/bioclip-2`."""
    return _load(f"hf-hub:{name}", None)


def load_local(folder: str) -> Model:
    """Load a folder with `open_clip_config.json` and its weights. Nothing is fetched.

    Raises:
        EncoderError: the weights cannot be loaded, or the config names something to fetch.
    """
    _refuse_fetching(Path(folder))
    return _load(f"local-dir:{folder}", None)


def local_files(folder: str) -> list[Path]:
    """Return the files that decide what `load_local` loads: open_clip looks for several names."""
    return sorted(path for path in Path(folder).iterdir() if path.is_file())


def _refuse_fetching(folder: Path) -> None:
    """Refuse a config by which open_clip would ask a hub, unless the user has said that it may."""
    import timm

    try:
        config = read_json(read_card(folder / "open_clip_config.json"), dict)["model_cfg"]
        named = dict(_named(config))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderError(
            f"open_clip cannot load 'local-dir:{folder}' ({error}); give a folder with "
            "open_clip_config.json and its weights"
        ) from error
    for key, name in named.items():
        own = key == "timm_model_name" and timm.is_model(str(name))
        if not own and not trusts_encoder(f"hf-hub:{name}"):
            raise EncoderError(
                f"{folder / 'open_clip_config.json'} names something to fetch ({key} '{name}'); if "
                f"you know it, name 'hf-hub:{name}' in HOLOTYPE_TRUSTED_ENCODERS"
            )


def _named(config: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what the towers of a config name: networks, tokenizers, weights."""
    for tower in config.values():
        if isinstance(tower, dict):
            for key, name in tower.items():
                if name and (key in _FETCHED or (key.startswith("hf_") and key.endswith("_name"))):
                    yield key, name


def _load(name: str, pretrained: str | None) -> Model:
    import open_clip

    from .network import ImageTower

    try:
        # Without require_pretrained open_clip goes on with random weights and only a warning.
        clip = open_clip.create_model(
            name, pretrained=pretrained, require_pretrained=True, weights_only=True
        )
        tokenizer = open_clip.get_tokenizer(name)
    except Exception as error:  # open_clip and the hub raise many kinds
        shown = f"{name}/{pretrained}" if pretrained else name
        reason = first_line(error)
        raise EncoderError(
            f"open_clip cannot load '{shown}' ({reason}); check the name, or fetch the weights "
            "once while online"
        ) from error
    config = open_clip.get_model_preprocess_cfg(clip)
    size = config["size"]
    preprocessing = Preprocessing(
        size=size if isinstance(size, int) else size[0],
        mean=tuple(config["mean"]),
        std=tuple(config["std"]),
        interpolation=config["interpolation"],
    )

    def encode_text(texts: Sequence[str]) -> torch.Tensor:
        tokens = tokenizer(list(texts)).to(next(clip.parameters()).device)
        features: torch.Tensor = clip.encode_text(tokens)
        return features

    return Model(ImageTower(clip), preprocessing, weights=clip, text=encode_text)
