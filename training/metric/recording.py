"""A network that a GPU runs as a piece, not as hundreds of launches that a processor prepares."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import torch
from torch import Tensor, nn

_WORTH = 8  # batches of a shape before it is recorded: an odd one at an end never is


class Recorded(nn.Module):
    """A network whose forward and backward passes on a GPU are recorded once for every shape.

    A small network keeps a GPU busy for a few milliseconds, while launching its kernels one by one
    takes a core several times as long. A recording is launched at once. It computes the same; what
    cannot be recorded, as where a network waits for its own results, runs as before. Features are
    overwritten by the next batch of the same shape, so that a step may ask for one batch only.

    Args:
        network: in `eval` mode; its parameters stay where they are.
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self._seen = Counter[torch.Size]()
        self._recordings: dict[torch.Size, Callable[[Tensor], Tensor]] = {}

    def forward(self, inputs: Tensor) -> Tensor:
        """Return what the network returns, under the autocast that stands."""
        shape = inputs.shape
        if shape not in self._recordings and inputs.is_cuda and torch.is_grad_enabled():
            self._seen[shape] += 1
            if self._seen[shape] == _WORTH:
                self._recordings[shape] = _recorded(self.network, inputs)
        features: Tensor = self._recordings.get(shape, self.network)(inputs)
        return features


class _Piece(nn.Module):
    """A network in a frame of its own, since recording changes what it is given."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: Tensor) -> Tensor:
        features: Tensor = self.network(inputs)
        return features


def _recorded(network: nn.Module, inputs: Tensor) -> Callable[[Tensor], Tensor]:
    kind = inputs.device.type
    half = torch.is_autocast_enabled(kind)
    example, piece = torch.zeros_like(inputs), _Piece(network).eval()
    try:
        # Weights are cast within the recording: a cast that is kept would stay at the old weights.
        with torch.autocast(kind, torch.get_autocast_dtype(kind), half, cache_enabled=False):
            torch.cuda.make_graphed_callables(piece, (example,), allow_unused_input=True)
    except RuntimeError:
        return network
    # Gradients of a recording arrive from the stream that it was recorded in, which is no mistake.
    torch.autograd.graph.set_warn_on_accumulate_grad_stream_mismatch(False)
    return piece
