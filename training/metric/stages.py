"""A convolutional network cut in two: stages that stay as they are, and the last, that learn."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from holotype.index.errors import UsageError

from .inputs import Inputs

_CONTAINERS = ("blocks", "stages", "features")  # of timm and torchvision
_STAGE = re.compile(r"(layer|stage|s)_?\d+")  # of networks whose stages have no container
_SAME = 1e-2  # how far the tail may be off, as a share of the largest feature; maps are float16
_AT_ONCE = 32  # pictures that go through the front together
_IN_MEMORY = 2 << 30  # bytes of maps; more lie in a file


@dataclass(frozen=True, eq=False)
class Cut:
    """A network in two.

    Attributes:
        front: maps float32 [n, 3, size, size] to maps [n, channels, height, width].
        tail: maps these to the network's features; it holds the network's own parameters.
    """

    front: nn.Module
    tail: nn.Module

    def freeze(self) -> None:
        """Let nothing of the front be trained."""
        for parameter in self.front.parameters():
            parameter.requires_grad_(False)


def cut(network: nn.Module, stages: int, example: Tensor) -> Cut:
    """Return a network in `eval` mode as its front and its last stages.

    The tail is a twin of the network with the same parameters in which all that runs before the
    last stages does nothing. That is right where modules run in the order in which they are held;
    the two parts are compared with the whole.

    Args:
        stages: how many of the last.
        example: float32 [n, 3, size, size], to compare by.

    Raises:
        UsageError: the network has no such stages, or the parts do not give what the whole does.
    """
    found = _holder(network)
    if found is None:
        raise _refused(network, "has no stages that are known")
    holder, paths, places = found
    if stages >= len(places):
        raise _refused(
            network, f"has {len(places)} stages, of which network.stages = {stages} leaves none"
        )
    shared = chain(network.parameters(), network.buffers())
    front = nn.Sequential(
        *(holder.get_submodule(path) for path in paths[: places[len(places) - stages]])
    )
    twin = deepcopy(network, {id(tensor): tensor for tensor in shared})
    twin_holder = _holder(twin)
    assert twin_holder is not None
    for path in paths[: places[len(places) - stages]]:
        twin_holder[0].set_submodule(path, nn.Identity())
    parts = Cut(front, twin)
    if not _is_same(network, parts, example):
        raise _refused(network, "does not run its stages one after another")
    return parts


def _refused(network: nn.Module, why: str) -> UsageError:
    return UsageError(
        f"The last stages of {type(network).__name__} cannot be trained alone: it {why}; set "
        'network.train to "whole"'
    )


def _holder(network: nn.Module) -> tuple[nn.Module, list[str], list[int]] | None:
    """Return the module that holds the stages, the names of its parts in order, and which of
    these begin a stage; None where there are none."""
    for module in _by_depth(network):
        paths = list(_paths(module))
        places = [
            place
            for place, path in enumerate(paths)
            if ("." in path or _STAGE.fullmatch(path))
            and any(True for _ in module.get_submodule(path).parameters())
        ]
        if len(places) > 1:
            return module, paths, places
    return None


def _paths(module: nn.Module) -> Iterator[str]:
    """Yield the names of a module's children, of a container of stages those of its own."""
    for name, child in module.named_children():
        if name in _CONTAINERS and isinstance(child, nn.Sequential):
            yield from (f"{name}.{inner}" for inner, _ in child.named_children())
        else:
            yield name


def _by_depth(network: nn.Module) -> list[nn.Module]:
    named = sorted(network.named_modules(), key=lambda one: one[0].count(".") + bool(one[0]))
    return [module for _, module in named]


@torch.no_grad()
def _is_same(network: nn.Module, parts: Cut, example: Tensor) -> bool:
    try:
        wanted = network(example)
        got = parts.tail(parts.front(example).half().float())
    except (RuntimeError, TypeError, ValueError, AttributeError):
        return False
    if wanted.shape != got.shape:
        return False
    return bool((wanted - got).abs().max() <= _SAME * wanted.abs().max())


@torch.no_grad()
def kept_maps(
    front: nn.Module,
    pictures: Inputs,
    count: int,
    *,
    copies: int,
    size: int,
    seed: int,
    file: Path,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> NDArray[np.float16]:
    """Return what a front makes of pictures that are changed a few times each.

    Args:
        count: how many pictures there are.
        copies: how many times each is changed.
        size: side of the pictures in pixels.
        seed: of the changes.
        file: where the maps are kept if they are too large for memory.

    Returns:
        float16 [count, copies, channels, height, width].

    Raises:
        UsageError: an activation is too large for half precision.
    """
    generator = torch.Generator().manual_seed(seed)
    maps: NDArray[np.float16] | None = None
    for copy in range(copies):
        for start in range(0, count, _AT_ONCE):
            rows = np.arange(start, min(start + _AT_ONCE, count))
            shown = pictures.drawn(rows, slice(None), size, generator)
            found = front(shown).half().cpu().numpy()
            if not np.isfinite(found).all():
                raise UsageError(
                    "An activation is too large to be kept in half precision; set network.train "
                    'to "whole"'
                )
            if maps is None:
                maps = _room((count, copies, *found.shape[1:]), file)
            maps[rows, copy] = found
            progress(copy * count + len(rows) + start, copies * count)
    assert maps is not None
    return maps


def _room(shape: tuple[int, ...], file: Path) -> NDArray[np.float16]:
    if np.prod(shape, dtype=np.int64) * 2 > _IN_MEMORY:
        return np.lib.format.open_memmap(file, "w+", np.float16, shape)
    return np.empty(shape, np.float16)
