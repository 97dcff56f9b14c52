"""A checkpoint folder: `model.safetensors` and a card, `card.json`, that says what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError, UsageError, first_line
from ..files.durable import replacing, write_durably
from ..files.plain_json import read_json
from ..files.regular import Limit, read_regular
from .architecture import Architecture, build, shapes, shapes_of, split
from .card_readme import readme
from .model import Model, Preprocessing
from .words import text_of

if TYPE_CHECKING:
    from torch import nn

__all__ = [
    "CARD",
    "Architecture",
    "build",
    "checkpoint_files",
    "load_checkpoint",
    "read_card",
    "save_checkpoint",
    "split",
]

FORMAT = 1
_FORMAT_WITH_SIDES = 2  # whoever does not know sides would show a network pictures of another size

CARD = "card.json"

_WEIGHTS = "model.safetensors"
_README = "README.md"
_MOST_CARD = 16 << 20  # bytes
_FAULTS = (OSError, ValueError, KeyError, TypeError, RuntimeError, AttributeError)


def save_checkpoint(
    folder: Path,
    network: nn.Module,
    *,
    architecture: Architecture | str,
    preprocessing: Preprocessing,
    card: Mapping[str, Any],
    beside: tuple[Architecture, nn.Module] | None = None,
    replace_existing: bool = False,
) -> None:
    """Write an encoder that `checkpoint:<folder>` loads, with a README of what its card says.

    The card is written last: without it, after a crash, the folder is no checkpoint. The folder may
    be there already, such as with what `trained_on.list_images` wrote.

    Args:
        network: what `build(architecture)` makes, trained; of open_clip also the CLIP itself.
        architecture: what it is made of; a name alone is one of timm.
        preprocessing: of the pictures that the network, and the start beside it, see.
        card: what else should be known: `name`, `taxa` seen, `metrics` with `low` and `high`,
            `licence`, and under `images` what `trained_on.list_images` returns, so that nobody
            measures it on what it has seen.
        beside: the start, whose unit features are put beside those of the network.
        replace_existing: write over the files of an earlier checkpoint.

    Raises:
        EncoderError: the network is not of its architecture, or that cannot be made again.
        UsageError: the folder holds a checkpoint, or a file of a name that one needs.
    """
    if isinstance(architecture, str):
        architecture = Architecture("timm", architecture)
    architecture, network = _put_beside(architecture, network, beside)
    if shapes(network) != shapes_of(architecture):
        raise EncoderError(f"The network is not one of {architecture}; name what it is made of")
    if not replace_existing:
        _require_free(folder)
    content = {
        **card,
        "format": _FORMAT_WITH_SIDES if _has_sides(architecture) else FORMAT,
        "architecture": architecture.to_card(),
        "preprocessing": asdict(preprocessing),
    }
    text = json.dumps(content, indent=2, ensure_ascii=False).encode()
    said = readme(card, architecture, preprocessing).encode()
    folder.mkdir(parents=True, exist_ok=True)
    _write_weights(folder, network)
    write_durably(folder / _README, said)
    write_durably(folder / CARD, text)


def _put_beside(
    architecture: Architecture,
    network: nn.Module,
    beside: tuple[Architecture, nn.Module] | None,
) -> tuple[Architecture, nn.Module]:
    """Return a network, and the start beside it where there is one, as `build` makes them."""
    from .composed import Beside

    network = _as_built(architecture, network)
    if beside is None:
        return architecture, network
    start, weights = beside
    if architecture.beside is not None:
        raise EncoderError("The network has a start beside it already; give one of the two")
    return replace(architecture, beside=start), Beside(network, _as_built(start, weights))


def _has_sides(architecture: Architecture) -> bool:
    return any(one.side for one in (architecture, architecture.beside) if one)


def _as_built(architecture: Architecture, network: nn.Module) -> nn.Module:
    from .composed import ImageTower, Scaled

    if architecture.library == "open_clip" and hasattr(network, "encode_image"):
        network = ImageTower(network)
    as_it_comes = not architecture.side or isinstance(network, Scaled)
    return network if as_it_comes else Scaled(network, architecture.side)


def _require_free(folder: Path) -> None:
    for name in (CARD, _WEIGHTS, _README):
        if (folder / name).exists() or (folder / name).is_symlink():
            raise UsageError(
                f"{folder} holds a {name} already; name a folder that does not exist yet"
            )


def _write_weights(folder: Path, network: nn.Module) -> None:
    """Write the tensors of a network under their name, once they are whole and on disk."""
    from safetensors.torch import save_file

    # Copies, since tensors that two names share cannot be written.
    tensors = {
        name: tensor.detach().cpu().contiguous().clone()
        for name, tensor in network.state_dict().items()
    }
    with replacing(folder / _WEIGHTS) as temporary:
        save_file(tensors, temporary)
        (folder / CARD).unlink(missing_ok=True)  # it tells of other weights from now on


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
        if card["format"] not in (FORMAT, _FORMAT_WITH_SIDES):
            newest = _FORMAT_WITH_SIDES
            raise ValueError(f"format {card['format']}, this version reads up to {newest}")
        recipe = card["preprocessing"]
        preprocessing = Preprocessing(
            size=recipe["size"],
            mean=tuple(recipe["mean"]),
            std=tuple(recipe["std"]),
            interpolation=recipe["interpolation"],
        )
        architecture = Architecture.of_card(card["architecture"])
        network = _network(architecture, weights)
        text = text_of(architecture, network)
    except (*_FAULTS, SafetensorError, EncoderError) as error:
        reason = first_line(error)
        raise EncoderError(
            f"{folder} is not a checkpoint that can be loaded ({reason}); "
            "give a folder with card.json and model.safetensors"
        ) from error
    return Model(network, preprocessing, weights=network, text=text, architecture=architecture)


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


def _network(architecture: Architecture, weights: Path) -> nn.Module:
    """Return a network with weights, having compared the two before it takes memory.

    Raises:
        EncoderError, ValueError, RuntimeError: there is no such network, or the weights do not fit.
    """
    from safetensors import safe_open
    from safetensors.torch import load_file

    wanted = shapes_of(architecture)
    if not weights.is_file():
        raise ValueError(f"there is no file {weights.name}")
    with safe_open(weights, "pt") as given:
        there = {name: given.get_slice(name).get_shape() for name in given.keys()}  # noqa: SIM118
    if there != wanted:
        raise ValueError(f"the weights are not those of {architecture}")
    network = build(architecture)
    tensors = network.state_dict()  # it tells the version of each layer too, which some ask for
    tensors.update(load_file(weights))
    network.load_state_dict(tensors)
    return network
