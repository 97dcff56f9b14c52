"""CLIP models: one that exists, or an encoder's image network with a small text tower beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from holotype.index.arrays import Codes, Embeddings
from holotype.index.encoders.architecture import build, clip_architecture
from holotype.index.encoders.model import Preprocessing
from holotype.index.encoders.words import tokenizer_of

from ..tuning.closed_form import wccn
from ..tuning.scatter import gather
from .config import TextConfig

_VOCABULARY = 49408  # of open_clip's tokenizer
_HEAD_WIDTH = 64
_TEXTS = 256  # encoded at a time


@dataclass(frozen=True, eq=False)
class Clip:
    """A CLIP model of open_clip.

    Attributes:
        network: its two towers and the scale of its cosines.
        config: what open_clip builds it of: `embed_dim`, `vision_cfg`, `text_cfg`.
        preprocessing: how pictures become its input.
        tokenize: n sentences to int64 [n, length].
    """

    network: nn.Module
    config: dict[str, Any]
    preprocessing: Preprocessing
    tokenize: Callable[[list[str]], Tensor]

    @property
    def device(self) -> torch.device:
        """Where its weights are."""
        return next(self.network.parameters()).device

    def pictures(self, pictures: Tensor) -> Tensor:
        """Return unit rows, [n, dim], of RGB pictures, float32 [n, 3, size, size] in 0 to 1."""
        recipe = self.preprocessing
        mean, std = (pictures.new_tensor(v)[:, None, None] for v in (recipe.mean, recipe.std))
        features = self.network.encode_image((pictures - mean) / std)  # type: ignore[operator]
        return functional.normalize(features.float(), dim=1)

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return unit rows, [n, dim], of sentences."""
        tokens = self.tokenize(list(texts)).to(self.device)
        features = self.network.encode_text(tokens)  # type: ignore[operator]
        return functional.normalize(features.float(), dim=1)

    def text_vectors(self, texts: Sequence[str]) -> Embeddings:
        """Return unit rows, float32 [n, dim], of any number of sentences, without gradients."""
        with torch.no_grad():
            parts = [self.texts(texts[i : i + _TEXTS]) for i in range(0, len(texts), _TEXTS)]
        rows: Embeddings = torch.cat(parts).cpu().numpy()
        return rows


def with_text(
    image: nn.Module,
    name: str,
    preprocessing: Preprocessing,
    text: TextConfig,
    *,
    whitening: tuple[Embeddings, Embeddings] | None = None,
    seed: int = 0,
) -> Clip:
    """Return a CLIP model of a timm network and of a text tower that knows nothing yet.

    Args:
        image: the network without classifier; its weights are copied.
        name: what timm calls it.
        preprocessing: its own.
        text: the size of the text tower.
        whitening: weight [features, features] and bias [features] of the image tower's
            projection; without one the pooled features are the embedding.
        seed: of the text tower's weights.
    """
    features = int(image.num_features)  # type: ignore[arg-type]
    config: dict[str, Any] = {
        "embed_dim": features,
        "vision_cfg": {
            "timm_model_name": name,
            "timm_pool": "",  # its own
            "timm_proj": "linear",
            "timm_proj_bias": True,
            "image_size": preprocessing.size,
        },
        "text_cfg": {
            "context_length": text.length,
            "vocab_size": _VOCABULARY,
            "width": text.width,
            "heads": text.width // _HEAD_WIDTH,
            "layers": text.layers,
        },
    }
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = build(clip_architecture(config)).get_submodule("clip")
    network.get_submodule("visual.trunk").load_state_dict(image.state_dict())
    plain = np.eye(features, dtype=np.float32), np.zeros(features, np.float32)
    weight, bias = (torch.from_numpy(array) for array in whitening or plain)
    network.get_submodule("visual.head.proj").load_state_dict({"weight": weight, "bias": bias})
    device = next(image.parameters()).device
    return Clip(network.to(device).eval(), config, preprocessing, tokenizer_of(config))


def whitening_of(features: Embeddings, labels: Codes) -> tuple[Embeddings, Embeddings] | None:
    """Return weight and bias that make what varies within species equally wide in all directions.

    As the projection of an image tower they keep what the network sees and let a text tower find
    its directions sooner; see `wccn`. None where nothing varies within a species.

    Args:
        features: float32 [n, dim], as the network gives them.
        labels: int64 [n], species, -1 where not known.
    """
    try:
        fitted = wccn(gather(features, labels))
    except (ValueError, np.linalg.LinAlgError):
        return None
    weight = np.ascontiguousarray(fitted.matrix.T)
    return weight, (-fitted.mean @ fitted.matrix).astype(np.float32)
