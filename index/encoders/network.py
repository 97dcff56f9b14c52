"""An encoder in PyTorch: its network, its fingerprint, and what runs it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
import torch
from torch import nn

from ..arrays import Embeddings, Pixels
from .model import TOGETHER, VIEWS, Facts, Model, Preprocessing


class Network(nn.Module):
    """An image network with what comes before it and after it, so that both run as one.

    Args:
        image: maps float32 [n, 3, size, size] to features [n, dim].
        mean, std: per channel, on RGB scaled to 0..1.
    """

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, image: nn.Module, mean: tuple[float, ...], std: tuple[float, ...]) -> None:
        super().__init__()
        self.image = image
        self.register_buffer("mean", 255.0 * torch.tensor(mean)[None, :, None, None])
        self.register_buffer("std", 255.0 * torch.tensor(std)[None, :, None, None])

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Embed pictures.

        Args:
            pixels: uint8 [n, views, size, size, 3].

        Returns:
            float32 [n, dim], unit rows: the normalised mean over the normalised views.
        """
        count, views = pixels.shape[:2]
        batch = pixels.flatten(0, 1).permute(0, 3, 1, 2).float()
        features = self.image((batch - self.mean) / self.std).float()
        unit = nn.functional.normalize(features, dim=1).view(count, views, -1)
        return nn.functional.normalize(unit.mean(1), dim=1)


class InTorch:
    """A model on its device.

    Attributes:
        network: what embeds pictures.
        facts: what is known of it.
        architecture: what its image network is made of; None where its loader does not say so.
    """

    def __init__(self, model: Model, views: int, device: str) -> None:
        recipe, self._text, self._device = model.preprocessing, model.text, torch.device(device)
        self.architecture = model.architecture
        fingerprint = _fingerprint(model.weights, recipe, VIEWS[views])
        model.weights.eval().to(self._device)
        network = Network(model.image, recipe.mean, recipe.std)
        self.network = network.eval().to(self._device).to(memory_format=torch.channels_last)
        layers = hashlib.sha256(repr(self.network).encode()).hexdigest()
        self.facts = Facts(fingerprint, layers, recipe, has_text=model.text is not None)

    def begin(
        self, pixels: Pixels, *, alone: bool, precision: str = "float32"
    ) -> Callable[[], Embeddings]:
        """Start to embed pictures, see `Network`; return what waits for their embeddings.

        A GPU works on while its caller prepares the next batch.

        Args:
            alone: other threads leave it one core.
            precision: of the network; float32, float16 or bfloat16.
        """
        half = torch.autocast(
            self._device.type,
            getattr(torch, precision) if precision != "float32" else None,
            enabled=precision != "float32",
        )
        with torch.inference_mode(), _threads(alone), half:
            batch = torch.from_numpy(np.ascontiguousarray(pixels))
            if self._device.type != "cuda":
                rows: Embeddings = self.network(batch.to(self._device)).cpu().numpy()
                return lambda: rows
            return _on_cuda(self.network, filled(batch), self._device, len(batch))

    def embed_text(self, texts: Sequence[str], *, alone: bool) -> Embeddings:
        """Embed descriptions, where there is a text tower: float32 [n, dim], unit rows."""
        assert self._text is not None
        with torch.inference_mode(), _threads(alone):
            features = self._text(texts).float()
            rows: Embeddings = nn.functional.normalize(features, dim=1).cpu().numpy()
        return rows


def filled(batch: torch.Tensor, together: int = TOGETHER) -> torch.Tensor:
    """Return pictures and as many empty ones as fill whole batches of views.

    Of every number of pictures that it has not met, a GPU looks for the best kernels anew, which
    takes seconds; to embed some pictures for nothing takes milliseconds.
    """
    missing = -len(batch) % max(1, together // batch.shape[1])
    return torch.cat([batch, batch.new_zeros(missing, *batch.shape[1:])]) if missing else batch


def _on_cuda(
    network: nn.Module, batch: torch.Tensor, device: torch.device, count: int
) -> Callable[[], Embeddings]:
    """Queue a batch on a GPU, from and to memory that it reads and writes by itself.

    Args:
        count: of the pictures, from the first on, that are asked about.
    """
    made = network(batch.pin_memory().to(device, non_blocking=True))
    rows = torch.empty(made.shape, dtype=made.dtype, pin_memory=True)
    rows.copy_(made, non_blocking=True)
    done = torch.cuda.Event()  # type: ignore[no-untyped-call]
    done.record(torch.cuda.current_stream(device))

    def wait() -> Embeddings:
        done.synchronize()
        found: Embeddings = rows[:count].numpy().copy()  # what a GPU can write to is scarce
        return found

    return wait


@contextmanager
def _threads(alone: bool) -> Iterator[None]:
    """Use one core where several threads encode side by side: sharing all costs more."""
    before = torch.get_num_threads()
    if alone:
        torch.set_num_threads(1)
    try:
        yield
    finally:
        if alone:
            torch.set_num_threads(before)


def best_device() -> str:
    """Return where PyTorch is fastest: CUDA, then MPS, then the CPU."""
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _fingerprint(weights: nn.Module, preprocessing: Preprocessing, views: tuple[str, ...]) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(weights.state_dict().items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
        digest.update(tensor.detach().cpu().contiguous().view(-1).view(torch.uint8).numpy())
    recipe = {**asdict(preprocessing), "views": views, "padding": "edge mean", "resize": "torch"}
    digest.update(json.dumps(recipe, sort_keys=True).encode())
    return digest.hexdigest()
