"""CLIP-style encoders through open_clip: pictures and words in one space.

`open_clip:<model>/<pretrained>`, `hf-hub:<organisation>/<model>`, `local-dir:<folder>`.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import EncoderError, first_line
from ..files.plain_json import read_json
from .architecture import Architecture, clip_architecture
from .checkpoint import read_card
from .fetching import require_no_fetching
from .model import Model, Preprocessing
from .words import encode_text_of


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
    file = folder / "open_clip_config.json"
    try:
        config = read_json(read_card(file), dict)["model_cfg"]
        require_no_fetching(config, str(file))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise EncoderError(
            f"open_clip cannot load 'local-dir:{folder}' ({error}); give a folder with "
            "open_clip_config.json and its weights"
        ) from error


def _load(name: str, pretrained: str | None) -> Model:
    import open_clip

    from .composed import ImageTower

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
    return Model(
        ImageTower(clip),
        preprocessing,
        weights=clip,
        text=encode_text_of(clip, tokenizer),
        architecture=_architecture(name),
    )


def _architecture(name: str) -> Architecture | None:
    """Return what a CLIP that has been loaded is made of; None where open_clip does not say."""
    import open_clip

    try:
        return clip_architecture(open_clip.get_model_config(name))
    except Exception:  # a config that loads is not always one that can be written down
        return None
