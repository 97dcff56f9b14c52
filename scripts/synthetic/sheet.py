"""The sheet that shells are laid on: a plain card with a scale bar and a label."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from .surface import Floats

COLUMNS, ROWS = 5, 4
_PLACES = (
    "Insula Ficta",
    "Terra Incognita",
    "Ultima Thule",
    "Mare Nostrum Minus",
    "Scrinium Maius",
)
_GREY = (112, 116, 120)
_PAPER = (196, 190, 174)
_INK = (14, 12, 10)


@dataclass(frozen=True)
class Cell:
    """A place for one shell, in pixels."""

    left: float
    top: float
    width: float
    height: float


def free_cells(width: int, height: int) -> list[Cell]:
    """Return the places for shells: all but the label's and the scale bar's, in the last row."""
    wide, high = width / COLUMNS, height / ROWS
    taken = {(ROWS - 1, column) for column in (0, 1, COLUMNS - 1)}
    places = [(row, column) for row in range(ROWS) for column in range(COLUMNS)]
    return [Cell(c * wide, r * high, wide, high) for r, c in places if (r, c) not in taken]


def draw_sheet(width: int, height: int, number: int, rng: np.random.Generator) -> Floats:
    """Return an empty sheet, linear RGB float32 [3, height, width]."""
    image = Image.new("RGB", (width, height), _GREY)
    draw = ImageDraw.Draw(image)
    _draw_label(draw, width, height, number, str(rng.choice(_PLACES)))
    _draw_scale(draw, width, height)
    linear = np.moveaxis(np.asarray(image, np.float32), -1, 0) / 255
    fibres = gaussian_filter(rng.standard_normal((height, width)).astype(np.float32), 1.2)
    x, y = np.linspace(-1, 1, width), np.linspace(-1, 1, height)[:, None]
    falloff = 1 - 0.12 * (x**2 + y**2) + rng.uniform(-0.06, 0.06) * x
    sheet: Floats = (linear * (falloff + 0.06 * fibres)).astype(np.float32)
    return sheet


def _draw_label(
    draw: ImageDraw.ImageDraw, width: int, height: int, number: int, place: str
) -> None:
    """Draw a label card in the lower left corner."""
    left, top = 0.025 * width, 0.79 * height
    right, bottom = 0.345 * width, 0.965 * height
    draw.rectangle((left, top, right, bottom), fill=_PAPER, outline=_INK)
    inset = 0.006 * width
    draw.rectangle((left + inset, top + inset, right - inset, bottom - inset), outline=_INK)
    lines = ("MUSEUM IMAGINARIUM", f"Tray {number:04d}", f"Loc.  {place}", "Det.  . . . . . . . .")
    font = ImageFont.load_default(size=0.0165 * width)
    for line, text in enumerate(lines):
        position = (left + 3 * inset, top + 2.4 * inset + line * 0.0268 * width)
        draw.text(position, text, fill=_INK, font=font)


def _draw_scale(draw: ImageDraw.ImageDraw, width: int, height: int) -> None:
    """Draw a scale bar of five units in the lower right corner."""
    left, top, unit = 0.83 * width, 0.92 * height, 0.028 * width
    for step in range(5):
        box = (left + step * unit, top, left + (step + 1) * unit, top + 0.011 * width)
        draw.rectangle(box, fill=_INK if step % 2 == 0 else _PAPER, outline=_INK)
    font = ImageFont.load_default(size=0.0165 * width)
    draw.text((left, top - 0.027 * width), "5 mm", fill=_INK, font=font)
