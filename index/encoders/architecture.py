"""What a network is made of, written down so that it can be made again without its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..errors import EncoderError, first_line
from .fetching import require_no_fetching

if TYPE_CHECKING:
    from torch import nn

LIBRARIES = ("timm", "torchvision", "open_clip")

_MOST_LAYERS = 256  # of one tower or stage; each takes time to make, even without memory
_MOST_WIDTH = 1 << 16
_MOST_SIDE = 4096  # pixels
_MOST_HEAD = 8  # linear layers


@dataclass(frozen=True)
class Architecture:
    """What a network is made of.

    Attributes:
        library: timm, torchvision or open_clip.
        name: the network's in timm or torchvision.
        config: the `model_cfg` of open_clip, both towers.
        head: widths of linear layers after the pooled features, with ReLU between them.
        side: of the pictures that it sees, in pixels, where that is not the encoder's; else 0.
        beside: of the start whose unit features are put beside those of this network.

    Raises:
        EncoderError: it cannot be one, whatever the weights.
    """

    library: str
    name: str = ""
    config: Mapping[str, Any] | None = None
    head: tuple[int, ...] = ()
    side: int = 0
    beside: Architecture | None = None

    def __post_init__(self) -> None:
        if self.library not in LIBRARIES:
            raise EncoderError(f"Library '{self.library}' is not one of {', '.join(LIBRARIES)}")
        if (self.library == "open_clip") != (self.config is not None):
            raise EncoderError("A network of open_clip has a config, and no other has one")
        wide = [width for width in self.head if not _is_count(width, _MOST_WIDTH)]
        if wide or len(self.head) > _MOST_HEAD:
            raise EncoderError(
                f"The head {list(self.head)} is not of at most {_MOST_HEAD} layers of 1 to "
                f"{_MOST_WIDTH} features"
            )
        if self.side and not _is_count(self.side, _MOST_SIDE):
            raise EncoderError(f"The side {self.side!r} is not 1 to {_MOST_SIDE} pixels")
        if self.beside is not None and self.beside.beside is not None:
            raise EncoderError(
                "The start is itself two networks side by side; put the trained network beside "
                "one of the two (`split` returns them)"
            )
        if self.config is not None:
            _require_few_layers(self.config)

    def to_card(self) -> dict[str, Any]:
        """Return it as `card.json` holds it."""
        said: dict[str, Any] = {"library": self.library}
        said |= {"name": self.name} if self.config is None else {"config": dict(self.config)}
        if self.head:
            said["head"] = list(self.head)
        if self.side:
            said["side"] = self.side
        if self.beside is not None:
            said["beside"] = self.beside.to_card()
        return said

    @staticmethod
    def of_card(said: object) -> Architecture:
        """Read what `to_card` returned.

        Raises:
            EncoderError, KeyError, TypeError: it says no architecture.
        """
        if not isinstance(said, dict):
            raise TypeError("architecture is no object")
        library, config = said.get("library", "timm"), said.get("config")
        if not isinstance(library, str) or not isinstance(config, dict | None):
            raise TypeError("library is no text, or config no object")
        beside = said.get("beside")
        return Architecture(
            library,
            name="" if config is not None else _text(said["name"]),
            config=config,
            head=tuple(said.get("head", ())),
            side=said.get("side", 0),
            beside=None if beside is None else Architecture.of_card(beside),
        )

    def __str__(self) -> str:
        made = self.name or "a CLIP"
        head = f", head {'-'.join(map(str, self.head))}" if self.head else ""
        side = f" at {self.side} px" if self.side else ""
        beside = f", beside {self.beside}" if self.beside is not None else ""
        return f"{made} of {self.library}{head}{side}{beside}"


def build(architecture: Architecture) -> nn.Module:
    """Return a network without trained weights: float32 [n, 3, size, size] to features [n, dim].

    Nothing is fetched. Networks of timm and torchvision come without their classifier; one of
    open_clip is an `ImageTower`, with both towers in its `clip`.

    Raises:
        EncoderError: the library has no such network, or the config names something to fetch.
    """
    from .composed import Beside, Scaled, WithHead

    makers = {"timm": _timm, "torchvision": _torchvision, "open_clip": _open_clip}
    network, width = makers[architecture.library](architecture)
    if architecture.head:
        network = WithHead(network, width, architecture.head)
    if architecture.side:
        network = Scaled(network, architecture.side)
    if architecture.beside is not None:
        network = Beside(network, build(architecture.beside))
    return network


def shapes_of(architecture: Architecture) -> dict[str, list[int]]:
    """Return the shape of every tensor that a network of it holds; that takes no memory.

    Raises:
        EncoderError: see `build`.
    """
    import torch

    with torch.device("meta"):
        return shapes(build(architecture))


def shapes(network: nn.Module) -> dict[str, list[int]]:
    """Return the shape of every tensor that a network holds."""
    return {name: list(tensor.shape) for name, tensor in network.state_dict().items()}


def split(
    architecture: Architecture, network: nn.Module
) -> tuple[tuple[Architecture, nn.Module], tuple[Architecture, nn.Module] | None]:
    """Return the trained network and the start beside it, each with its architecture.

    The first without what scales pictures for it, so that it is trained on those of any size.

    To train on from a checkpoint that holds both, train the first and give the second to
    `save_checkpoint` as `beside` again.

    Args:
        architecture, network: as `Encoder.architecture` and `Encoder.network.image` say them.
    """
    from .composed import Beside, Scaled

    start, trained = None, network
    if architecture.beside is not None:
        assert isinstance(network, Beside)
        trained, start = network.trained, (architecture.beside, network.start)
    bare = trained.network if isinstance(trained, Scaled) else trained
    return (replace(architecture, beside=None), bare), start


def rebuildable(architecture: Architecture | None, network: nn.Module) -> Architecture | None:
    """Return an architecture where a network of it can be made; None where it is another's."""
    if architecture is None:
        return None
    try:
        fits = shapes_of(architecture) == shapes(network)
    except (EncoderError, RuntimeError, ValueError, TypeError):  # no such network without memory
        return None
    return architecture if fits else None


def clip_architecture(config: Mapping[str, Any]) -> Architecture:
    """Return the architecture of a `model_cfg` of open_clip, told to fetch no weights of towers."""
    own = deepcopy(dict(config))
    for tower in own.values():
        if isinstance(tower, dict):
            tower.pop("timm_model_pretrained", None)
            tower.pop("hf_model_pretrained", None)
    return Architecture("open_clip", config=own)


def _timm(architecture: Architecture) -> tuple[nn.Module, int]:
    import timm

    if not timm.is_model(architecture.name):
        raise EncoderError(f"timm has no architecture '{architecture.name}'")
    network: Any = timm.create_model(architecture.name, num_classes=0)
    return network, int(getattr(network, "head_hidden_size", None) or network.num_features)


def _torchvision(architecture: Architecture) -> tuple[nn.Module, int]:
    """Return a classifier of torchvision without its last layer, and the features before that."""
    import torchvision
    from torch import nn

    if architecture.name not in torchvision.models.list_models(module=torchvision.models):
        raise EncoderError(f"torchvision has no architecture '{architecture.name}'")
    network = torchvision.models.get_model(architecture.name, weights=None)
    leaves = [name for name, module in network.named_modules() if not any(module.children())]
    last = network.get_submodule(leaves[-1])
    if not isinstance(last, nn.Linear) or hasattr(network, "aux_logits"):
        raise EncoderError(
            f"'{architecture.name}' of torchvision does not end in one linear layer; take another, "
            "such as resnet50, or one of timm"
        )
    network.set_submodule(leaves[-1], nn.Identity())
    return network, last.in_features


def _open_clip(architecture: Architecture) -> tuple[nn.Module, int]:
    import open_clip

    from .composed import ImageTower

    config = clip_architecture(architecture.config or {}).config
    assert config is not None
    require_no_fetching(config, "The architecture")
    if "multimodal_cfg" in config:
        raise EncoderError("A CoCa of open_clip is not one that can be made again")
    own = bool(config.get("custom_text")) or "hf_model_name" in config.get("text_cfg", {})
    made = {name: deepcopy(value) for name, value in config.items() if name != "custom_text"}
    for tower, key in (("vision_cfg", "timm_model_name"), ("text_cfg", "hf_model_name")):
        if made[tower].get(key):
            made[tower][key.replace("_name", "_pretrained")] = False
    try:
        clip = (open_clip.CustomTextCLIP if own else open_clip.CLIP)(**made)
    except (TypeError, KeyError, ValueError, AttributeError, AssertionError) as error:
        raise EncoderError(
            f"open_clip makes nothing of the config ({first_line(error)})"
        ) from error
    return ImageTower(clip), int(config["embed_dim"])


def _require_few_layers(config: Mapping[str, Any]) -> None:
    for count in _layers(config):
        if not _is_count(count, _MOST_LAYERS):
            raise EncoderError(
                f"A tower of {count!r} layers is not one; they are 1 to {_MOST_LAYERS}"
            )


def _layers(config: Mapping[str, Any]) -> Iterator[object]:
    for tower in config.values():
        if isinstance(tower, dict) and "layers" in tower:
            layers = tower["layers"]
            yield from layers if isinstance(layers, list | tuple) else [layers]


def _is_count(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= most


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise EncoderError(f"there is no architecture '{value}'")
    return value
