"""What a report is made of. Blocks hold finished text and figures; the template lays them out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ..measures.intervals import Interval
from .cells import Cell, Column, interval_cells


@dataclass(frozen=True)
class Text:
    """Paragraphs of plain text."""

    kind: ClassVar[str] = "text"
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class Tile:
    """A headline figure."""

    title: str
    share: Cell
    note: str = ""


def interval_tile(title: str, found: Interval, more: str = "") -> Tile:
    """Return a share with its 95 % interval as a headline figure; `more` ends the note."""
    share, bounds = interval_cells(found)
    return Tile(title, share, f"95 % interval {bounds.text}{more}")


@dataclass(frozen=True)
class Tiles:
    """Headline figures.

    Attributes:
        lead: the first of them is the one to remember, and is set large.
    """

    kind: ClassVar[str] = "tiles"
    tiles: tuple[Tile, ...]
    lead: bool = False


@dataclass(frozen=True)
class Facts:
    """Names and values, as on a label."""

    kind: ClassVar[str] = "facts"
    facts: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """A table with one sentence of how to read it.

    Attributes:
        title: its caption; empty for the only table of a section.
        shown: so many rows are seen at once, the others when asked for.
    """

    kind: ClassVar[str] = "table"
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Cell, ...]]
    reading: str
    shown: int = 30


@dataclass(frozen=True)
class Notice:
    """Something that a reader must know before the figures, with the figures it is about."""

    kind: ClassVar[str] = "notice"
    paragraphs: tuple[str, ...]
    table: Table


@dataclass(frozen=True)
class Figure:
    """A drawing with one sentence of how to read it.

    Attributes:
        svg: an `<svg>` element without script, style sheet or reference to anything outside.
        alt: what it shows, for those who cannot see it.
    """

    kind: ClassVar[str] = "figure"
    title: str
    svg: str
    alt: str
    reading: str


@dataclass(frozen=True)
class Picture:
    """A picture of a specimen in a list of examples.

    Attributes:
        source: a data URI, None where the file is gone.
        mark: of an answer, how it relates to the query: "right", "near" (the genus is right) or
            "wrong"; empty for the query itself.
        label: the mark in words.
        note: of a query, what was answered.
    """

    source: str | None
    image_id: str
    name: str
    italic: bool
    mark: str
    label: str
    note: str = ""


@dataclass(frozen=True)
class Example:
    """A query and its nearest gallery images, best first."""

    query: Picture
    answers: tuple[Picture, ...]


@dataclass(frozen=True)
class Examples:
    """Queries with what they found."""

    kind: ClassVar[str] = "examples"
    examples: tuple[Example, ...]
    reading: str


@dataclass(frozen=True)
class Names:
    """A list of taxa that opens when asked for."""

    kind: ClassVar[str] = "names"
    title: str
    names: tuple[str, ...]
    italic: bool


@dataclass(frozen=True)
class Terms:
    """Terms and what they mean."""

    kind: ClassVar[str] = "terms"
    terms: tuple[tuple[str, str], ...]


Block = Text | Tiles | Facts | Table | Notice | Figure | Examples | Names | Terms


@dataclass(frozen=True)
class Section:
    """A part of the report with a heading; `key` is its anchor."""

    key: str
    title: str
    blocks: tuple[Block, ...]
