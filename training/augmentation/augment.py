"""Pictures of specimens, turned, moved and coloured on the device that trains."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from holotype.index.errors import UsageError

_GREY = (0.299, 0.587, 0.114)  # what each channel adds to brightness (ITU-R BT.601)
_BOUNDS = {
    "rotation": (0, 180),
    "scale": (0.05, 4),
    "shift": (0, 1),
    "aspect": (0, 3),
    "brightness": (0, 1),
    "contrast": (0, 1),
    "saturation": (0, 10),
    "colour": (0, 1),
    "blur": (0, 1),
    "blur_width": (0, 0.2),
    "erase": (0, 1),
    "erased": (0, 1),
}


@dataclass(frozen=True)
class Augmentation:
    """How far pictures are changed; every draw is even between the bounds.

    Attributes:
        rotation: degrees, to either side: a specimen lies as it was laid.
        scale: least and largest side of what is cut out, as a share of the picture's.
        shift: as a share of the side, in both directions.
        aspect: how much one side is stretched against the other.
        mirror: whether half of the pictures are mirrored; not where handedness is a character.
        brightness, contrast: share by which they change.
        saturation: least and largest factor.
        colour: standard deviation of a shift of each channel, on 0 to 1.
        blur: share of the pictures that are blurred.
        blur_width: largest standard deviation of the blur, as a share of the side.
        erase: share of the pictures of which a square is erased.
        erased: least and largest side of that square, as a share.
    """

    rotation: float = 180.0
    scale: tuple[float, float] = (0.62, 1.05)
    shift: float = 0.18
    aspect: float = 0.12
    mirror: bool = True
    brightness: float = 0.25
    contrast: float = 0.25
    saturation: tuple[float, float] = (0.6, 1.4)
    colour: float = 0.03
    blur: float = 0.0
    blur_width: float = 0.02
    erase: float = 0.3
    erased: tuple[float, float] = (0.15, 0.35)

    def __post_init__(self) -> None:
        """Refuse numbers that leave nothing of a picture.

        Raises:
            UsageError: naming the number and its bounds.
        """
        for name, (low, high) in _BOUNDS.items():
            value = getattr(self, name)
            for one in value if isinstance(value, tuple) else (value,):
                if not low <= one <= high:
                    raise UsageError(
                        f"augmentation.{name} is {one:g}; it must lie between {low:g} and {high:g}"
                    )
            if isinstance(value, tuple) and value[0] > value[1]:
                raise UsageError(
                    f"augmentation.{name} is {list(value)}; the least comes before the largest"
                )


@dataclass(frozen=True)
class Draws:
    """What is done to each picture of a batch; every tensor has one row a picture, on the CPU.

    Attributes:
        affine: float32 [n, 2, 3], from places in the result to places in the picture, -1 to 1.
        colour: float32 [n, 6]: brightness, contrast, saturation, and a shift of each channel.
        blur: float32 [n], standard deviation as a share of the side, 0 for none.
        erased: float32 [n, 3]: centre and half side of the erased square, 0 to 1.
    """

    affine: Tensor
    colour: Tensor
    blur: Tensor
    erased: Tensor

    def part(self, rows: slice) -> Draws:
        """Return those of some pictures."""
        return Draws(self.affine[rows], self.colour[rows], self.blur[rows], self.erased[rows])


def draw(count: int, config: Augmentation, generator: torch.Generator) -> Draws:
    """Draw what is done to `count` pictures; the generator is one of the CPU."""

    def even(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, generator=generator)

    angle = even(-config.rotation, config.rotation) * math.pi / 180
    scale = even(*config.scale)
    stretch = torch.exp(even(-1, 1) * math.log1p(config.aspect))
    mirror = torch.where(even(0, 1) < 0.5 * config.mirror, -1.0, 1.0)
    shift = even(-config.shift, config.shift, 2)
    cos, sin = angle.cos(), angle.sin()
    wide, high = scale * stretch * mirror, scale / stretch
    rows = [torch.stack([cos * wide, -sin * high, shift[:, 0]], 1),
            torch.stack([sin * wide, cos * high, shift[:, 1]], 1)]  # fmt: skip
    colour = torch.cat(
        [
            even(1 - config.brightness, 1 + config.brightness, 1),
            even(1 - config.contrast, 1 + config.contrast, 1),
            even(*config.saturation, 1),
            config.colour * torch.randn(count, 3, generator=generator),
        ],
        1,
    )
    blur = even(0, config.blur_width) * (even(0, 1) < config.blur)
    half = even(*config.erased) / 2 * (even(0, 1) < config.erase)
    erased = torch.cat([even(0, 1, 2), half[:, None]], 1)
    return Draws(torch.stack(rows, 1), colour, blur, erased)


def augment(squares: Tensor, draws: Draws, size: int) -> Tensor:
    """Return changed pictures.

    Args:
        squares: uint8 [n, side, side, 3], on any device.
        draws: from `draw`.
        size: side of the result in pixels.

    Returns:
        float32 [n, 3, size, size], RGB in 0 to 1.
    """
    device = squares.device
    pictures = squares.permute(0, 3, 1, 2).float().div_(255)
    pictures = _shrunk(pictures, size)
    shape = [len(squares), 3, size, size]
    grid = functional.affine_grid(draws.affine.to(device), shape, align_corners=False)
    moved = functional.grid_sample(pictures, grid, padding_mode="border", align_corners=False)
    coloured = _coloured(moved, draws.colour.to(device))
    return _erased(_blurred(coloured, draws.blur), draws.erased.to(device))


def _shrunk(pictures: Tensor, size: int) -> Tensor:
    """Halve pictures that are much larger than the result: sampling alone would alias."""
    while pictures.shape[-1] >= 2 * size:
        pictures = functional.avg_pool2d(pictures, 2)
    return pictures


def _coloured(pictures: Tensor, colour: Tensor) -> Tensor:
    brightness, contrast, saturation = (colour[:, i, None, None, None] for i in range(3))
    weights = torch.tensor(_GREY, device=pictures.device)[None, :, None, None]
    grey = (pictures * weights).sum(1, keepdim=True)
    mean = grey.mean((2, 3), keepdim=True)
    # Saturation about the grey of each pixel, contrast about the mean grey of the picture.
    changed = grey + saturation * (pictures - grey)
    changed = brightness * (mean + contrast * (changed - mean)) + colour[:, 3:, None, None]
    return changed.clamp_(0, 1)


def _blurred(pictures: Tensor, widths: Tensor) -> Tensor:
    side = pictures.shape[-1]
    for place in torch.nonzero(widths * side > 0.3).flatten().tolist():
        sigma = float(widths[place]) * side
        reach = max(1, round(2 * sigma))
        steps = torch.arange(-reach, reach + 1, device=pictures.device)
        kernel = torch.exp(-(steps**2) / (2 * sigma**2))
        kernel = (kernel / kernel.sum()).repeat(3, 1)
        one = functional.pad(pictures[place : place + 1], [reach] * 4, mode="replicate")
        one = functional.conv2d(one, kernel[:, None, :, None], groups=3)
        pictures[place] = functional.conv2d(one, kernel[:, None, None, :], groups=3)[0]
    return pictures


def _erased(pictures: Tensor, erased: Tensor) -> Tensor:
    """Fill one square of some pictures with their mean colour."""
    side = pictures.shape[-1]
    places = (torch.arange(side, device=pictures.device) + 0.5) / side
    inside = (places[None, None] - erased[:, :2, None]).abs() < erased[:, 2, None, None]
    mask = (inside[:, 0, :, None] & inside[:, 1, None, :])[:, None]
    return torch.where(mask, pictures.mean((2, 3), keepdim=True), pictures)
