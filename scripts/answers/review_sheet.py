"""A page of a curation queue as one picture: each specimen beside those to compare it with."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from PIL import Image as Pictures
from PIL import ImageDraw, ImageFont

from holotype.index.collection import Collection
from holotype.index.curation.queues import Entry, Page
from holotype.index.errors import HolotypeError
from holotype.index.files.durable import replacing

_SIDE, _GAP, _LINE, _TEXT = 150, 10, 17, 13  # px
_MOST = 5  # pictures to compare with
_WIDTH = (_SIDE + _GAP) * (_MOST + 1) + 3 * _GAP
_HEIGHT = _SIDE + 4 * _LINE + 2 * _GAP
_PAPER, _INK, _FAINT, _OWN, _OTHER = "#ffffff", "#1a1a1a", "#666666", "#0072b2", "#d55e00"


def write_sheet(collection: Collection, page: Page, path: Path) -> None:
    """Write the entries of a page, one below the other, as PNG.

    The specimen's frame is blue, and so is that of every picture of its own name; others are
    orange. A picture that is gone is told in its frame.
    """
    sheet = Pictures.new("RGB", (_WIDTH, max(1, len(page.entries)) * _HEIGHT + _GAP), _PAPER)
    drawing = _Drawing(collection, sheet)
    if not page.entries:
        drawing.write(_GAP, _GAP, f"The queue '{page.queue}' is empty.", _INK)
    for number, entry in enumerate(page.entries):
        drawing.entry(entry, _GAP + number * _HEIGHT)
    with replacing(path) as temporary:
        sheet.save(temporary, format="PNG")


class _Drawing:
    """Draws entries on a sheet."""

    def __init__(self, collection: Collection, sheet: Pictures.Image) -> None:
        import matplotlib

        self._collection = collection
        self._sheet = sheet
        self._draw = ImageDraw.Draw(sheet)
        # It ships a face that has the signs of names, such as that of hybrids.
        face = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
        self._font = ImageFont.truetype(str(face), _TEXT)

    def entry(self, entry: Entry, top: int) -> None:
        own = entry.taxa[0] or "no name"
        self.write(_GAP, top, f"{entry.place}. {', '.join(entry.specimen_ids[:3])}", _INK)
        self.write(_GAP, top + _LINE, entry.reason, _FAINT)
        top += 2 * _LINE + _GAP // 2
        shown = [(entry.image_ids[0], own, "")] if entry.image_ids else []
        for near in entry.evidence[:_MOST]:
            cosine = "" if near.cosine is None else f"{near.cosine:.2f}"
            shown.append((near.image_id, near.taxon or "no name", cosine))
        for place, (image_id, taxon, cosine) in enumerate(shown):
            left = _GAP + place * (_SIDE + _GAP) + (2 * _GAP if place else 0)
            colour = _OWN if taxon == own else _OTHER
            self._picture(image_id, left, top, colour)
            self.write(left, top + _SIDE + 2, taxon, colour, _SIDE)
            self.write(left, top + _SIDE + 2 + _LINE, cosine or image_id, _FAINT, _SIDE)

    def _picture(self, image_id: str, left: int, top: int, colour: str) -> None:
        try:
            data = self._collection.thumbnail(self._collection.image(image_id))
            with Pictures.open(BytesIO(data)) as opened:
                small = opened.convert("RGB")
            small.thumbnail((_SIDE - 6, _SIDE - 6))
            self._sheet.paste(
                small, (left + (_SIDE - small.width) // 2, top + (_SIDE - small.height) // 2)
            )
        except (HolotypeError, OSError):
            self.write(left + _GAP, top + _GAP, "picture is gone", _FAINT)
        self._draw.rectangle((left, top, left + _SIDE, top + _SIDE), outline=colour, width=2)

    def write(self, left: int, top: int, text: str, colour: str, width: int | None = None) -> None:
        room = width or self._sheet.width - left - _GAP
        text = text.replace("\n", " ")
        while text and self._draw.textlength(text, self._font) > room:
            text = text[:-2] + "…" if len(text) > 2 else ""
        self._draw.text((left, top), text, colour, self._font)
