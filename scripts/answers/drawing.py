"""Rows of thumbnails with lines of text, as one picture."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from holotype.index.collection import Collection
from holotype.index.errors import HolotypeError, UsageError
from holotype.index.files.durable import replacing

from .files import require_new

SIDE, GAP, LINE = 150, 10, 17  # px
_TEXT = 13
_PAPER = "#ffffff"
INK, FAINT, BLUE, ORANGE = "#1a1a1a", "#666666", "#0072b2", "#d55e00"


def require_new_sheet(path: Path | None, *, overwrite: bool) -> None:
    """Refuse a sheet that cannot be written, before the long work.

    Raises:
        UsageError: another kind of file, or one that is there.
    """
    if path is None:
        return
    if path.suffix.lower() != ".png":
        raise UsageError(f"--sheet is {path}; name a file that ends in .png")
    require_new(path, overwrite=overwrite)


class Drawing:
    """A sheet that is drawn on.

    Args:
        collection: of the pictures.
        width, height: in pixels.
    """

    def __init__(self, collection: Collection, width: int, height: int) -> None:
        import matplotlib

        self._collection = collection
        self._sheet = Pictures.new("RGB", (width, height), _PAPER)
        self._draw = ImageDraw.Draw(self._sheet)
        # It ships a face that has the signs of names, such as that of hybrids.
        face = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
        self._font = ImageFont.truetype(str(face), _TEXT)

    def picture(self, image_id: str, left: int, top: int, colour: str) -> None:
        """Draw a thumbnail in a frame; one that is gone is told there."""
        try:
            data = self._collection.thumbnail(self._collection.image(image_id))
            with Pictures.open(BytesIO(data)) as opened:
                small = opened.convert("RGB")
            small.thumbnail((SIDE - 6, SIDE - 6))
            self._sheet.paste(
                small, (left + (SIDE - small.width) // 2, top + (SIDE - small.height) // 2)
            )
        except (HolotypeError, OSError):
            self.write(left + GAP, top + GAP, "picture is gone", FAINT)
        self._draw.rectangle((left, top, left + SIDE, top + SIDE), outline=colour, width=2)

    def write(self, left: int, top: int, text: str, colour: str, width: int | None = None) -> None:
        """Write a line, cut off where its room ends."""
        room = width or self._sheet.width - left - GAP
        text = text.replace("\n", " ")
        while text and self._draw.textlength(text, self._font) > room:
            text = text[:-2] + "…" if len(text) > 2 else ""
        self._draw.text((left, top), text, colour, self._font)

    def save(self, path: Path) -> None:
        """Write the sheet as PNG; it appears whole or not at all."""
        with replacing(path) as temporary:
            self._sheet.save(temporary, format="PNG")
