"""The network that is trained: a backbone, a head where one is wanted, and its faster twin."""

from __future__ import annotations

from copy import deepcopy
from itertools import chain, pairwise

import timm
import torch
from torch import Tensor, nn

from holotype.index.encoders import Encoder
from holotype.index.encoders.composed import WithHead
from holotype.index.encoders.model import Preprocessing

from .stages import Cut, cut

_NORMS = (nn.BatchNorm2d,)  # timm's norms with an activation are of that class too
_SAME = 1e-3  # how far a twin may be off, as a share of the largest feature


def native_side(encoder: Encoder) -> int:
    """Return the side of the pictures that an encoder's network was made for, in pixels.

    At most that of its input. `bundled:320` shows 320 pixels to a network that was made for 224: it
    sees more so, but learns as well, in half the time, on what it was made for (Touvron and others
    2019, arXiv 1906.06423).
    """
    own, made = encoder.preprocessing.size, encoder.architecture
    if made is None or made.library != "timm":
        return own
    known = timm.get_pretrained_cfg(made.name)
    return min(own, known.input_size[-1]) if known else own


class Learner(nn.Module):
    """What a run trains.

    Attributes:
        dim: length of its features.
    """

    dim: int

    def old(self) -> list[nn.Parameter]:
        """Return the parameters that it came with: they are trained at a lower rate than others."""
        return list(self.parameters())


class Trained(Learner):
    """An encoder's network with its preprocessing, and linear layers over its features.

    Batch norms keep the statistics that they came with: batches of a few species, chosen so that
    pairs are among them, have others than the pictures that will be asked about.

    Args:
        backbone: maps float32 [n, 3, size, size] to features [n, dim].
        preprocessing: of the encoder that training starts from.
        dim: length of its features.
        head: widths of linear layers, with ReLU between.
        keep_head: whether the encoder that is made has them too.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        backbone: nn.Module,
        preprocessing: Preprocessing,
        dim: int,
        head: tuple[int, ...] = (),
        *,
        keep_head: bool = False,
    ) -> None:
        super().__init__()
        self.backbone = backbone
        self.image = WithHead(backbone, dim, head) if head else backbone
        self.keep_head = keep_head
        self.dim = head[-1] if head else dim
        self.register_buffer("mean", torch.tensor(preprocessing.mean)[None, :, None, None])
        self.register_buffer("std", torch.tensor(preprocessing.std)[None, :, None, None])

    def old(self) -> list[nn.Parameter]:
        """Return the parameters of the backbone."""
        return list(self.backbone.parameters())

    @property
    def encoder_network(self) -> nn.Module:
        """What an encoder runs: the backbone, with its head where that is kept."""
        return self.image if self.keep_head else self.backbone

    def forward(self, pictures: Tensor) -> Tensor:
        """Return features, [n, dim], of RGB pictures, float32 [n, 3, size, size] in 0 to 1."""
        features: Tensor = self.image(self._normalised(pictures))
        return features

    def cut(self, stages: int, example: Tensor) -> Cut:
        """Return it as a front, from pictures to maps, and its last stages.

        Args:
            stages: how many of the last.
            example: float32 [n, 3, size, size], to compare the two with the whole by.

        Raises:
            UsageError: it cannot be cut there.
        """
        parts = cut(self.image, stages, self._normalised(example))
        return Cut(nn.Sequential(_Normalised(self.mean, self.std), parts.front), parts.tail)

    def _normalised(self, pictures: Tensor) -> Tensor:
        return (pictures - self.mean) / self.std


class _Normalised(nn.Module):
    """Pictures less a mean, over a standard deviation."""

    def __init__(self, mean: Tensor, std: Tensor) -> None:
        super().__init__()
        self.mean, self.std = mean, std

    def forward(self, pictures: Tensor) -> Tensor:
        return (pictures - self.mean) / self.std


def folded(network: nn.Module, example: Tensor) -> nn.Module:
    """Return a twin of a network in `eval` mode that computes batch norms inside convolutions.

    The twin has the same parameters, not copies of them, so that it is trained in the network's
    place. A norm with fixed statistics after a convolution is a convolution with other weights:
    two fewer passes over every map, forward and backward. Where the order of the modules is not
    the order in which they run, the twin would compute something else; then the network itself
    is returned.

    Args:
        example: pictures to compare the two by.
    """
    shared = chain(network.parameters(), network.buffers())
    twin = deepcopy(network, {id(tensor): tensor for tensor in shared})
    if not _fold(twin):
        return network
    with torch.no_grad():
        try:
            wanted, got = network(example), twin(example)
        except (RuntimeError, AssertionError):  # timm asserts sizes
            return network
    far = (wanted - got).abs().max() > _SAME * wanted.abs().max()
    return network if far else twin


def _fold(module: nn.Module) -> int:
    """Fold what can be folded in a module, and return how many norms that were."""
    folds = 0
    children = list(module.named_children())
    for (name, child), (after, norm) in pairwise([*children, ("", nn.Identity())]):
        if isinstance(child, nn.Conv2d) and isinstance(norm, _NORMS) and child.bias is None:
            setattr(module, name, _Folded(child, norm))
            setattr(module, after, getattr(norm, "act", nn.Identity()))
            folds += 1
        elif not isinstance(child, _Folded):  # a module may stand in a network twice
            folds += _fold(child)
    return folds


class _Folded(nn.Module):
    """A convolution with the batch norm that follows it, with fixed statistics."""

    def __init__(self, convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> None:
        super().__init__()
        self.convolution, self.norm = convolution, norm

    def forward(self, maps: Tensor) -> Tensor:
        norm = self.norm
        assert norm.running_mean is not None
        assert norm.running_var is not None
        scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
        weights = {
            "weight": self.convolution.weight * scale[:, None, None, None],
            "bias": norm.bias - norm.running_mean * scale,
        }
        made: Tensor = torch.func.functional_call(self.convolution, weights, (maps,))
        return made
