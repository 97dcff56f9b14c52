"""A page of a curation queue as one picture: each specimen beside those to compare it with."""

from __future__ import annotations

from pathlib import Path

from holotype.index.collection import Collection
from holotype.index.curation.queues import Entry, Page

from .drawing import BLUE, FAINT, GAP, INK, LINE, ORANGE, SIDE, Drawing

_MOST = 5  # pictures to compare with
_WIDTH = (SIDE + GAP) * (_MOST + 1) + 3 * GAP
_HEIGHT = SIDE + 4 * LINE + 2 * GAP


def write_sheet(collection: Collection, page: Page, path: Path) -> None:
    """Write the entries of a page, one below the other, as PNG.

    The specimen's frame is blue, and so is that of every picture of its own name; others are
    orange. A picture that is gone is told in its frame.
    """
    drawing = Drawing(collection, _WIDTH, max(1, len(page.entries)) * _HEIGHT + GAP)
    if not page.entries:
        drawing.write(GAP, GAP, f"The queue '{page.queue}' is empty.", INK)
    for number, entry in enumerate(page.entries):
        _draw(drawing, entry, GAP + number * _HEIGHT)
    drawing.save(path)


def _draw(drawing: Drawing, entry: Entry, top: int) -> None:
    own = entry.taxa[0] or "no name"
    drawing.write(GAP, top, f"{entry.place}. {', '.join(entry.specimen_ids[:3])}", INK)
    drawing.write(GAP, top + LINE, entry.reason, FAINT)
    top += 2 * LINE + GAP // 2
    shown = [(entry.image_ids[0], own, "")] if entry.image_ids else []
    for near in entry.evidence[:_MOST]:
        cosine = "" if near.cosine is None else f"{near.cosine:.2f}"
        shown.append((near.image_id, near.taxon or "no name", cosine))
    for place, (image_id, taxon, cosine) in enumerate(shown):
        left = GAP + place * (SIDE + GAP) + (2 * GAP if place else 0)
        colour = BLUE if taxon == own else ORANGE
        drawing.picture(image_id, left, top, colour)
        drawing.write(left, top + SIDE + 2, taxon, colour, SIDE)
        drawing.write(left, top + SIDE + 2 + LINE, cosine or image_id, FAINT, SIDE)
